"""Who looks at a page: the same token as the API's, in a cookie that only pages read."""

from dataclasses import dataclass
from typing import Any

from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.response import Redirect

from learntrack.access.actor import Actor
from learntrack.access.rate_limit import RateLimit
from learntrack.access.tokens import InvalidToken, TokenVerifier
from learntrack.domain.ids import parse_id
from learntrack.errors import Forbidden, NotFound
from learntrack.storage import Database
from learntrack.storage.database import Row

COOKIE = "learntrack_token"
SIGN_IN = "/reports/sign-in"


class NotSignedIn(Exception):
    """Nobody is signed in, or no longer."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks: `places` are those that the roster lets this person read, empty for a learner; a superuser reads
    all.
    """

    actor: Actor
    name: str
    places: frozenset[str]
    superuser: bool

    @property
    def is_staff(self) -> bool:
        """Whether this person may look at a class."""
        return self.superuser or bool(self.places)


async def provide_viewer(request: Request[Any, Any, Any], db: NamedDependency[Database]) -> Viewer:
    """Litestar dependency: who looks.

    Raises:
        NotSignedIn: nobody who can be known.

    """
    actor = await known(request, request.cookies.get(COOKIE, ""))
    user: Row = await db.find_one("users", {"_id": actor.user_id}) or {}
    name = user.get("full_name") or user.get("username") or "You"
    return Viewer(
        actor, name, frozenset(user.get("role_places", ())), actor.superuser or bool(user.get("is_superuser"))
    )


async def known(request: Request[Any, Any, Any], token: str) -> Actor:
    """Whose token it is.

    Raises:
        NotSignedIn: it is not valid (now).

    """
    verifier: TokenVerifier = request.app.state.verifier
    rate_limit: RateLimit = request.app.state.rate_limit
    try:
        claims = await verifier.claims(token)
    except InvalidToken:
        rate_limit.count(request.client.host if request.client else "", anonymous=True)
        raise NotSignedIn from None
    rate_limit.count(claims.user_id, anonymous=False)
    return Actor(claims.user_id, claims.superuser)


async def classrooms_of(db: Database, viewer: Viewer) -> list[Row]:
    """The classrooms that the viewer may look at, by name."""
    query: Row = {} if viewer.superuser else {"_id": {"$in": list(viewer.places)}}
    found = {row["_id"]: row for row in await db.find("classrooms", query)}
    if viewer.places and not viewer.superuser:
        found |= {row["_id"]: row for row in await db.find("classrooms", {"facility_id": {"$in": list(viewer.places)}})}
    return sorted(found.values(), key=lambda row: (row["name"], row["_id"]))


async def classroom_for(db: Database, viewer: Viewer, classroom_id: str) -> Row:
    """A classroom.

    Raises:
        NotFound: there is none, or the viewer may not look at it: the two must not be told apart.

    """
    try:
        row = await db.find_one("classrooms", {"_id": parse_id(classroom_id)})
    except ValueError:
        row = None
    if row is None or not (viewer.superuser or viewer.places & {row["_id"], row["facility_id"]}):
        raise NotFound("There is no such class.")
    return row


def check_same_site(request: Request[Any, Any, Any]) -> None:
    """Raise `Forbidden` for a form that another site has sent in this person's name."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Forbidden("This form was sent by another site.")


def signed_in(request: Request[Any, Any, Any], token: str, to: str) -> Response[Any]:
    """Go on to a page, signed in."""
    secure = request.scope["scheme"] == "https"
    cookie = Cookie(key=COOKIE, value=token, path="/reports", httponly=True, secure=secure, samesite="lax")
    return Redirect(to, status_code=303, cookies=[cookie])


def signed_out() -> Response[Any]:
    """Go to the sign-in page, signed out."""
    response: Response[Any] = Redirect(SIGN_IN, status_code=303)
    response.delete_cookie(COOKIE, path="/reports")
    return response
