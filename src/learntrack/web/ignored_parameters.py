"""Query parameters that a route does not know are ignored, and named in the answer, so that a slip is seen."""

from collections.abc import Awaitable
from functools import cache
from urllib.parse import parse_qsl, quote

from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

HEADER = "Ignored-Parameters"
_MOST_LOOKED_AT = 4096
"""Bytes of a query string in which names are looked for: anybody may send 64 KiB, whose names take 0.1 s to be read."""
_MOST_BYTES = 1000
"""A header's length is limited on its way; what would be longer ends in an ellipsis of three dots."""


class IgnoredParameters:
    """ASGI wrapper that names the unknown query parameters of a described route in the answer, comma-separated and
    percent-encoded.

    Args:
        app: What answers the request.

    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Answer a request."""
        if not scope["query_string"]:
            return self._app(scope, receive, send)

        def sending(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start" and (names := _ignored(scope)):  # type: ignore[arg-type]
                message["headers"] = [*message["headers"], (HEADER.lower().encode(), names)]
            return send(message)

        return self._app(scope, receive, sending)


def _ignored(scope: HTTPScope) -> bytes:
    handler = scope.get("route_handler")
    if not isinstance(handler, HTTPRouteHandler) or not handler.resolve_include_in_schema():
        return b""
    query = scope["query_string"]
    looked_at = query if len(query) <= _MOST_LOOKED_AT else query[:_MOST_LOOKED_AT].rpartition(b"&")[0]
    sent = parse_qsl(looked_at.decode("latin-1"), keep_blank_values=True, encoding="utf-8")
    names = dict.fromkeys(quote(name, safe="") for name, _ in sent if name not in _known(handler))
    text = ", ".join(names)
    whole = len(text) <= _MOST_BYTES and looked_at is query
    return (text if whole else f"{text[: _MOST_BYTES - 3]}...").encode()


@cache
def _known(handler: HTTPRouteHandler) -> frozenset[str]:
    """The query parameters of a route: those of its handler and of the dependencies that this takes, marked as such."""
    own = handler.parsed_fn_signature.parameters
    dependencies = handler.resolve_dependencies()
    asked = [own, *(dependencies[name].parsed_fn_signature.parameters for name in own if name in dependencies)]
    return frozenset(
        name
        for parameters in asked
        for name, each in parameters.items()
        if isinstance(each.kwarg_definition, QueryParameter)
    )
