"""What is to be done when a request is over, however it ends: what it held is given back.

A generator's `finally` would come when the collector finds it, where a caller leaves before its first part is sent.
"""

from contextlib import ExitStack
from typing import Any, cast

from litestar.types import ASGIApp, Receive, Scope, Send

_KEY = "afterwards"


def afterwards(scope: Scope) -> ExitStack:
    """What is left when the request is over; what holds something for it enters here."""
    left: dict[str, Any] = cast("dict[str, Any]", scope)
    if _KEY not in left:
        left[_KEY] = ExitStack()
    stack: ExitStack = left[_KEY]
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
        try:
            await self._app(scope, receive, send)
        finally:
            if _KEY in scope:
                afterwards(scope).close()
