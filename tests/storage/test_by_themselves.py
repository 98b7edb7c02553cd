"""Documents are addressed by ids, and with owners only on a cluster; what is written in no transaction has its time."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from learntrack.documents import ItemRollup, MasteryLog, Retained
from learntrack.domain import moments
from learntrack.domain.fading import FadingKind
from learntrack.storage import Database, DatabaseUnavailable
from learntrack.storage.errors import DatabaseBusy, DiskNearlyFull
from tests.support import Api, new_id
from tests.wire import Wire, error, held, in_transaction

STATE = Retained.begin(FadingKind.answers, moments.now() - timedelta(days=400))


def test_owners_are_named_only_where_shards_are_asked_by_them(
    memory: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert memory.by_ids(MasteryLog, ["a", "b"], ["x"]) == {"_id": {"$in": ["a", "b"]}}
    assert memory.by_ids(MasteryLog, iter(["a"]), iter(["x"])) == {"_id": "a"}

    monkeypatch.setattr(memory, "capabilities", replace(memory.capabilities, sharded=True))

    assert memory.by_ids(MasteryLog, ["a"], ["x", "y"]) == {"_id": "a", "user_id": {"$in": ["x", "y"]}}
    assert memory.by_ids(ItemRollup, ["a"], ["x"]) == {"_id": "a"}


async def write(db: Database, how: str) -> None:
    if how == "update":
        await db.set_fields(MasteryLog, {"_id": new_id()}, {"facility_id": "there"})
    else:
        await db.put(STATE)


@pytest.mark.parametrize("how", ["update", "replace"])
async def test_a_write_waits_no_longer_than_it_may(
    wire: Wire, wired: Api, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(wired.db, "read_patience", 0.3)
    wire.on("update", do=held(asyncio.Event()), where=lambda command: not in_transaction(command))

    with pytest.raises(DatabaseUnavailable):
        await asyncio.wait_for(write(wired.db, how), 10)


@pytest.mark.parametrize("how", ["update", "replace"])
async def test_an_election_and_a_conflict_leave_no_error_of_the_driver(wire: Wire, wired: Api, how: str) -> None:
    met = wire.on("update", do=error(189, "RetryableWriteError", name="PrimarySteppedDown"), times=2)
    await write(wired.db, how)
    assert met.met == 2

    wire.on("update", do=error(112, name="WriteConflict"), times=1)
    with pytest.raises(DatabaseBusy):
        await write(wired.db, how)


@pytest.mark.parametrize("how", ["update", "replace"])
async def test_nothing_is_written_while_the_disk_is_nearly_full(
    memory: Database, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    def full() -> None:
        raise DiskNearlyFull("nearly full")

    monkeypatch.setattr(memory, "check_disk", full)
    with pytest.raises(DiskNearlyFull):
        await write(memory, how)


async def test_what_is_put_stands_for_what_was_there(memory: Database) -> None:
    later = Retained.begin(FadingKind.answers, moments.now())
    await memory.put(STATE)
    await memory.put(later)

    assert [row["through"] for row in await memory.find(Retained, {})] == [later.through]
