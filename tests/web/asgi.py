"""ASGI wrappers without a server: an application that answers as told, and what it answers."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from litestar.types import ASGIApp, Message, Receive, Scope, Send

Headers = Sequence[tuple[bytes, bytes]]


def answering(status: int = 200, headers: Headers = (), before: Callable[[], Awaitable[Any]] | None = None) -> ASGIApp:
    """An application that does something and then answers."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if before is not None:
            await before()
        await send({"type": "http.response.start", "status": status, "headers": list(headers)})
        await send({"type": "http.response.body", "body": b"done", "more_body": False})

    return app


async def asked(app: ASGIApp, headers: Headers = (), receive: Receive | None = None, **scope: Any) -> list[Message]:
    """The messages that an application answers a request with."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def nothing() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    given = {"type": "http", "method": "GET", "path": "/", "scheme": "http", "headers": list(headers)} | scope
    await app(given, receive or nothing, send)
    return sent
