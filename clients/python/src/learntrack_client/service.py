"""Requests to the service, with the learner's token."""

import asyncio
import base64
import inspect
import math
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from email.utils import parsedate_to_datetime
from typing import TypeVar

import httpx
import msgspec

from learntrack_client.judging import Answer
from learntrack_client.problems import Closed, SignedOut, Unreachable, invalid, problem_of
from learntrack_client.shapes import plain_id

T = TypeVar("T")

TokenFunction = Callable[[str | None], str | Awaitable[str | None] | None]
TokenSource = str | TokenFunction
"""A token, or what returns one when it is needed: called with the token that the service has refused, or None."""

_ANSWER_SECONDS = 75.0
"""The service answers within 60 s, be it by 503."""
_SLOWEST = 2048
"""Bytes a second of a network that still counts as one: what is larger has longer to arrive."""
_CONNECT_SECONDS = 10.0
_LARGEST = 16 * 1024 * 1024
"""Bytes of an answer to what was sent; the service's have half as many at the most."""
_LONGEST_RETRY_AFTER = 3600.0
"""What says that it wants to be left alone for longer is not the service, or its clock is wrong."""
_TOKEN = re.compile(r"[\x21-\x7e]+")
_TOKEN_SECONDS = 60.0
"""An app's function that never returns must not keep the queue for ever."""


class _Claims(msgspec.Struct):
    sub: str | None = None


