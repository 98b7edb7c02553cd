"""The id of a request: the client's or proxy's own, or a new one; in every line of the log and in the answer."""

import re
from collections.abc import Awaitable
from random import getrandbits

import structlog
from litestar.types import ASGIApp, Message, Receive, Scope, Send

_HEADER = b"x-request-id"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._~-]{1,128}")


class Identity:
    """ASGI wrapper that gives a request its id.

    Args:
        app: What answers the request.

    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; whatever is logged meanwhile bears its id."""
        request_id = _request_id(scope)
        bound = structlog.contextvars.bind_contextvars(request_id=request_id)

        def sending(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (_HEADER, request_id.encode())]
            return send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            structlog.contextvars.reset_contextvars(**bound)


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == _HEADER and _REQUEST_ID.fullmatch(text := value.decode("latin-1")):
            return text
    return f"{getrandbits(128):032x}"
