"""What every request and every answer has, whatever is in it: an id, a time limit, security headers, a line in the log."""

import asyncio
import re
import time
from uuid import uuid4

import msgspec
import structlog
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, Message, Receive, ReceiveMessage, Scope, Send

from learntrack.operations.problems import ProblemDocument
from learntrack.settings import Settings

_REQUEST_ID = re.compile(r"[A-Za-z0-9._~-]{1,128}")

_EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_DATA = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Cache-Control": "no-store"}
_API_PAGE = {
    # Swagger UI starts itself by a script in the page.
    "Content-Security-Policy": "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'",
}
_REPORT_PAGES = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
_HSTS = "max-age=31536000"

logger = structlog.stdlib.get_logger("learntrack.requests")


class Envelope:
    """ASGI middleware around the whole application.

    Args:
        app: The application.
        settings: The time limits.

    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._request_seconds = settings.request_seconds
        self._body_seconds = settings.body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        structlog.contextvars.bind_contextvars(request_id=request_id)
        began = time.perf_counter()
        status = 0
        headers = _headers_for(scope)
        limit = asyncio.timeout(self._request_seconds)

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                found = MutableScopeHeaders.from_message(message)
                for name, value in headers.items():
                    found.setdefault(name, value)
                found["X-Request-ID"] = request_id
                if not limit.expired():
                    limit.reschedule(None)  # an answer that has begun may take its time, as long lists do
            await send(message)

        try:
            try:
                async with limit:
                    await self._app(scope, self._in_time(scope, receive), sending)
            except TimeoutError:
                if not limit.expired() or status:
                    raise
                await _send_too_late(sending)
        finally:
            _log(scope, status, time.perf_counter() - began)
            structlog.contextvars.clear_contextvars()

    def _in_time(self, scope: Scope, receive: Receive) -> Receive:
        """`receive`, which gives up on a body that comes too slowly."""
        deadline = asyncio.get_running_loop().time() + self._body_seconds
        complete = False

        async def receiving() -> ReceiveMessage:
            nonlocal complete
            if complete:
                return await receive()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                raise HTTPException("The body did not arrive in time.", status_code=408) from None
            complete = message["type"] != "http.request" or not message["more_body"]
            return message

        return receiving


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(text := value.decode("latin-1")):
            return text
    return uuid4().hex


def _headers_for(scope: Scope) -> dict[str, str]:
    path = scope["path"]
    found = dict(_EVERYWHERE)
    if path.startswith("/schema"):
        found |= _API_PAGE
    elif path.startswith("/reports"):
        found |= _REPORT_PAGES
    else:
        found |= _DATA
    if scope["scheme"] == "https":
        found["Strict-Transport-Security"] = _HSTS
    return found


async def _send_too_late(send: Send) -> None:
    document = ProblemDocument(503, "Service Unavailable", "The request took too long. It may or may not have been done; try again.")
    await send(
        {
            "type": "http.response.start",
            "status": 503,
            "headers": [(b"content-type", b"application/problem+json"), (b"retry-after", b"1")],
        }
    )
    await send({"type": "http.response.body", "body": msgspec.json.encode(document), "more_body": False})


def _log(scope: Scope, status: int, seconds: float) -> None:
    # The route's template, not the path and never the query: those name people.
    route = scope.get("path_template", "")
    level = logger.info if status < 500 else logger.warning
    level("request", method=scope.get("method"), route=route, status=status, milliseconds=round(seconds * 1000, 1))
