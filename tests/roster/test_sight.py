"""What of the roster each caller sees: the places of their roles, with what is in them, and the facilities around."""

from collections.abc import Mapping
from typing import Any

import pytest

from learntrack.access.actor import Actor
from learntrack.access.standing import Caller
from learntrack.documents import Classroom, Facility, LearnerGroup, User
from learntrack.documents.roster import Role
from learntrack.domain import moments
from learntrack.roster.schemas import RosterKind
from learntrack.roster.sight import sight_of
from learntrack.storage import Database

# Two facilities; of the first a class with a group, and another class.
CLASSROOMS = {"class": "north", "other": "north", "far": "south"}
GROUPS = {"group": "class", "far group": "far"}
STAFF = {"admin": "north", "coach": "class", "group coach": "group", "learner": None}
LEARNERS = {"ada": "class", "ben": "group", "cat": "far"}


@pytest.fixture
async def db(memory: Database) -> Database:
    def user(name: str, memberships: str | None = None, role: str | None = None) -> User:
        person = User.begin(name, username=name, facility_id="south" if memberships == "far" else "north")
        if memberships:
            person.join(memberships)
        if role:
            person.take_role(Role(collection_id=role, kind="coach"))
        person.settle(GROUPS, moments.now())
        return person

    await memory.write(
        [
            *(Facility.new(id=name, name=name) for name in ("north", "south")),
            *(Classroom.new(id=name, name=name, facility_id=facility) for name, facility in CLASSROOMS.items()),
            *(LearnerGroup.new(id=name, name=name, classroom_id=classroom) for name, classroom in GROUPS.items()),
            *(user(name, role=role) for name, role in STAFF.items()),
            *(user(name, place) for name, place in LEARNERS.items()),
        ],
        None,
    )
    return memory


EVERYBODY = {*STAFF, *LEARNERS}
SEEN: Mapping[str, tuple[set[str], set[str], set[str], set[str]]] = {
    # who: the facilities, classrooms, groups and users that they see
    "admin": ({"north"}, {"class", "other"}, {"group"}, EVERYBODY - {"cat"}),
    "coach": ({"north"}, {"class"}, {"group"}, {"coach", "ada", "ben"}),
    "group coach": (set(), set(), {"group"}, {"group coach", "ben"}),
    "learner": (set(), set(), set(), {"learner"}),
    "root": ({"north", "south"}, set(CLASSROOMS), set(GROUPS), EVERYBODY),
}


async def listed(db: Database, kind: RosterKind, stages: list[Any]) -> set[str]:
    return {row["_id"] for row in await db.rows(kind, stages)}


@pytest.mark.parametrize("who", SEEN)
async def test_each_sees_what_is_about_the_places_of_their_roles(db: Database, who: str) -> None:
    sight = await sight_of(db, Caller(db, Actor(who, superuser=who == "root")))
    kinds: tuple[RosterKind, ...] = ("facilities", "classrooms", "learner_groups", "users")

    assert tuple([await listed(db, kind, sight.of(kind)) for kind in kinds]) == SEEN[who]


@pytest.mark.parametrize(
    ("who", "places"), [("admin", {"class", "group"}), ("coach", {"class", "group"}), ("group coach", {"group"})]
)
async def test_of_a_persons_memberships_only_those_in_the_same_places(db: Database, who: str, places: set[str]) -> None:
    sight = await sight_of(db, Caller(db, Actor(who)))
    shown = [*sight.of("memberships"), {"$unwind": "$memberships"}, *sight.within("memberships")]

    assert {row["memberships"] for row in await db.rows("users", shown)} == places


async def test_what_contents_are_called_is_nobodys_secret(db: Database) -> None:
    assert (await sight_of(db, Caller(db, Actor("coach")))).of("contents") == []
