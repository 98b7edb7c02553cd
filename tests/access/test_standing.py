"""What a caller is, by token and by roster, and that it is looked up at most once."""

from collections.abc import Mapping
from typing import Any

import pytest

from learntrack.access.actor import ANONYMOUS, Actor
from learntrack.access.standing import Caller, Standing
from learntrack.storage import Database
from tests.engines import mongomock_engine
from tests.support import new_id


class CountingDatabase:
    """Counts the look-ups of a database."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.looked_up = 0

    async def find_one(self, *asked: Any) -> Mapping[str, Any] | None:
        self.looked_up += 1
        return await self._db.find_one(*asked)


@pytest.fixture
def db() -> Any:
    return CountingDatabase(mongomock_engine.connect("standing"))


async def add(db: Any, **fields: Any) -> str:
    user = {"_id": new_id(), "username": "cc", "full_name": "", "is_superuser": False, "places": [], "role_places": []}
    await db._db.collection("users").insert_one(user | fields)
    return str(user["_id"])


async def test_the_roster_says_what_a_caller_is(db: Any) -> None:
    user = await add(db, full_name="Carla", places=["f", "c"], role_places=["c"])

    found = await Caller(db, Actor(user)).standing()

    assert found == Standing(user, superuser=False, places=frozenset("fc"), role_places=frozenset("c"), name="Carla")
    assert found.is_staff


async def test_it_is_looked_up_once(db: Any) -> None:
    caller = Caller(db, Actor(await add(db)))

    assert not await caller.is_superuser()
    assert not await caller.is_staff()
    assert (await caller.standing()).name == "cc"
    assert db.looked_up == 1


async def test_what_another_look_up_has_brought_along_is_not_looked_up(db: Any) -> None:
    caller = Caller(db, Actor("u"))

    caller.learn({"_id": "u", "is_superuser": True})

    assert await caller.is_superuser()
    assert db.looked_up == 0


@pytest.mark.parametrize("actor", [ANONYMOUS, Actor("u", superuser=True)], ids=["anonymous", "superuser by token"])
async def test_nothing_is_looked_up_of_whom_the_token_says_enough(db: Any, actor: Actor) -> None:
    caller = Caller(db, actor)

    assert await caller.is_superuser() == actor.superuser
    assert await caller.is_staff() == actor.superuser
    assert db.looked_up == 0


async def test_the_token_or_the_roster_makes_a_superuser(db: Any) -> None:
    by_roster = await add(db, is_superuser=True)

    assert (await Caller(db, Actor(by_roster)).standing()).superuser
    assert (await Caller(db, Actor(await add(db), superuser=True)).standing()).superuser
    assert not (await Caller(db, Actor(await add(db))).standing()).superuser


async def test_who_is_unknown_to_the_roster_is_a_learner_without_classes(db: Any) -> None:
    unknown = new_id()

    assert await Caller(db, Actor(unknown)).standing() == Standing(unknown)
    assert not Standing(unknown).is_staff
