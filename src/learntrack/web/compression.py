"""Compressing answers: pages, lists and reports are many times smaller on the wire.

Not the framework's own, which compresses on the event loop: 8 MiB take a quarter of a second, in which nobody else is
answered.
"""

import asyncio
import zlib
from collections.abc import Awaitable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from litestar.enums import ScopeType
from litestar.types import (
    ASGIApp,
    HTTPResponseBodyEvent,
    HTTPResponseStartEvent,
    HTTPScope,
    Message,
    Receive,
    Scope,
    Send,
)

from learntrack.web.limits import is_endless

_LEAST_BYTES = 500
"""A smaller answer fits into a packet or two as it is."""
_LEVEL = 5
"""A fifth of level 9's time for pages that are 3 % larger."""
_AT_ONCE_BYTES = 16 * 1024
"""What takes half a millisecond; more is compressed aside."""
_STEP_BYTES = 256 * 1024
"""What is compressed at once, in some ten milliseconds; then others have their turn."""
_GZIP = zlib.MAX_WBITS | 16
_WITHOUT_BODY = (204, 304)

# One thread: each step is short, and all that are under way have their turns.
_ASIDE = ThreadPoolExecutor(1, "compression")


class Compression:
    """ASGI wrapper that compresses answers with gzip for who accepts it.

    What goes on for ever is sent as it is, because a compressor would keep it back. Of everything else caches are told
    that it may come in two forms (`Vary`), and its `ETag` is a weak one where it is compressed: the forms mean the
    same, and are not the same bytes (RFC 9110, 8.8.3).

    Args:
        app: What answers the request.

    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Answer a request."""
        if scope["type"] != ScopeType.HTTP:
            return self._app(scope, receive, send)
        if _accepts_gzip(scope):
            return self._app(scope, receive, _Compressed(scope, send))

        def sending(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start" and _has_two_forms(scope, message):
                message["headers"] = _varied(message["headers"])
            return send(message)

        return self._app(scope, receive, sending)


class _Compressed:
    """`send` of an answer that is compressed if that is worth it.

    Its start is kept until there is a body, which decides.
    """

    def __init__(self, scope: HTTPScope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self._start: HTTPResponseStartEvent | None = None
        self._zip: zlib._Compress | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        if message["type"] == "http.response.body":
            if self._start is not None:
                message = await self._begun(self._start, message)
            elif self._zip is not None:
                message = {**message, "body": await self._compressed(message)}
        await self._send(message)

    async def _begun(self, start: HTTPResponseStartEvent, first: HTTPResponseBodyEvent) -> HTTPResponseBodyEvent:
        """Send how the answer begins; returns what is to be sent next."""
        self._start = None
        if _has_two_forms(self._scope, start):
            start = {**start, "headers": _varied(start["headers"])}
            if _is_worth_it(start, first):
                first = await self._zipped(start, first)
        await self._send(start)
        return first

    async def _zipped(self, start: HTTPResponseStartEvent, first: HTTPResponseBodyEvent) -> HTTPResponseBodyEvent:
        """The first part, compressed, of which the answer's headers are to tell."""
        self._zip = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
        headers = [_as_compressed(*each) for each in start["headers"] if each[0].lower() != b"content-length"]
        headers.append((b"content-encoding", b"gzip"))
        first = {**first, "body": await self._compressed(first)}
        if not first["more_body"]:
            headers.append((b"content-length", str(len(first["body"])).encode()))
        start["headers"] = headers
        return first

    async def _compressed(self, message: HTTPResponseBodyEvent) -> bytes:
        """What is to be sent of a part of the body, so that all of it can be read.

        All at once, though it could be sent as that goes on: then it would wait here, in full, for who does not read.
        """
        assert self._zip is not None
        parts, done = memoryview(message["body"]), []
        while len(parts) > _STEP_BYTES:
            done.append(await _aside(self._zip, parts[:_STEP_BYTES], zlib.Z_NO_FLUSH))
            parts = parts[_STEP_BYTES:]
        end = zlib.Z_SYNC_FLUSH if message["more_body"] else zlib.Z_FINISH
        aside = len(parts) > _AT_ONCE_BYTES
        done.append(await _aside(self._zip, parts, end) if aside else _add(self._zip, parts, end))
        return b"".join(done)


def _has_two_forms(scope: HTTPScope, start: HTTPResponseStartEvent) -> bool:
    """Whether an answer might be compressed, or is the answer to a question that is (304)."""
    if is_endless(scope):
        return False
    return b"content-encoding" not in [name.lower() for name, _ in start["headers"]]


def _is_worth_it(start: HTTPResponseStartEvent, first: HTTPResponseBodyEvent) -> bool:
    return (first["more_body"] or len(first["body"]) >= _LEAST_BYTES) and start["status"] not in _WITHOUT_BODY


def _varied(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers, which say that the answer depends on what is accepted, beside what else it depends on."""
    others, names = [], []
    for name, value in headers:
        if name.lower() == b"vary":
            names.append(value)
        else:
            others.append((name, value))
    if not any(b"accept-encoding" in value.lower() or value == b"*" for value in names):
        names.append(b"Accept-Encoding")
    return [*others, (b"vary", b", ".join(names))]


def _as_compressed(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    if name.lower() == b"etag" and not value.startswith(b"W/"):
        return name, b"W/" + value
    return name, value


def _accepts_gzip(scope: HTTPScope) -> bool:
    """Whether a header says so (RFC 9110, 12.5.3): by name, and not with `q=0`."""
    for name, value in scope["headers"]:
        if name == b"accept-encoding":
            for coding in value.decode("latin-1").lower().split(","):
                wanted, _, weight = coding.partition(";")
                if wanted.strip() in ("gzip", "x-gzip"):
                    return not _is_zero(weight)
    return False


def _is_zero(weight: str) -> bool:
    name, _, value = weight.partition("=")
    return name.strip() == "q" and not value.strip(" 0.")


async def _aside(compressor: "zlib._Compress", data: memoryview, end: int) -> bytes:
    return await asyncio.get_running_loop().run_in_executor(_ASIDE, partial(_add, compressor, data, end))


def _add(compressor: "zlib._Compress", data: memoryview, end: int) -> bytes:
    done = compressor.compress(data)
    return done if end == zlib.Z_NO_FLUSH else done + compressor.flush(end)
