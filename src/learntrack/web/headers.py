"""Security headers: what a browser may do with an answer.

A route that answers with a page declares its policy (`opt=with_policy(PAGE)`); whatever declares none, what leads
nowhere among it, is data.
"""

from collections.abc import Awaitable, Sequence
from typing import Any

from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

Policy = Sequence[tuple[bytes, bytes]]

_OPTION = "security_headers"

_EVERYWHERE: Policy = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
DATA: Policy = (
    *_EVERYWHERE,
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)
"""Nothing is loaded, run or kept."""
PAGE: Policy = (
    *_EVERYWHERE,
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        b"form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (b"cache-control", b"no-store"),
)
"""A page of ours, about people: it loads from here only, and is not kept."""
API_PAGE: Policy = (
    *_EVERYWHERE,
    # Swagger UI starts itself by a script in the page.
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
        b"img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'",
    ),
)
"""The page that browses the API's description, and what it loads."""
_HSTS = (b"strict-transport-security", b"max-age=31536000")


def with_policy(policy: Policy) -> dict[str, Any]:
    """The `opt` of a route, controller or router whose answers have this policy."""
    return {_OPTION: policy}


class SecurityHeaders:
    """ASGI wrapper that adds the headers of the route's policy, but for those that the answer has itself.

    Args:
        app: What answers the request.

    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Answer a request."""

        def sending(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                present = dict(message["headers"])
                policy = _policy(scope)  # type: ignore[arg-type]
                message["headers"] = [*message["headers"], *[each for each in policy if each[0] not in present]]
            return send(message)

        return self._app(scope, receive, sending)


def _policy(scope: HTTPScope) -> Policy:
    # There is no handler in the scope of what leads nowhere.
    handler = scope.get("route_handler")
    policy: Policy = DATA if handler is None else handler.opt.get(_OPTION, DATA)
    return (*policy, _HSTS) if scope["scheme"] == "https" else policy