class Service:
    """The service at an address, asked as one learner.

    Args:
        address: Where it is, for example https://learntrack.example.org.
        learner: Whose token is sent; None: none is, the visits are anonymous. Without a token nothing of a learner's is
            sent: the service would take it for an anonymous visit's.
        token: Where tokens come from; None: nobody is signed in.
        http: What sends requests, where the app has its own, which it closes itself; else `open` makes one.

    """

    def __init__(
        self, address: str, learner: str | None, token: TokenSource | None, http: httpx.AsyncClient | None = None
    ) -> None:
        self._address = address.rstrip("/")
        self._learner = learner
        self._source = token
        self._token: str | None = None
        self._asking = asyncio.Lock()
        self._http, self._own = http, http is None
        self._closed = False

    def open(self) -> None:
        """Have what sends requests."""
        self._http = self._http or httpx.AsyncClient()

    async def close(self) -> None:
        """Send nothing more."""
        self._closed = True
        if self._own and self._http is not None:
            await self._http.aclose()

    async def get(self, path: str, query: Mapping[str, object], shape: type[T]) -> T:
        """The answer to a question, in its shape.

        Raises:
            Problem: it was refused, or a parameter is not known: what is answered is about more than was asked for.
            SignedOut: there is no token that is taken.
            Unreachable: nobody answers, or not the service.

        """
        params = {name: _text(value) for name, value in query.items() if value is not None}
        answer = await self.send("GET", path, params=params)
        if answer is None:
            raise Unreachable("The service does not answer.")
        if answer.status == 401:
            raise SignedOut("The service does not take the token.")
        problem = answer.problem
        if answer.status >= 400 and problem is not None:
            raise problem_of(problem, answer.retry_after)
        if answer.ignored:
            raise invalid({name: ["There is no such filter."] for name in answer.ignored.split(", ")})
        if answer.status != 200 or answer.content_type != "application/json":
            raise Unreachable("What answers is not the service.")
        try:
            return msgspec.json.decode(answer.body, type=shape)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Unreachable(f"What answers is not the service, or of another release: {error}") from error

    async def send(
        self, method: str, path: str, *, params: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Answer | None:
        """The answer to a request; None: there was none. Where the token is refused, a new one is asked for, once.

        Raises:
            SignedOut: there is no token, or it is another learner's.

        """
        token = await self._current(None)
        answer = await self._send(method, path, params, body, token)
        if answer is not None and answer.status == 401 and token is not None:
            fresh = await self._current(token)
            if fresh != token:
                answer = await self._send(method, path, params, body, fresh)
        return answer

    async def _send(
        self, method: str, path: str, params: Mapping[str, str] | None, body: bytes | None, token: str | None
    ) -> Answer | None:
        if self._closed:
            raise Closed("The client is closed.")
        if self._http is None:
            raise Closed("The client is not open: use `async with`.")
        headers = {} if body is None else {"Content-Type": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        seconds = _ANSWER_SECONDS + len(body or b"") / _SLOWEST
        timeout = httpx.Timeout(seconds, connect=_CONNECT_SECONDS)
        asked = self._http.stream(
            method,
            self._address + path,
            params=params,
            content=body,
            headers=headers,
            timeout=timeout,
            follow_redirects=False,
        )
        try:
            async with asyncio.timeout(seconds) as limit, asked as found:
                content_type = found.headers.get("content-type", "").partition(";")[0].strip().lower()
                # A hotel's page may have no end.
                text = await _read(found, limit, body) if content_type.endswith("json") else b""
        except (httpx.HTTPError, httpx.StreamError, TimeoutError):
            return None
        if text is None:
            return None
        ignored = found.headers.get("ignored-parameters", "")
        return Answer(found.status_code, content_type, text, _seconds(found.headers), ignored)

    async def _current(self, refused: str | None) -> str | None:
        """The token to be sent: a fresh one, where it is this one that was refused. It is asked for once, however many
        requests were refused at the same time.
        """
        if self._learner is None:
            return None
        async with self._asking:
            if self._token is None or self._token == refused:
                self._token = None
                self._token = _checked(await self._asked(refused), self._learner)
            return self._token

    async def _asked(self, refused: str | None) -> str | None:
        if isinstance(self._source, str) or self._source is None:
            return self._source
        try:
            found = self._source(refused)
            return await asyncio.wait_for(found, _TOKEN_SECONDS) if inspect.isawaitable(found) else found
        except TimeoutError as error:
            raise SignedOut("The token could not be had: not in time") from error
        except Exception as error:
            raise SignedOut(f"The token could not be had: {error}") from error


async def _read(found: httpx.Response, limit: asyncio.Timeout, sent: bytes | None) -> bytes | None:
    """The body of an answer. That to what was sent has longer to arrive the larger it is; None if it is too large."""
    if sent is None:
        return await found.aread()
    pieces, left, end = [], _LARGEST, limit.when()
    async for piece in found.aiter_bytes():
        pieces.append(piece)
        left -= len(piece)
        if left < 0:
            return None
        if end is not None:
            end += len(piece) / _SLOWEST
            limit.reschedule(end)
    return b"".join(pieces)


def _checked(given: str | None, learner: str | None) -> str:
    """The token, if it is this learner's: on a shared device another one may be signed in by now.

    Raises:
        SignedOut: it is not, or there is none.

    """
    if given is None:
        raise SignedOut("There is no token.")
    token = given.strip() if isinstance(given, str) else ""
    if not _TOKEN.fullmatch(token):
        raise SignedOut("The token is no token.")
    try:
        claims = token.split(".")[1]
        subject = msgspec.json.decode(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)), type=_Claims).sub
    except (ValueError, IndexError, msgspec.MsgspecError):
        subject = None  # not for us to judge: the service will
    if subject is not None and plain_id(subject) != learner:
        raise SignedOut("The token is another learner's.")
    return token


def _text(value: object) -> str:
    if isinstance(value, date):  # a moment too
        return value.isoformat()
    return str(value).lower() if isinstance(value, bool) else str(value)


def _seconds(headers: httpx.Headers) -> float | None:
    """The seconds that a Retry-After says, an hour at the most. One that is a date is seen from the answer's own: the
    device's clock may be years off.
    """
    said = headers.get("retry-after")
    if said is None:
        return None
    try:
        seconds = float(said)
    except ValueError:
        until = _moment(said)
        seconds = math.nan if until is None else until - (_moment(headers.get("date", "")) or time.time())
    return None if math.isnan(seconds) else min(max(0.0, seconds), _LONGEST_RETRY_AFTER)


def _moment(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None
