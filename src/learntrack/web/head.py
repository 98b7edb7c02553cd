"""HEAD: whatever answers GET answers it too, with its status and headers, without the body (RFC 9110, 9.3.2)."""

from collections.abc import Awaitable

from litestar import HttpMethod
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send


class HeadAsGet:
    """ASGI wrapper that answers HEAD with what GET would be answered with, but for the body.

    Args:
        app: What answers the request; it need know nothing of HEAD.

    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Answer a request."""
        if scope["type"] == ScopeType.HTTP and scope["method"] == HttpMethod.HEAD:
            return self._without_body(scope, receive, send)
        return self._app(scope, receive, send)

    async def _without_body(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        ended = False

        async def hand_on(message: Message) -> None:
            # The server looks there whether it is to expect a body.
            scope["method"] = HttpMethod.HEAD
            try:
                await send(message)
            finally:
                scope["method"] = HttpMethod.GET

        async def sending(message: Message) -> None:
            nonlocal ended
            if message["type"] == "http.response.start":
                await hand_on(message)
            elif message["type"] == "http.response.body" and not ended:
                # Whoever sends without end learns by this that nobody listens.
                ended = True
                await hand_on({"type": "http.response.body", "body": b"", "more_body": False})

        # Not a copy: what is around this one reads from the scope which route has answered.
        scope["method"] = HttpMethod.GET
        try:
            await self._app(scope, receive, sending)
        finally:
            scope["method"] = HttpMethod.HEAD
