"""However much there is to derive, no transaction that writes it is large: one learner may name items without end."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import bson
import pytest

from learntrack.documents import DaysKept, ItemRollup, LearnerDay, RollupState, Touched
from learntrack.documents.rollups import KeptRow
from learntrack.domain import moments
from learntrack.privacy.service import Privacy
from learntrack.reports import rollups
from learntrack.reports.rollups import roll_up
from learntrack.reports.upkeep import days, items, worker
from learntrack.reports.upkeep.item_keeping import ItemKeeping
from learntrack.settings import Settings
from learntrack.storage import Database, in_portions
from learntrack.storage.leases import Holding
from learntrack.storage.transactions import Transactions, Tx
from tests.reports.upkeep.test_learner_days import deliver
from tests.reports.upkeep.test_upkeep import nobody, rolled_up
from tests.support import Api, School, exercise, new_id, wrong

pytestmark = pytest.mark.engines("embedded", "mongoeco", "real")
LONG = "x" * 400
OF_UPKEEP = (KeptRow, Touched)


@dataclass
class Written:
    """What each transaction has written: how many documents, and bytes."""

    transactions: list[list[int]] = field(default_factory=list)
    removed: list[int] = field(default_factory=list)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Written:
    found = Written()
    run, write, remove = Transactions.run, Database.write, Database.remove

    async def running(self: Transactions, work: Any, patience: float) -> Any:
        found.transactions.append([])
        return await run(self, work, patience)

    async def writing(self: Database, documents: Any, tx: Tx) -> None:
        listed = list(documents)
        if found.transactions:  # updates run theirs elsewhere
            found.transactions[-1] += [in_portions._size(each) for each in listed if isinstance(each, OF_UPKEEP)]
        await write(self, listed, tx)

    async def removing(self: Database, kind: Any, query: Any, tx: Tx) -> int:
        many = await remove(self, kind, query, tx)
        found.removed += [many] if kind in (ItemRollup, LearnerDay, Touched) else []
        return many

    monkeypatch.setattr(Transactions, "run", running)
    monkeypatch.setattr(Database, "write", writing)
    monkeypatch.setattr(Database, "remove", removing)
    return found


def are_bounded(written: Written, most: int, most_bytes: int) -> bool:
    """Whether no transaction was larger, and some had as much as they may."""
    assert max(map(len, written.transactions)) > 1
    return all(len(sizes) <= most and (sum(sizes) <= most_bytes or len(sizes) == 1) for sizes in written.transactions)


async def answer(api: Api, school: School, names: Sequence[str]) -> dict[str, Any]:
    learner, body = await school.learner(), exercise()
    session = await api.start(learner, **body)
    for first in range(0, len(names), 100):
        given = [wrong(name, simple_answer=LONG) for name in names[first : first + 100]]
        await api.update(learner, session, time_spent_delta=1, interactions=given)
    return body


@pytest.mark.parametrize("counts", [True, False], ids=["counted here", "aggregated"])
async def test_items_of_a_content(
    school: School, written: Written, monkeypatch: pytest.MonkeyPatch, counts: bool
) -> None:
    api = school.api
    if counts and not api.db.capabilities.leaves_counting:
        pytest.skip("counted where the logs are")
    body = await answer(api, school, [f"q{number}" for number in range(60)])
    place = school.facility, body["content_id"]
    gone = [f"{place[0]}:{place[1]}:old {number}" for number in range(50)]
    for key in gone:
        await _keep_old(api, place, key)
    monkeypatch.setattr(in_portions, "MOST", 16)
    holding = Holding(api.db, new_id())
    assert await holding.take()
    keeping = ItemKeeping(api.db, holding)
    written.transactions.clear()
    written.removed.clear()

    await (keeping.compute([(place, None)]) if counts else keeping._aggregate(place))

    assert len(await items.kept(api.db, place)) == 60
    assert are_bounded(written, 16, in_portions.MOST_BYTES)
    assert max(written.removed) <= 16
    assert sum(written.removed) == 50

    monkeypatch.setattr(in_portions, "MOST_BYTES", 5000)
    written.transactions.clear()
    keeping.forget()
    await (keeping.compute([(place, None)]) if counts else keeping._aggregate(place))
    assert are_bounded(written, 16, 5000)
    assert await rolled_up(api, *place) == 60


async def _keep_old(api: Api, place: tuple[str, str], key: str) -> None:
    """Keep a row of an item that is no more."""
    row = {"facility_id": place[0], "content_id": place[1], "item": key.split(":")[2], "schema_version": 3}
    await api.db.collection(ItemRollup).insert_one({"_id": key, "answers": [], **row})


async def test_what_a_whole_school_needs_anew(
    school: School, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = school.api
    for _ in range(8):
        await answer(api, school, ["a"])
    await roll_up(api.db, nobody)
    await api.db.collection(RollupState).delete_many({})
    monkeypatch.setattr(in_portions, "MOST", 2)
    monkeypatch.setattr(items, "_STEP", 1)
    written.transactions.clear()
    written.removed.clear()

    await rollups._mark(api.db, await items.all_items(api.db))
    await roll_up(api.db, nobody)

    assert max(map(len, written.transactions)) == 2
    assert max(written.removed) <= 2
    assert await api.db.find(Touched, {"items": {"$exists": True}}) == []


async def test_days_of_a_learner_and_of_a_facility(
    school: School, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How many contents a day names is the learner's to decide."""
    db, learner = school.api.db, await school.learner()
    await deliver(school.api, learner, *(timedelta(days=3 + number) for number in range(12)))
    monkeypatch.setattr(in_portions, "MOST", 3)
    written.transactions.clear()
    await roll_up(db, nobody)
    theirs = {"user_id": learner.id}
    kept = await db.find(LearnerDay, theirs)
    assert len(kept) == 12
    assert are_bounded(written, 3, in_portions.MOST_BYTES)

    await db.collection(LearnerDay).update_many(theirs, {"$set": {"sessions": 99}})
    holding = Holding(db, new_id())
    assert await holding.take()
    written.transactions.clear()
    await days.recompute(db, holding, {str(learner.id): None})
    assert await db.find(LearnerDay, theirs) == kept
    assert are_bounded(written, 3, in_portions.MOST_BYTES)

    for remove in (days._remove(db, holding, theirs), _of_no_facility(db, holding, learner.id, kept)):
        written.removed.clear()
        await remove
        assert await db.find(LearnerDay, theirs) == []
        assert (max(written.removed), sum(written.removed)) == (3, 12)


