"""Answers leave in as few pieces as they come: a head and its body in one.

uvicorn writes each by itself, which is a small packet more and took a twentieth of what holds the interpreter; and it
looks at every letter of every header, most of which are the same each time.
"""

import re
from collections.abc import Awaitable, Iterable
from functools import lru_cache
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

_NO_NAME = re.compile(rb"[^!#$%&'*+.^_`|~0-9A-Za-z-]|\A\Z")
_NO_VALUE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_WITHOUT_BODY = (204, 304)
_PASSING = (b"x-request-id", b"set-cookie", b"etag")
_LAST_CHUNK = b"0\r\n\r\n"


class InOnePiece:
    """An application, one answer of which is written as said above.

    A head that announces how much follows is kept until that comes: an application that fails in between has sent
    nothing. Lines of an access log, which uvicorn's own `send` writes, are not written here.

    Args:
        app: What answers.
        cycle: uvicorn's, of that request. How far its answer has come is noted there, as that does.

    """

    def __init__(self, app: Any, cycle: Any) -> None:
        self._app = app
        self._cycle = cycle
        self._head = b""
        """A head that has not been written, since what it announces is about to come."""

    def __call__(self, scope: Any, receive: Any, _send: Any) -> Awaitable[None]:
        """Answer the request."""
        answering: Awaitable[None] = self._app(scope, receive, self._send)
        return answering

    async def _send(self, message: Any) -> None:
        cycle = self._cycle
        if cycle.flow.write_paused and not cycle.disconnected:
            await cycle.flow.drain()
        if cycle.disconnected:
            return
        kind = message["type"]
        if kind == "http.response.start" and not cycle.response_started:
            self._begin(message["status"], message.get("headers", ()))
        elif kind == "http.response.body" and cycle.response_started and not cycle.response_complete:
            self._go_on(message.get("body", b""), is_last=not message.get("more_body", False))
        else:
            await cycle.send(message)  # which says what is wrong with it

    def _begin(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        cycle = self._cycle
        fields = [_header(name, value) for name, value in (*cycle.default_headers, *headers)]  # before any counts
        lines = [STATUS_LINE[status], *(line for _, _, line in fields)]
        closes = False
        for name, value, _ in fields:
            if name == b"content-length" and cycle.chunked_encoding is None:
                cycle.expected_content_length, cycle.chunked_encoding = int(value), False
            elif name == b"transfer-encoding" and value.lower() == b"chunked":
                cycle.expected_content_length, cycle.chunked_encoding = 0, True
            elif name == b"connection" and b"close" in [each.strip() for each in value.lower().split(b",")]:
                cycle.keep_alive, closes = False, True
        if not cycle.keep_alive and not closes:
            lines.append(b"connection: close\r\n")
        if cycle.chunked_encoding is None and cycle.scope["method"] != "HEAD" and status not in _WITHOUT_BODY:
            cycle.chunked_encoding = True
            lines.append(b"transfer-encoding: chunked\r\n")
        lines.append(b"\r\n")
        cycle.response_started, cycle.waiting_for_100_continue = True, False
        head = b"".join(lines)
        if cycle.chunked_encoding:
            cycle.transport.write(head)  # its first part may take long to come, as an open page's
        else:
            self._head = head

    def _go_on(self, body: bytes, *, is_last: bool) -> None:
        cycle = self._cycle
        if cycle.scope["method"] == "HEAD":
            cycle.expected_content_length, part = 0, b""
        elif cycle.chunked_encoding:
            part = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            part += _LAST_CHUNK if is_last else b""
        else:
            cycle.expected_content_length -= len(body)
            if cycle.expected_content_length < 0:
                raise RuntimeError("The answer is longer than its Content-Length.")
            part = body
        head, self._head = self._head, b""
        cycle.transport.write(head + part if head else part)
        if is_last:
            if cycle.expected_content_length:
                raise RuntimeError("The answer is shorter than its Content-Length.")
            cycle.response_complete = True
            cycle.message_event.set()
            if not cycle.keep_alive:
                cycle.transport.close()
            cycle.on_response()


def _header(name: bytes, value: bytes) -> tuple[bytes, bytes, bytes]:
    """The name of a header in lower case, its value, and its line.

    Raises:
        RuntimeError: it would be read as something else.

    """
    # What is another each time, or secret, is made anew.
    return (_made if name in _PASSING else _known)(name, value)


def _made(name: bytes, value: bytes) -> tuple[bytes, bytes, bytes]:
    if _NO_NAME.search(name) or _NO_VALUE.search(value):
        raise RuntimeError(f"This is no header: {name!r}.")
    name = name.lower()
    return name, value, b"%b: %b\r\n" % (name, value)


_known = lru_cache(512)(_made)
