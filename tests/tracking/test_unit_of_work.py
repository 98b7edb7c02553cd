"""What a group of jobs reads, finds there, and writes."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from learntrack.documents import ContentSession, ContentSummary, MasteryLog, Touched, User
from learntrack.documents.recording_permits import PermitUse, RecordingPermit
from learntrack.domain.attempt_limits import AttemptLimits
from learntrack.domain.attempts import Interaction
from learntrack.domain.ids import new_id, summary_id
from learntrack.domain.progress import Advance
from learntrack.storage import Database, TooMuchAtOnce
from learntrack.tracking.delivery import Delivery
from learntrack.tracking.jobs import Job
from learntrack.tracking.unit_of_work import UnitOfWork
from tests.tracking.asking import EXERCISE, ID, NODE, NOW, start, update

SESSION, ANOTHER = new_id(), new_id()
LONG_AGO = NOW - timedelta(days=30)


def session(content: str = ID, user: str | None = ID, at: datetime = NOW) -> ContentSession:
    return ContentSession.begin(
        SESSION, user_id=user, visitor_id=None, content_id=content, channel_id=None, kind="exercise", context={}, at=at
    )


def summary() -> ContentSummary:
    made = ContentSummary.begin(user_id=ID, content_id=ID, channel_id=None, kind="exercise", at=NOW)
    made.count_tries([log()])
    return made


def log() -> MasteryLog:
    return MasteryLog.begin(
        summary_id(ID, ID), user_id=ID, content_id=ID, level=1, criterion={"type": "do_all"}, at=NOW
    )


async def unit_for(db: Database, *jobs: Job) -> UnitOfWork:
    unit = UnitOfWork(db, None)
    await unit.load(jobs)
    return unit


def tried() -> ContentSession:
    """A session that goes on with a try."""
    made = session()
    made.goes_on_with(log().id, 1)
    return made


async def test_an_assessment_that_starts_after_an_update_of_its_content_is_done_by_itself(memory: Database) -> None:
    """What it shows depends on the update, which is not stored yet when it is read."""
    await memory.write([tried(), summary(), log()], None)
    assessment, elsewhere = start(session_id=ANOTHER, **EXERCISE), EXERCISE | {"content_id": new_id()}

    with pytest.raises(TooMuchAtOnce):
        await unit_for(memory, update(SESSION), assessment)
    for jobs in (
        (assessment, update(SESSION)),
        (update(SESSION), start(session_id=ANOTHER, **elsewhere)),
        (update(SESSION), start(session_id=ANOTHER, **NODE)),
        (update(SESSION), start(user_id=new_id(), session_id=ANOTHER, **EXERCISE)),
        (update(SESSION, user_id=new_id()), assessment),  # which leads to nothing
        (update(new_id()), assessment),
    ):
        await unit_for(memory, *jobs)


async def test_a_try_is_the_same_document_by_whichever_job_it_is_found(memory: Database) -> None:
    await memory.write([tried(), summary(), log()], None)
    elsewhere = start(session_id=ANOTHER, **EXERCISE)

    unit = await unit_for(memory, elsewhere, update(SESSION))

    first = unit.tries_of(elsewhere).first
    assert first is unit.logs[log().id]
    assert unit.holder_of(update(SESSION)) is first


async def test_what_holds_the_attempts_is_the_try_else_the_session(memory: Database) -> None:
    await memory.write([session(user=None)], None)

    unit = await unit_for(memory, update(SESSION, user_id=None))

    assert unit.holder_of(update(SESSION)) is unit.sessions[SESSION]
    assert unit.holder_of(update(new_id())) is None


@pytest.mark.parametrize("whose", [ID, new_id()])
async def test_an_id_that_a_queue_has_chosen_may_be_taken(memory: Database, whose: str) -> None:
    await memory.write([session(user=whose)], None)
    delivered = replace(start(session_id=SESSION, **NODE), delivery=Delivery(NOW))

    unit = await unit_for(memory, delivered)

    assert (unit.is_taken(SESSION), unit.is_taken_by(SESSION, ID)) == (True, whose == ID)
    assert (unit.is_taken(ANOTHER), unit.is_taken_by(ANOTHER, ID)) == (False, False)


async def test_who_meets_a_content_for_the_first_time_is_looked_up_on_the_roster(memory: Database) -> None:
    facility = new_id()
    await memory.write([User.begin(ID, username="ada", facility_id=facility)], None)
    unit = await unit_for(memory, start(**NODE))
    assert unit.facility_of(ID) == facility

    await memory.write([summary()], None)  # which knows it
    unit = await unit_for(memory, start(**NODE))
    assert unit.facility_of(ID) is None


async def written(unit: UnitOfWork, db: Database) -> dict[str, int]:
    """How many documents each collection has once the unit is stored."""
    await unit.store()
    return {name: await db.collection(name).count_documents({}) for name in await db.raw.list_collection_names()}


async def test_what_has_not_changed_is_neither_written_nor_touched(memory: Database) -> None:
    await memory.write([tried(), summary(), log()], None)
    unit = await unit_for(memory, update(SESSION))

    assert Touched.collection() not in await written(unit, memory)


@pytest.mark.parametrize(("began", "touched"), [(NOW, []), (LONG_AGO, [f"{ID}:{LONG_AGO:%Y-%m-%d}"])])
async def test_only_a_session_that_began_long_ago_touches_its_day(
    memory: Database, began: datetime, touched: list[str]
) -> None:
    """Days that are not over yet are looked at anyway."""
    await memory.write([session(at=began)], None)
    unit = await unit_for(memory, update(SESSION))
    unit.sessions[SESSION].advance(Advance(time_spent=1.0), NOW)
    await unit.store()

    marks = await memory.load(Touched, {}, None)

    assert [day for mark in marks for day in mark.days] == touched


async def test_a_try_that_has_changed_touches_its_learner_and_content(memory: Database) -> None:
    await memory.write([tried(), summary(), log()], None)
    unit = await unit_for(memory, update(SESSION))
    unit.logs[log().id].advance(3.0, NOW, finish=False)
    await unit.store()

    [mark] = await memory.load(Touched, {}, None)

    assert (mark.owner, mark.logs, mark.days) == (ID, [f"{ID}:{ID}"], [])


@pytest.mark.parametrize(
    ("in_transaction", "moves_the_end", "used"),
    [(True, True, False), (True, False, True), (False, True, True)],
)
def test_only_a_start_that_moves_no_stored_end_uses_its_permit(
    in_transaction: bool, moves_the_end: bool, used: bool
) -> None:
    """One that does conflicts with forgetting by that, which removes the summary."""
    unit = UnitOfWork(cast(Any, None), cast(Any, object() if in_transaction else None))
    visited = ContentSummary.read(summary().row())
    visited.visit(None, NOW + timedelta(hours=1) if moves_the_end else NOW, repeat=False, with_try=False)

    unit.use_permit(ID, NOW, visited)

    assert [type(each) for each in unit._documents()] == [PermitUse] * used


async def test_without_transactions_nothing_is_stored_of_who_is_being_forgotten(memory: Database) -> None:
    withdrawn = RecordingPermit.begin(ID)
    withdrawn.withdraw(ID)
    await memory.write([withdrawn], None)
    unit = await unit_for(memory, start(session_id=SESSION, **NODE))
    unit.sessions[SESSION] = session()
    unit.use_permit(ID, NOW, summary())

    with pytest.raises(Exception, match=r"(?i)duplicate"):
        await unit.store()

    assert await memory.load(ContentSession, {}, None) == []


async def test_older_attempts_are_shown_behind_those_in_the_try(memory: Database) -> None:
    unit, made = await unit_for(memory), log()
    items = [f"q{number}" for number in range(250)]
    book = unit.book(made, AttemptLimits())
    for number, item in enumerate(items):
        book.record([Interaction(item, 1.0, 1.0, answer={})], session_id=SESSION, now=NOW + timedelta(seconds=number))
    unit.keep(made, book)

    assert len(made.attempts) < len(items)
    assert unit.attempts_recorded == len(items)
    assert [each.item for each in unit.newest(made, None)] == items[::-1]
    assert [each.item for each in unit.newest(made, 3)] == ["q249", "q248", "q247"]
