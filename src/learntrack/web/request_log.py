"""What is told of every request once it is over: a line in the log, and the numbers of the metrics."""

import logging
import time
from collections.abc import Awaitable

import structlog
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from learntrack.web import metrics
from learntrack.web.limits import is_endless

_OK, _ERROR, _UNAVAILABLE = 200, 500, 503
_NAME = "learntrack.requests"
_LEVELS = logging.getLogger(_NAME)
logger = structlog.stdlib.get_logger(_NAME)


class RequestLog:
    """ASGI wrapper that counts, times and logs requests.

    Args:
        app: What answers the request.

    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request. Status 0 is told of one whose caller went away before the answer."""
        counted = metrics.IN_PROGRESS
        counted.inc()
        began = time.perf_counter()
        status = 0

        def sending(message: Message) -> Awaitable[None]:
            nonlocal status, counted
            if message["type"] == "http.response.start":
                status = message["status"]
                if status == _OK and is_endless(scope):  # type: ignore[arg-type]
                    counted.dec()
                    counted = metrics.OPEN_PAGES
                    counted.inc()
            return send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            counted.dec()
            seconds = time.perf_counter() - began
            metrics.observe_request(scope, status, seconds)  # type: ignore[arg-type]
            _log(scope, status, seconds)  # type: ignore[arg-type]


def _log(scope: HTTPScope, status: int, seconds: float) -> None:
    # Why it is 503 stands in a line of its own, and is the same for all of an outage.
    level = logging.WARNING if status >= _ERROR and status != _UNAVAILABLE else logging.INFO
    if not _LEVELS.isEnabledFor(level):
        return  # asked here, because a line that nobody wants costs structlog 3 µs
    # The route's template, not the path and never the query: those name people.
    route = scope.get("path_template", "")
    logger.log(
        level, "request", method=scope["method"], route=route, status=status, milliseconds=round(seconds * 1e3, 1)
    )
