"""The actor of a request: who is asking, as far as the token says."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.exceptions import NotAuthorizedException
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult

from learntrack.access.rate_limit import RateLimit
from learntrack.access.tokens import Claims, InvalidToken, TokenVerifier
from learntrack.errors import KeysUnavailable
from learntrack.web.addresses import network_of


@dataclass(frozen=True, slots=True)
class Actor:
    """A caller; `user_id` is None for an anonymous one, `superuser` what the token says; the roster may add to it."""

    user_id: str | None
    superuser: bool = False


ANONYMOUS = Actor(None)

ActorRequest = Request[Actor, Claims | None, State]
"""A request, whose `user` is who asks."""


class TokenMiddleware(AbstractAuthenticationMiddleware):
    """Finds out who is asking. No header is anonymous; a header that does not hold is 401, never anonymous."""

    scopes = {ScopeType.HTTP}

    async def authenticate_request(self, connection: ASGIConnection[Any, Any, Any, Any]) -> AuthenticationResult:
        """The actor that the Authorization header proves."""
        rate_limit: RateLimit = connection.app.state.rate_limit
        header = _authorization(connection.scope["headers"])
        if header is None:
            rate_limit.count(network_asking(connection), anonymous=True)
            return AuthenticationResult(user=ANONYMOUS, auth=None)
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            rate_limit.count(network_asking(connection), anonymous=True)
            raise _unauthorized("Use `Authorization: Bearer <token>`.")
        verifier: TokenVerifier = connection.app.state.verifier
        try:
            claims = await verifier.claims(token.strip())
        except InvalidToken as error:
            rate_limit.count(network_asking(connection), anonymous=True)
            raise _unauthorized(str(error)) from None
        except KeysUnavailable:
            rate_limit.count(network_asking(connection), anonymous=True)
            raise
        rate_limit.count(claims.user_id, anonymous=False)
        return AuthenticationResult(user=Actor(claims.user_id, claims.superuser), auth=claims)


def network_asking(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """What a caller without a valid token is counted under."""
    return network_of(connection.client.host) if connection.client else ""


def _authorization(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The value of that header, looked for in what came: the framework makes a copy of all headers first."""
    for name, value in headers:
        if name == b"authorization":
            return value.decode("latin-1")
    return None


def _unauthorized(detail: str) -> NotAuthorizedException:
    return NotAuthorizedException(detail, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
