"""What is new is stored as it was written down, and anything else merged, with the same result."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest

from learntrack.documents import ContentSession, ContentSummary, MasteryLog, Touched
from learntrack.documents.recording_permits import RecordingPermit
from learntrack.importing.dividing import batches
from learntrack.importing.merging import FORGOTTEN, Merging
from learntrack.importing.prepared import PreparedBatch, PreparedPart, prepared
from learntrack.importing.stored_logs import StoredLogs
from learntrack.importing.storing import Storing
from learntrack.storage import Database
from tests.engines import ENGINES, lacking
from tests.importing.kolibri.rows import AT, LEARNER, convert, id_of, log, whole_learner
from tests.importing.test_merging import many

LOGS = ("content_sessions", "content_summaries", "mastery_logs", "attempt_overflow")


@pytest.fixture
async def db() -> AsyncIterator[Database]:
    if reason := lacking("embedded"):
        pytest.skip(reason)
    async with ENGINES["embedded"]() as database:
        await database.prepare()
        yield database


def learner(number: int = 0, **rows: Any) -> PreparedBatch:
    """A learner with a session, a summary, and a try of 40 attempts."""
    user = LEARNER if number == 0 else id_of(number)
    found = whole_learner(**{"attempts": many(40), **rows})
    for name, each in (("sessions", 100), ("summaries", 200), ("tries", 300)):
        found[name] = [row | {"user_id": user, "id": id_of(each + number)} for row in found[name]]
    tried, visit = id_of(300 + number), id_of(100 + number)
    found["tries"] = [row | {"summarylog_id": id_of(200 + number)} for row in found["tries"]]
    found["attempts"] = [row | {"masterylog_id": tried, "sessionlog_id": visit} for row in found["attempts"]]
    [batch] = batches(iter([(0, [*convert(user=user, **found).values()])]))
    return prepared(batch, {})


def outcomes(found: list[Any]) -> list[str]:
    return [outcome for _, _, outcome in found]


async def everything(db: Database) -> dict[str, Any]:
    return {name: await db.rows(name, [{"$sort": {"_id": 1}}]) for name in LOGS}


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[PreparedPart]:
    """The parts that were read, which takes longer than all else."""
    found: list[PreparedPart] = []
    read: Callable[[PreparedPart], Any] = PreparedPart.read
    monkeypatch.setattr(PreparedPart, "read", lambda part: (found.append(part), read(part))[1])
    return found


async def test_what_is_new_is_stored_as_merging_stores_it(db: Database, reads: list[PreparedPart]) -> None:
    merging = Merging(db, None, AT)
    await merging.take_over([part.read() for part in learner().parts])
    await db.write(merging.documents(), None)
    expected = await everything(db)
    touched = [Touched.read(row) for row in await db.find(Touched, {})]
    for name in (*LOGS, Touched.collection()):
        await db.collection(name).delete_many({})
    reads.clear()

    assert outcomes(await Storing(db, AT, dry_run=False).store(learner())) == ["new"] * 3

    assert reads == []
    assert await everything(db) == expected
    again = [Touched.read(row) for row in await db.find(Touched, {})]
    assert [(each.logs, each.days) for each in again] == [(each.logs, each.days) for each in touched]
    assert await db.find(RecordingPermit, {"_id": RecordingPermit.id_of(LEARNER)}) != []


async def test_what_has_not_changed_is_not_read(db: Database, reads: list[PreparedPart]) -> None:
    storing = Storing(db, AT, dry_run=False)
    await storing.store(learner())
    before = await everything(db)

    for _ in range(2):  # the second one without having been taken for new
        assert outcomes(await storing.store(learner())) == ["unchanged"] * 3

    assert reads == []
    assert await everything(db) == before


async def test_what_was_taken_for_new_and_is_there_is_merged(db: Database) -> None:
    await Storing(db, AT, dry_run=False).store(learner(2))
    storing = Storing(db, AT, dry_run=False)
    assert outcomes(await storing.store(learner(1))) == ["new"] * 3

    found = await storing.store(learner(2, tries=[log(time_spent=70.0)]))

    assert sorted(outcomes(found)) == ["unchanged", "unchanged", "updated"]
    assert {row["user_id"]: row["time_spent"] for row in await db.find(MasteryLog, {})} == {id_of(1): 60, id_of(2): 70}
    assert await db.collection(ContentSession).count_documents({}) == 2
    assert outcomes(await storing.store(learner(3))) == ["new"] * 3


async def test_on_a_cluster_every_id_is_looked_for(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shard knows nothing of the ids on others, so it would not refuse one that is there."""
    looked: list[type[Any]] = []
    marks = StoredLogs.marks

    async def noted(stored: StoredLogs, kind: type[Any], ids: Any) -> Any:
        looked.append(kind)
        return await marks(stored, kind, ids)

    monkeypatch.setattr(StoredLogs, "marks", noted)
    for sharded, kinds in ((False, 3), (True, 6)):
        monkeypatch.setattr(db, "capabilities", replace(db.capabilities, sharded=sharded))
        storing = Storing(db, AT, dry_run=False)
        looked.clear()
        for number in (1, 2):
            assert outcomes(await storing.store(learner(number + kinds))) == ["new"] * 3
        assert len(looked) == kinds


async def test_nothing_of_who_is_being_forgotten_is_stored(db: Database) -> None:
    permit = RecordingPermit.begin(LEARNER)
    permit.withdraw(LEARNER)
    await db.write([permit], None)

    assert outcomes(await Storing(db, AT, dry_run=False).store(learner())) == [FORGOTTEN] * 3
    assert not any((await everything(db)).values())


async def test_the_facility_is_the_one_that_the_roster_says_here(db: Database) -> None:
    await db.collection("users").insert_one({"_id": LEARNER, "facility_id": id_of(98)})

    assert outcomes(await Storing(db, AT, dry_run=False).store(learner())) == ["new"] * 3

    assert {row["facility_id"] for row in await db.find(ContentSummary, {})} == {id_of(98)}


async def test_looking_stores_nothing_and_takes_nothing_for_stored(db: Database) -> None:
    looking = Storing(db, AT, dry_run=True)
    for _ in range(2):
        assert outcomes(await looking.store(learner())) == ["new"] * 3
    assert not any((await everything(db)).values())

    await Storing(db, AT, dry_run=False).store(learner())
    assert outcomes(await looking.store(learner())) == ["unchanged"] * 3
