"""What is around every HTTP request, whatever is in it: an id, a line in the log, headers of answers, compression,
time limits.
"""

from collections.abc import Awaitable

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from learntrack.settings import Settings
from learntrack.web.afterwards import Afterwards
from learntrack.web.compression import Compression
from learntrack.web.head import HeadAsGet
from learntrack.web.headers import SecurityHeaders
from learntrack.web.identity import Identity
from learntrack.web.ignored_parameters import IgnoredParameters
from learntrack.web.limits import TimeLimits
from learntrack.web.request_log import RequestLog


def enveloped(app: ASGIApp, settings: Settings) -> ASGIApp:
    """The application with all that around it.

    It goes around the application's `asgi_handler`: Litestar's `middleware` is a part of each route, so that what leads
    nowhere (404, 405) would go without, and its hooks (`before_send`, `after_exception`) see neither a caller who
    leaves nor how long it took. Each wrapper's `send` hands on what the next one returns instead of awaiting it, which
    spares every message some coroutines.
    """
    limited = TimeLimits(
        HeadAsGet(Compression(app)), request_seconds=settings.request_seconds, body_seconds=settings.body_seconds
    )
    http = Identity(RequestLog(SecurityHeaders(IgnoredParameters(Afterwards(limited)))))

    def handler(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        return (http if scope["type"] == ScopeType.HTTP else app)(scope, receive, send)

    return handler
