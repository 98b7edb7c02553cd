"""Who looks at a page, and whom and which classes they see there: what `access.may_read` says, as in the API."""

from collections.abc import Sequence
from dataclasses import dataclass

from litestar.di import NamedDependency

from learntrack.access.assigned import FIELDS
from learntrack.access.may_read import may_look_at, may_read, permitted
from learntrack.access.standing import Caller, Standing
from learntrack.documents import Classroom, User
from learntrack.domain.ids import parse_id
from learntrack.errors import NotFound, Refusal
from learntrack.pages.rendering import AnyRequest
from learntrack.pages.signing_in import COOKIE, NotSignedIn, actor_of
from learntrack.storage import Database, DatabaseUnavailable
from learntrack.storage.database import Row

_SHOWN = {"username": 1, "full_name": 1, "places": 1, **FIELDS}


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks, with what the roster says of them."""

    caller: Caller
    standing: Standing

    @property
    def user_id(self) -> str | None:
        """The viewer's own id."""
        return self.standing.user_id

    @property
    def name(self) -> str:
        """What they are called; nothing if the roster does not know."""
        return self.standing.name


async def provide_viewer(request: AnyRequest, db: NamedDependency[Database]) -> Viewer:
    """Litestar dependency: who looks.

    Raises:
        NotSignedIn: nobody who can be known.

    """
    caller = Caller(db, await actor_of(request, request.cookies.get(COOKIE, "")))
    return Viewer(caller, await caller.standing())


async def may_still_look(request: AnyRequest, db: Database, classroom_id: str) -> bool:
    """Whether who asked for a classroom's page may still have it: their token and their role hold, as of now.

    No, too, where that cannot be found out: the page then asks again.
    """
    try:
        caller = Caller(db, await actor_of(request, request.cookies.get(COOKIE, ""), again=True))
        await classroom_for(db, Viewer(caller, await caller.standing()), classroom_id)
    except (NotSignedIn, Refusal, DatabaseUnavailable):
        return False
    return True


async def classrooms_of(db: Database, viewer: Viewer) -> list[Row]:
    """The classrooms that the viewer may look at, by name. Index: the key."""
    standing = viewer.standing
    if standing.superuser:
        rows = await db.find(Classroom, {})
    else:
        places = {"$in": sorted(standing.role_places)}
        rows = [row for field in ("_id", "facility_id") for row in await db.find(Classroom, {field: places})]
    classrooms = {row["_id"]: row for row in rows}
    return sorted(classrooms.values(), key=lambda row: (row["name"], row["_id"]))


async def classroom_for(db: Database, viewer: Viewer, classroom_id: str) -> Row:
    """A classroom.

    Raises:
        NotFound: there is none, or the viewer may not look at it: the two must not be told apart.

    """
    try:
        row = await db.find_one(Classroom, {"_id": parse_id(classroom_id)})
    except ValueError:
        row = None
    if row is None or not may_look_at(viewer.standing, row):
        raise NotFound("There is no such class.")
    return row


async def learners_in(db: Database, viewer: Viewer, places: Sequence[str]) -> list[Row]:
    """Who is in all of these places and whose logs the viewer may read, by name."""
    readable = await may_read(viewer.caller, places=places)
    rows = await db.find(User, {"_id": {"$in": list(readable.users or ())}}, _SHOWN)
    return sorted((_named(row) for row in rows), key=lambda row: (row["name"].casefold(), row["_id"]))


async def members_by_room(db: Database, viewer: Viewer, rooms: Sequence[str]) -> dict[str, list[str]]:
    """Of each of these classrooms who is in it and may be read by the viewer, asked at once. Index: places."""
    persons = await db.find(User, {"places": {"$in": list(rooms)}}, {"places": 1})
    inside: dict[str, list[Row]] = {room: [] for room in rooms}
    for person in persons:
        for place in inside.keys() & set(person["places"]):
            inside[place].append(person)
    return {room: permitted(viewer.standing, these, user=None, places=[room]) for room, these in inside.items()}


async def learner_for(db: Database, viewer: Viewer, user_id: str) -> Row:
    """A person whose logs the viewer may read.

    Raises:
        NotFound: there is none, or the viewer may not: the two must not be told apart.

    """
    readable = await may_read(viewer.caller, user=user_id)
    row = await db.find_one(User, {"_id": user_id}, _SHOWN)
    if row is None and user_id == viewer.user_id:
        row = {"_id": user_id, "username": "", "full_name": "", "places": [], "collections": []}
    if row is None or readable.is_nobody:
        raise NotFound("There is no such learner.")
    return _named(row)


def _named(row: Row) -> Row:
    return row | {"name": row["full_name"] or row["username"] or "–"}
