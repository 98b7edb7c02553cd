"""Whose logs a caller may read: a table of actors and of what they ask, without HTTP."""

from dataclasses import replace
from typing import Any

import pytest

from learntrack.access import may_read as module
from learntrack.access.actor import ANONYMOUS, Actor
from learntrack.access.may_read import EVERYBODY, NOBODY, Readable, may_look_at, may_read
from learntrack.access.standing import Caller, Standing
from learntrack.documents import Classroom, LearnerGroup, Touched, User
from learntrack.domain import moments
from learntrack.storage import Database
from tests.engines import mongomock_engine

# A facility with a class, in it a group; another facility, of which a learner visits that class.
LEARNERS = {
    "ann": ["north", "class", "group"],
    "ben": ["north", "class"],
    "cat": ["north"],
    "visitor": ["south", "class"],
    "dan": ["south"],
}
STAFF = {
    "class coach": ["class"],
    "group coach": ["group"],
    "north admin": ["north"],
    "south admin": ["south"],
    "coach of two": ["class", "south"],
}
ALL = {*LEARNERS, *STAFF, "root"}
OF_NORTH = {"ann", "ben", "cat", *STAFF, "root"}


@pytest.fixture(scope="module", params=[True, False], ids=["as a MongoDB", "as the embedded engine"])
def db(request: pytest.FixtureRequest) -> Any:
    db = mongomock_engine.connect("may_read")
    db.capabilities = replace(db.capabilities, walks_indexes=request.param)
    return db


@pytest.fixture(scope="module", autouse=True)
async def people(db: Database) -> None:
    users = [{"_id": name, "places": places, "role_places": []} for name, places in LEARNERS.items()]
    users += [{"_id": name, "places": ["north"], "role_places": places} for name, places in STAFF.items()]
    users.append({"_id": "root", "places": ["north"], "role_places": [], "is_superuser": True})
    blank = {"is_superuser": False, "username": "", "full_name": ""}
    await db.collection("users").insert_many([blank | user for user in users])


BY_TOKEN = Actor("token root", superuser=True)

EVERYTHING = [
    (ANONYMOUS, NOBODY),
    (Actor("ann"), {"ann"}),
    (Actor("unknown"), {"unknown"}),
    (Actor("class coach"), {"class coach", "ann", "ben", "visitor"}),
    (Actor("group coach"), {"group coach", "ann"}),
    (Actor("north admin"), OF_NORTH),
    (Actor("south admin"), {"south admin", "visitor", "dan"}),
    (Actor("coach of two"), {"coach of two", "ann", "ben", "visitor", "dan"}),
    (Actor("root"), EVERYBODY),
    (BY_TOKEN, EVERYBODY),
]

IN_CLASS = [
    (ANONYMOUS, set()),
    (Actor("ann"), {"ann"}),
    (Actor("cat"), set()),
    (Actor("unknown"), set()),
    (Actor("class coach"), {"ann", "ben", "visitor"}),
    (Actor("group coach"), {"ann"}),
    (Actor("north admin"), {"ann", "ben"}),
    (Actor("south admin"), {"visitor"}),
    (Actor("coach of two"), {"ann", "ben", "visitor"}),
    (Actor("root"), {"ann", "ben", "visitor"}),
    (BY_TOKEN, {"ann", "ben", "visitor"}),
]


def who(actor: Actor) -> str:
    return str(actor.user_id) if isinstance(actor, Actor) else ""


def users(readable: Readable) -> set[str]:
    assert readable.users is not None
    return set(readable.users)


