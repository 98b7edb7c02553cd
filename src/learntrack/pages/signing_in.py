"""Signing in to the pages and out again: a cookie that only pages read.

It holds the same token as the API's, or what a sign-in with the host's provider has left.
"""

from typing import Any
from urllib.parse import urlsplit

from litestar import Response
from litestar.datastructures import Cookie
from litestar.response import Redirect

from learntrack.access.actor import Actor, network_asking
from learntrack.access.rate_limit import RateLimit
from learntrack.access.tokens import Claims, InvalidToken, TokenVerifier
from learntrack.errors import Forbidden, field_error
from learntrack.pages.openid import OpenId
from learntrack.pages.rendering import AnyRequest
from learntrack.settings import Settings

COOKIE = "learntrack_token"
SIGN_IN = "/reports/sign-in"
SIGNED_OUT = f"{SIGN_IN}?signed_out=true"
INSTEAD = "Learntrack-Instead"
"""Request header: whoever is signed in already need not stay."""


class NotSignedIn(Exception):
    """Nobody is signed in, or no longer."""


async def actor_of(request: AnyRequest, token: str, *, again: bool = False) -> Actor:
    """Whose cookie it is; `again`: asked once more within the same request, which then does not count as another.

    Raises:
        NotSignedIn: it is not valid (now).
        KeysUnavailable: it cannot be checked now.

    """
    verifier: TokenVerifier = request.app.state.verifier
    rate_limit: RateLimit = request.app.state.rate_limit
    openid = openid_in(request)
    try:
        user_id = openid.user_of(token) if openid is not None else None
        claims = await verifier.claims(token) if user_id is None else Claims(user_id, superuser=False)
    except InvalidToken:
        rate_limit.count(network_asking(request), anonymous=True)
        raise NotSignedIn from None
    if not again:
        rate_limit.count(claims.user_id, anonymous=False)
    return Actor(claims.user_id, claims.superuser)


async def is_somebody_else(request: AnyRequest, actor: Actor) -> bool:
    """Whether another person than this one is signed in here."""
    token = request.cookies.get(COOKIE)
    if token is None:
        return False
    try:
        return (await actor_of(request, token, again=True)).user_id != actor.user_id
    except NotSignedIn:
        return False


def openid_in(request: AnyRequest) -> OpenId | None:
    """Sign-ins with the host's provider; None: there is none."""
    openid: OpenId | None = request.app.state.openid
    return openid


def address_here(request: AnyRequest, path: str) -> str:
    """The whole address of a page of this service: where the settings say it is, else by the name it was asked under.

    Raises:
        InvalidFields: that name is none.

    """
    settings: Settings = request.app.state.settings
    if settings.public_url is not None:
        return f"{settings.public_url}{path}"
    try:
        return f"{str(request.base_url).rstrip('/')}{path}"
    except ValueError:
        raise field_error("host", "Must be a name, perhaps with a port.") from None


def check_same_site(request: AnyRequest) -> None:
    """Raise `Forbidden` for a form that another site has sent in this person's name.

    Browsers say so in Sec-Fetch-Site; an older one at least in Origin or Referer, which must name this host then. What
    names none of them is no browser's form.
    """
    headers = request.headers
    site, source = headers.get("sec-fetch-site"), headers.get("origin", headers.get("referer"))
    if site is not None:
        same = site in ("same-origin", "none")
    else:
        # The host alone: whether it was https a proxy may not have told. `null`, of a sandboxed page, has none.
        same = source is None or _host(source) == headers.get("host", "").lower()
    if not same:
        raise Forbidden("This form was sent by another site.")


def _host(address: str) -> str | None:
    try:
        return urlsplit(address).netloc.lower() or None
    except ValueError:
        return None


def signed_in(request: AnyRequest, token: str, to: str) -> Response[Any]:
    """Go on to a page, signed in."""
    secure = request.scope["scheme"] == "https"
    cookie = Cookie(key=COOKIE, value=token, path="/reports", httponly=True, secure=secure, samesite="lax")
    return Redirect(to, status_code=303, cookies=[cookie])


def signed_out(to: str = SIGN_IN) -> Response[Any]:
    """Go to the sign-in page, signed out."""
    response: Response[Any] = Redirect(to, status_code=303)
    response.delete_cookie(COOKIE, path="/reports")
    return response
