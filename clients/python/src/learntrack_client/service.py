"""Requests to the service, with the learner's token."""

import asyncio
import base64
import inspect
import time
from collections.abc import Awaitable, Callable, Mapping
from email.utils import parsedate_to_datetime

import httpx
import msgspec

from learntrack_client.judging import Answer
from learntrack_client.problems import SignedOut, Unreachable, problem_of
from learntrack_client.shapes import plain_id

TokenFunction = Callable[[str | None], str | Awaitable[str | None] | None]
TokenSource = str | TokenFunction
"""A token, or what returns one when it is needed: called with the token that the service has refused, or None."""

_ANSWER_SECONDS = 75.0
"""The service answers within 60 s, be it by 503."""
_CONNECT_SECONDS = 10.0
_TOKEN_SECONDS = 60.0
"""An app's function that never returns must not keep the queue for ever."""


class _Claims(msgspec.Struct):
    sub: str | None = None


class Service:
    """The service at an address, asked as one learner.

    Args:
        address: Where it is, for example https://learntrack.example.org.
        learner: Whose token is sent; None: none is, the visits are anonymous.
        token: Where tokens come from.
        http: What sends requests; its makers close it.

    """

    def __init__(self, address: str, learner: str | None, token: TokenSource | None, http: httpx.AsyncClient) -> None:
        self._address = address.rstrip("/")
        self._learner = learner
        self._source = token
        self._token: str | None = None
        self._http = http

    async def get(self, path: str, query: Mapping[str, str | int | bool | None]) -> bytes:
        """The answer to a question.

        Raises:
            Problem: it was refused.
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
        if answer.status != 200 or answer.content_type != "application/json":
            raise Unreachable("What answers is not the service.")
        return answer.body

    async def send(
        self, method: str, path: str, *, params: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Answer | None:
        """The answer to a request; None: there was none. Where the token is refused, a new one is asked for, once.

        Raises:
            SignedOut: there is no token, or it is another learner's.

        """
        answer = await self._send(method, path, params, body)
        if answer is not None and answer.status == 401 and self._source is not None:
            refused, self._token = self._token, None
            if await self._current(refused) != refused:
                answer = await self._send(method, path, params, body)
        return answer

    async def _send(
        self, method: str, path: str, params: Mapping[str, str] | None, body: bytes | None
    ) -> Answer | None:
        headers = {} if body is None else {"Content-Type": "application/json"}
        if (token := await self._current(None)) is not None:
            headers["Authorization"] = f"Bearer {token}"
        timeout = httpx.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS)
        try:
            found = await self._http.request(
                method, self._address + path, params=params, content=body, headers=headers, timeout=timeout
            )
        except (httpx.HTTPError, httpx.StreamError):
            return None
        content_type = found.headers.get("content-type", "").partition(";")[0].strip().lower()
        return Answer(found.status_code, content_type, found.content, _seconds(found.headers.get("retry-after")))

    async def _current(self, refused: str | None) -> str | None:
        if self._token is None and self._source is not None:
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


def _checked(token: str | None, learner: str | None) -> str:
    """The token, if it is this learner's: on a shared device another one may be signed in by now.

    Raises:
        SignedOut: it is not, or there is none.

    """
    if token is None:
        raise SignedOut("There is no token.")
    try:
        claims = token.split(".")[1]
        subject = msgspec.json.decode(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)), type=_Claims).sub
    except (ValueError, IndexError, msgspec.MsgspecError):
        subject = None  # not for us to judge: the service will
    if subject is not None and plain_id(subject) != learner:
        raise SignedOut("The token is another learner's.")
    return token


def _text(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _seconds(retry_after: str | None) -> float | None:
    """The seconds that a Retry-After says, which may be a date too."""
    if retry_after is None:
        return None
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    except ValueError:
        return None