@pytest.fixture(params=[False, True], ids=["looked up along", "known before"])
def knowing(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


async def asked(db: Database, actor: Actor, knowing: bool, **narrowed: Any) -> Readable:
    """What the actor may read, whether or not a guard has asked before what they are."""
    caller = Caller(db, actor)
    if knowing:
        await caller.standing()
    return await may_read(caller, **narrowed)


@pytest.mark.parametrize(("actor", "expected"), EVERYTHING, ids=who)
async def test_of_all(db: Database, knowing: bool, actor: Actor, expected: Readable | set[str]) -> None:
    found = await asked(db, actor, knowing)

    if isinstance(expected, Readable):
        assert found == expected
    else:
        assert users(found) == expected


@pytest.mark.parametrize(("actor", "expected"), IN_CLASS, ids=who)
async def test_of_a_class(db: Database, knowing: bool, actor: Actor, expected: set[str]) -> None:
    assert users(await asked(db, actor, knowing, places=["class"])) == expected


@pytest.mark.parametrize("places", [["class", "south"], ["south", "class"]], ids=str)
async def test_of_two_places_only_who_is_in_both(db: Database, knowing: bool, places: list[str]) -> None:
    assert users(await asked(db, Actor("class coach"), knowing, places=places)) == {"visitor"}
    assert users(await asked(db, Actor("north admin"), knowing, places=places)) == set()


@pytest.mark.parametrize(("actor", "expected"), EVERYTHING, ids=who)
async def test_one_person_is_read_by_who_reads_all_of_theirs(
    db: Database, knowing: bool, actor: Actor, expected: Readable | set[str]
) -> None:
    everybody = ALL if expected == EVERYBODY else set() if expected == NOBODY else expected
    for user in ALL:
        found = await asked(db, actor, knowing, user=user)
        assert users(found) == ({user} if user in everybody else set()), user


@pytest.mark.parametrize(("actor", "expected"), IN_CLASS, ids=who)
async def test_one_person_of_a_class(db: Database, knowing: bool, actor: Actor, expected: set[str]) -> None:
    for user in ALL:
        found = await asked(db, actor, knowing, user=user, places=["class"])
        assert users(found) == ({user} & expected), user


async def test_a_superuser_reads_who_is_unknown_to_the_roster(db: Database, knowing: bool) -> None:
    for superuser in (Actor("root"), BY_TOKEN):
        assert users(await asked(db, superuser, knowing, user="gone")) == {"gone"}
        assert users(await asked(db, superuser, knowing, user="gone", places=["class"])) == set()
    assert users(await asked(db, Actor("north admin"), knowing, user="gone")) == set()


async def test_the_look_up_of_members_brings_along_what_the_caller_is(db: Database) -> None:
    for narrowed in ({}, {"places": ["class"]}, {"user": "ann"}):
        caller = Caller(db, Actor("class coach"))
        await may_read(caller, **narrowed)
        assert caller.known_standing is not None, narrowed
        assert caller.known_standing == await Caller(db, Actor("class coach")).standing()


async def test_members_are_looked_up_along_only_where_that_takes_no_copy_of_all_for_each(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, stages = db.rows, list[Any]()

    async def noted(kind: Any, pipeline: Any) -> Any:
        stages.extend(pipeline)
        return await rows(kind, pipeline)

    monkeypatch.setattr(db, "rows", noted)
    for narrowed in ({}, {"places": ["class"]}):
        stages.clear()
        await may_read(Caller(db, Actor("class coach")), **narrowed)
        assert any("$lookup" in stage for stage in stages) == db.capabilities.walks_indexes, narrowed


async def test_nobody_is_in_what_is_another_kind_of_place_or_not_there(db: Database, knowing: bool) -> None:
    await db.collection("classrooms").insert_one({"_id": "class"})
    for actor, expected in IN_CLASS:
        for narrowed in ({}, {"user": "ann"}):
            as_class, as_group, none = [
                users(await asked(db, actor, knowing, places=[place], kinds=[kind], **narrowed))
                for place, kind in (("class", Classroom), ("class", LearnerGroup), ("north", Classroom))
            ]
            assert (as_class, as_group, none) == ({"ann"} & expected if narrowed else expected, set(), set()), actor
    await db.collection("classrooms").delete_one({"_id": "class"})


async def test_lists_ask_only_once_what_kind_of_place_it_is(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each list of a class asked again."""
    await db.collection("classrooms").insert_one({"_id": "another class"})
    look, looked_up = db.find_one, []

    async def counted(kind: Any, *more: Any) -> Any:
        looked_up.append(kind)
        return await look(kind, *more)

    monkeypatch.setattr(db, "find_one", counted)
    for _ in range(3):
        await may_read(Caller(db, Actor("class coach")), places=["another class"], kinds=[Classroom])

    assert [kind for kind in looked_up if kind is not User] == [Classroom]  # and the coach, where that is by itself


@pytest.mark.parametrize("actor", [Actor("north admin"), BY_TOKEN], ids=who)
async def test_logs_are_asked_for_by_facility_only_of_many_learners_and_while_nobody_moves(
    db: Database, knowing: bool, monkeypatch: pytest.MonkeyPatch, actor: Actor
) -> None:
    """Who moves has logs that still say the facility they have left: by it, its admins would read them."""

    async def narrowed(place: str) -> tuple[str | None, str | None]:
        found = await asked(db, actor, knowing, places=[place])
        return found.facility, found.narrows_to

    await db.collection("users").update_many({}, {"$set": {"facility_id": "north"}})
    everybody = len(users(await asked(db, actor, knowing, places=["north"])))
    for most, expected in ((everybody, None), (everybody - 1, "north")):
        monkeypatch.setattr(module, "MANY", most)
        assert await narrowed("north") == ("north", expected)
    monkeypatch.setattr(module, "MANY", 0)
    assert await narrowed("class") == (None, None)

    await db.write([Touched.by_moving(["cat"], moments.now())], None)
    assert await narrowed("north") == ("north", None)
    await db.collection(Touched.collection()).delete_many({})
    assert await narrowed("north") == ("north", "north")
    await db.collection("users").update_many({}, {"$unset": {"facility_id": ""}})


def test_a_class_is_looked_at_by_who_has_a_role_in_it_or_in_its_facility() -> None:
    room = {"_id": "class", "facility_id": "north"}

    assert may_look_at(Standing("x", role_places=frozenset({"class"})), room)
    assert may_look_at(Standing("x", role_places=frozenset({"north"})), room)
    assert may_look_at(Standing("x", superuser=True), room)
    assert not may_look_at(Standing("x", role_places=frozenset({"south", "group"})), room)
    assert not may_look_at(Standing("x", places=frozenset({"class", "north"})), room)