async def _of_no_facility(db: Database, holding: Holding, user: str | None, rows: list[Any]) -> None:
    """Compute the days of a learner anew for whom none are kept any more."""
    await db.collection(LearnerDay).insert_many(rows)
    await db.collection(DaysKept).delete_many({})
    await days.recompute(db, holding, {str(user): None})


async def test_marks_that_name_somebody_who_is_forgotten(
    school: School, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    db, learner, other = school.api.db, await school.learner(), await school.learner()
    pairs = [[(str(person.id), new_id()) for person in (learner, other)] for _ in range(7)]
    await db.write([Touched.by_logs(both, moments.now()) for both in pairs], None)
    monkeypatch.setattr(in_portions, "MOST", 2)
    written.transactions.clear()
    written.removed.clear()

    await Privacy(db, Settings(), patience=60)._remove_traces(str(learner.id))

    left = [mark["logs"] for mark in await db.find(Touched, {"logs": {"$regex": f"^{other.id}:"}})]
    assert sorted(left) == sorted([f"{user}:{content}"] for _, (user, content) in pairs)
    assert are_bounded(written, 2, in_portions.MOST_BYTES)
    assert max(written.removed) <= 2


async def test_nothing_counts_as_kept_before_all_is_marked(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who ends between two parts of the marks leaves reports to the logs."""
    api = school.api
    for _ in range(3):
        await answer(api, school, ["a"])
    await api.db.collection(RollupState).delete_many({})
    monkeypatch.setattr(in_portions, "MOST", 1)
    monkeypatch.setattr(items, "_STEP", 1)
    upkeep = worker.Upkeep(api.db)
    assert await upkeep._holding.take()
    write, parts = upkeep._holding.write, 0

    async def ends(*given: Any) -> None:
        nonlocal parts
        parts += 1
        if parts == 3:
            raise KeyError("ended")
        await write(*given)

    with monkeypatch.context() as patch:
        patch.setattr(upkeep._holding, "write", ends)
        with pytest.raises(KeyError):
            await upkeep._begin()
    assert await api.db.find(RollupState, {}) == []
    assert len(await api.db.find(Touched, {"items": {"$exists": True}})) >= 2

    await upkeep.catch_up()
    assert len(await api.db.find(RollupState, {})) == 1
    assert sum((await rollups.check_derived(api.db, nobody)).differed.values()) == 0


def test_a_document_that_is_larger_goes_alone() -> None:
    now = moments.now()
    marks = [Touched.by_doubt([("f", "c" * 700_000)] if large else [("f", "c")], now) for large in (0, 0, 1, 1, 0)]

    portions = list(in_portions.written_portions(marks))

    assert [len(portion) for portion in portions] == [3, 2]
    assert all(sum(len(bson.encode(mark.row())) for mark in part) <= in_portions.MOST_BYTES for part in portions)
