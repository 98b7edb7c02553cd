"""What every request and every answer has, whatever is in it: an id, a time limit, security headers, a line in the
log.
"""

import asyncio
import re
import time
from random import getrandbits

import msgspec
import structlog
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, Message, Receive, ReceiveMessage, Scope, Send

from learntrack.settings import Settings
from learntrack.web import metrics
from learntrack.web.problems import ProblemDocument

_REQUEST_ID = re.compile(r"[A-Za-z0-9._~-]{1,128}")

_Headers = list[tuple[bytes, bytes]]

_EVERYWHERE: _Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
_DATA: _Headers = [
    *_EVERYWHERE,
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
]
_API_PAGE: _Headers = [
    *_EVERYWHERE,
    # Swagger UI starts itself by a script in the page.
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
        b"img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'",
    ),
]
_REPORT_PAGES: _Headers = [
    *_EVERYWHERE,
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        b"form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (b"cache-control", b"no-store"),
]
_HSTS = (b"strict-transport-security", b"max-age=31536000")

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
        metrics.IN_PROGRESS.inc()
        began = time.perf_counter()
        status = 0
        headers = _headers_for(scope)
        limit = asyncio.timeout(self._request_seconds)

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                present = {name for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *((name, value) for name, value in headers if name not in present),
                    (b"x-request-id", request_id.encode()),
                ]
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
            metrics.IN_PROGRESS.dec()
            seconds = time.perf_counter() - began
            metrics.observe_request(scope, status, seconds)
            _log(scope, status, seconds)
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
    return f"{getrandbits(128):032x}"


def _headers_for(scope: Scope) -> _Headers:
    path = scope["path"]
    found = _DATA
    if path.startswith("/schema"):
        found = _API_PAGE
    elif path.startswith("/reports"):
        found = _REPORT_PAGES
    return [*found, _HSTS] if scope["scheme"] == "https" else found


async def _send_too_late(send: Send) -> None:
    document = ProblemDocument(
        503, "Service Unavailable", "The request took too long. It may or may not have been done; try again."
    )
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
