"""What of the roster a caller may read: a superuser all, a coach or admin what is about the places of their roles."""

from collections.abc import Mapping
from dataclasses import dataclass

from learntrack.access.may_read import EVERYBODY, Readable, may_read
from learntrack.access.standing import Caller
from learntrack.documents import Classroom, LearnerGroup
from learntrack.roster.schemas import RosterKind
from learntrack.storage import Database
from learntrack.storage.database import Stage

_SEEN_BY: Mapping[RosterKind, str] = {
    "facilities": "_id",
    "classrooms": "_id",
    "learner_groups": "_id",
    "users": "_id",
    "memberships": "_id",
    "roles": "role_places",
    "lessons": "collection_ids",
    "quizzes": "collection_ids",
    "course_sessions": "collection_ids",
}
"""The field that decides, by the ids of users or places, whether a document may be seen."""


@dataclass(frozen=True, slots=True)
class Sight:
    """Whom and which places a caller may see.

    `places` are the collections of their roles, with the classrooms and groups in them; `facilities` those and the ones
    around them. None of it narrows a superuser, whose `users` are everybody.
    """

    users: Readable = EVERYBODY
    places: tuple[str, ...] = ()
    facilities: tuple[str, ...] = ()

    def of(self, kind: RosterKind) -> list[Stage]:
        """The documents of a kind that may be seen. Indexes: the key, role_places, assigned."""
        if self.users.users is None or kind == "contents":  # what contents are called is nobody's secret among staff
            return []
        ids = {"facilities": self.facilities, "users": self.users.users, "memberships": self.users.users}
        return [{"$match": {_SEEN_BY[kind]: {"$in": list(ids.get(kind, self.places))}}}]

    def within(self, kind: RosterKind) -> list[Stage]:
        """Of a user's memberships or roles those that may be seen: in the same places."""
        if self.users.users is None:
            return []
        field = "memberships" if kind == "memberships" else "roles.collection_id"
        return [{"$match": {field: {"$in": list(self.places)}}}]


async def sight_of(db: Database, caller: Caller) -> Sight:
    """What a caller may see. Indexes: facility and the key of classrooms, classroom of groups."""
    if await caller.is_superuser():
        return Sight()
    roles = sorted((await caller.standing()).role_places)
    inside = await db.find(Classroom, {"facility_id": {"$in": roles}}, {"facility_id": 1})
    own = await db.find(Classroom, {"_id": {"$in": roles}}, {"facility_id": 1})
    classrooms = {row["_id"]: row["facility_id"] for row in (*inside, *own)}
    groups = await db.find(LearnerGroup, {"classroom_id": {"$in": sorted(classrooms)}}, {"_id": 1})
    return Sight(
        users=await may_read(caller),
        places=tuple(sorted({*roles, *classrooms, *(row["_id"] for row in groups)})),
        facilities=tuple(sorted({*roles, *classrooms.values()})),
    )
