"""What is to be done when a request is over, however it ends: what it held is given back.

A generator's `finally` would come when the collector finds it, where a caller leaves before its first part is sent.
"""

from collections.abc import Awaitable
from contextlib import ExitStack
from typing import Any, cast

from litestar.types import ASGIApp, Message, Receive, Scope, Send

_KEY = "afterwards"
_ANSWERED_KEY = "once_answered"


def afterwards(scope: Scope) -> ExitStack:
    """What is left when the request is over; what holds something for it enters here."""
    return _stack(scope, _KEY)


def once_answered(scope: Scope) -> ExitStack:
    """What is left when the answer begins, or the request is over without one: reading it may take any time."""
    return _stack(scope, _ANSWERED_KEY)


def _stack(scope: Scope, key: str) -> ExitStack:
    left: dict[str, Any] = cast("dict[str, Any]", scope)
    if key not in left:
        left[key] = ExitStack()
    stack: ExitStack = left[key]
    return stack


class Afterwards:
    """ASGI wrapper that leaves what a request has entered.

    Args:
        app: What answers the request.

    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""

        def sending(message: Message) -> Awaitable[None]:
            if _ANSWERED_KEY in scope and message["type"] == "http.response.start":
                once_answered(scope).close()
            return send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            for key in (_ANSWERED_KEY, _KEY):
                if key in scope:
                    _stack(scope, key).close()
