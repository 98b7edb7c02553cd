"""How long a request may take: until its body is there, and until its answer begins."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import msgspec
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, HTTPScope, Message, Receive, ReceiveMessage, Scope, Send

from learntrack.web.problems import outages, too_late

ENDLESS = "endless"
"""In a route's `opt`: its answers go on for as long as somebody listens, so they do not keep a server from stopping."""

READING = "learntrack.reading"
"""In the scope of a request that only reads: the task that answers it, which a server that stops need not wait for."""
GONE = "learntrack.gone"
"""In the scope of a request whose caller has gone: a task that is cancelled then answers nobody."""
TOO_LATE = "learntrack.too_late"
"""In the scope of a request whose body has had its time before it was begun to be answered."""
WHOLLY_HERE = "learntrack.wholly_here"
"""In the scope of a request whose body was there as a whole before it was begun to be answered."""
_READS = ("GET", "HEAD")


def is_endless(scope: HTTPScope) -> bool:
    """Whether the request lasts as long as somebody listens; known once its route is."""
    handler = scope.get("route_handler")
    return handler is not None and bool(handler.opt.get(ENDLESS))


class TimeLimits:
    """ASGI wrapper that gives up on a request that takes too long (503), and on a body that comes too slowly (408).

    A request that the server gives up because it stops is 503 too, so that its client sends it again. What only reads
    is given up without a word when its caller has gone.

    Args:
        app: What answers the request.
        request_seconds: Until the answer must have begun; then it may take its time, as long lists do.
        body_seconds: Until the body must have arrived, once it is asked for.

    """

    def __init__(self, app: ASGIApp, *, request_seconds: float, body_seconds: float) -> None:
        self._app = app
        self._request_seconds = request_seconds
        self._body_seconds = body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request in time."""
        if scope.get("method") in _READS:
            cast(dict[str, Any], scope)[READING] = asyncio.current_task()
        limit = asyncio.timeout(self._request_seconds)
        begun = False

        def sending(message: Message) -> Awaitable[None]:
            nonlocal begun
            if not begun and message["type"] == "http.response.start":
                begun = True
                if not limit.expired():
                    limit.reschedule(None)
            return send(message)

        try:
            async with limit:
                body_seconds = None if WHOLLY_HERE in scope else 0 if TOO_LATE in scope else self._body_seconds
                await self._app(scope, _in_time(receive, body_seconds, lambda: begun), sending)
        except TimeoutError:
            if begun or not limit.expired():
                raise
            outages.warning("no answer within %g s (LEARNTRACK_REQUEST_SECONDS)", self._request_seconds)
            await _send_too_late(send)
        except asyncio.CancelledError:
            if GONE in scope:
                return
            if begun:
                raise
            await _send_too_late(send)


def _in_time(receive: Receive, seconds: float | None, is_answered: Callable[[], bool]) -> Receive:
    """`receive`, which gives up on a body that is not there so long after it was asked for; None: it is there.

    Once the answer has begun nobody reads a body any more: what is still asked is whether the caller has gone.
    """
    complete = False
    deadline: float | None = None

    async def receiving() -> ReceiveMessage:
        nonlocal complete, deadline
        if complete:
            return await receive()
        if is_answered():
            return await _going(receive)
        if seconds is None:
            message = await receive()
        else:
            if deadline is None:
                deadline = asyncio.get_running_loop().time() + seconds
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                if is_answered():
                    return await _going(receive)
                raise HTTPException("The body did not arrive in time.", status_code=408) from None
        complete = message["type"] != "http.request" or not message["more_body"]
        return message

    return receiving


async def _going(receive: Receive) -> ReceiveMessage:
    """The message that says that the caller has gone."""
    while (message := await receive())["type"] == "http.request":
        pass
    return message


async def _send_too_late(send: Send) -> None:
    document, headers = too_late()
    await send({"type": "http.response.start", "status": document.status, "headers": headers})
    await send({"type": "http.response.body", "body": msgspec.json.encode(document), "more_body": False})
