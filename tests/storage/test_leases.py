"""Of all processes one does the job; who has lost it stores nothing."""

from typing import Any

import pytest

from learntrack.documents import Facility
from learntrack.domain.ids import new_id
from learntrack.storage import DatabaseUnavailable, leases
from learntrack.storage.leases import Holding, LeaseLost, outdate
from tests.support import Api


async def test_one_holds_it_until_its_beat_stops(api: Api) -> None:
    job = new_id()
    first, second = Holding(api.db, job), Holding(api.db, job, silent_seconds=0.0)
    patient = Holding(api.db, job)
    assert await first.take()
    assert await first.take()
    assert not await patient.take()

    assert await second.take()  # to whom no beat for no time is long enough
    assert not await first.take()


async def test_who_stops_leaves_it_at_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "_LEAVE_SECONDS", 60.0)
    job = new_id()
    first, second = Holding(api.db, job), Holding(api.db, job)
    assert await first.take()
    async with first.beating():
        assert not await second.take()
    assert await second.take()


@pytest.mark.engines("embedded", "mongoeco", "real")  # without transactions nothing is taken back
@pytest.mark.parametrize("why", ["another took over", "what was read is out of date"])
async def test_who_has_lost_it_stores_nothing(api: Api, why: str) -> None:
    job, school = new_id(), Facility.new(id=new_id(), name="A school")
    holding = Holding(api.db, job)
    assert await holding.take()
    epoch = await holding.epoch()
    if why == "another took over":
        assert await Holding(api.db, job, silent_seconds=0.0).take()
    else:
        await outdate(api.db, job)

    with pytest.raises(LeaseLost):
        await holding.write([school], epoch)

    assert await api.db.find_one(Facility, {"_id": school.id}) is None
    if why != "another took over":
        await holding.write([school], await holding.epoch())
        assert await api.db.find_one(Facility, {"_id": school.id}) is not None


@pytest.mark.engines("embedded", "mongoeco", "real")
async def test_whether_another_held_it_in_between_is_told_by_its_term(api: Api) -> None:
    job = new_id()
    first, second = Holding(api.db, job, silent_seconds=0.0), Holding(api.db, job, silent_seconds=0.0)
    assert await first.take()
    term = first.term
    assert await first.take()
    assert first.term == term

    assert await second.take()
    assert await first.take()  # without having noticed

    assert first.term > term


@pytest.mark.engines("embedded", "mongoeco", "real")
async def test_where_it_is_not_known_whether_it_was_taken_another_term_begins(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    holding = Holding(api.db, new_id(), silent_seconds=0.0)
    assert await holding.take()
    term, transaction = holding.term, api.db.transaction
    assert await Holding(api.db, holding._job, silent_seconds=0.0).take()

    async def unanswered(work: Any, **more: Any) -> None:
        await transaction(work, **more)
        raise DatabaseUnavailable("no answer")

    monkeypatch.setattr(api.db, "transaction", unanswered)
    with pytest.raises(DatabaseUnavailable):
        await holding.take()
    monkeypatch.undo()

    assert await holding.take()
    assert holding.term > term
