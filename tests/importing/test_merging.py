"""What an import makes of what is stored: the first stores, a later one adds what is new, and what was recorded here
meanwhile stays.
"""

import json
import random
from typing import Any, TypeVar

import pytest

from learntrack.documents import AttemptOverflow, ContentSession, ContentSummary, MasteryLog
from learntrack.documents.try_numbers import TryNumbers, figures_of
from learntrack.domain.attempt_limits import AttemptLimits
from learntrack.domain.attempt_places import EMBEDDED_MOST
from learntrack.domain.attempts import Attempt, Interaction
from learntrack.domain.ids import summary_id
from learntrack.domain.progress import Advance
from learntrack.importing import dividing
from learntrack.importing.dividing import Converted, Part, batches
from learntrack.importing.kolibri import logs
from learntrack.importing.merging import NOT_OURS, Merging
from learntrack.storage import Database
from tests.engines.mongomock_engine import connect
from tests.importing.kolibri.rows import (
    AT,
    CONTENT,
    LEARNER,
    SESSION,
    TRY,
    attempt,
    convert,
    log,
    session,
    stamp,
    summary,
    whole_learner,
)

OURS = summary_id(LEARNER, CONTENT)

Kind = TypeVar("Kind", ContentSession, ContentSummary, MasteryLog)


@pytest.fixture
def db() -> Database:
    return connect("merging")


async def store(db: Database, parts: list[Part]) -> list[str]:
    merging = Merging(db, None, AT)
    await merging.take_over(parts)
    await db.write(merging.documents(), None)
    return [outcome for _, _, outcome in merging.outcomes]


async def take_over(db: Database, **rows: Any) -> list[str]:
    """Store a learner; what became of the summary, the try and the session."""
    everything: list[Converted] = [*convert(**whole_learner(**rows)).values()]
    outcomes: list[str] = []
    for batch in batches(iter([(0, everything)])):
        outcomes += await store(db, batch.parts)
    return outcomes


async def stored(db: Database, kind: type[Kind]) -> Kind:
    [row] = await db.find(kind.collection(), {})
    return kind.read(row)


async def all_attempts(db: Database) -> list[Attempt]:
    """The attempts of the one try, the chunks' included, by number; each is there once, and counted rightly."""
    made = await stored(db, MasteryLog)
    chunks = [AttemptOverflow.read(row) for row in await db.find("attempt_overflow", {})]
    found = [*made.attempts, *(each for chunk in chunks for each in chunk.attempts)]
    assert made.attempt_count == len(found) == len({each.id for each in found})
    assert made.correct_sum == sum(each.correct for each in found)
    assert made.completed_attempts == sum(each.complete for each in found)
    assert made.not_right == sum(not entry.correct for each in found for entry in each.interaction_history)
    if made.overflow is not None:
        older = [each.start_timestamp for chunk in chunks for each in chunk.attempts]
        assert made.overflow.chunk_count == len(chunks)
        assert max(older) == made.overflow.newest_start < min(each.start_timestamp for each in made.attempts)
    numbers = sorted(each.number for each in found)
    assert numbers == list(range(len(found)))
    return sorted(found, key=lambda each: each.number)


def many(count: int, **values: Any) -> list[dict[str, Any]]:
    times = ("2026-05-01 10:{:02}:{:02}.000000(Etc/UTC)".format(*divmod(number, 60)) for number in range(count))
    return [attempt(number, start_timestamp=at, end_timestamp=at, **values) for number, at in enumerate(times)]


async def test_the_first_import_stores_and_the_next_changes_nothing(db: Database) -> None:
    assert await take_over(db) == ["new"] * 3
    before = {name: await db.find(name, {}) for name in ("content_sessions", "content_summaries", "mastery_logs")}

    assert await take_over(db) == ["unchanged"] * 3
    assert {name: await db.find(name, {}) for name in before} == before


async def test_time_grows_by_what_the_source_has_grown_by(db: Database) -> None:
    await take_over(db)
    mine = await stored(db, MasteryLog)
    mine.advance(7, AT, finish=False)
    await db.write([mine], None)

    assert await take_over(db, tries=[log(time_spent=65.0)]) == ["unchanged", "updated", "unchanged"]
    made = await stored(db, MasteryLog)
    assert (made.time_spent, made.end_timestamp) == (60 + 7 + 5, AT)


@pytest.mark.parametrize(
    ("here", "there", "progress"), [(None, 0.8, 0.8), (0.9, 0.8, 0.9), (0.7, 0.8, 0.8), (None, 0.1, 0.1)]
)
async def test_progress_is_the_sources_unless_more_was_made_here(
    db: Database, here: float | None, there: float, progress: float
) -> None:
    await take_over(db)
    if here is not None:
        mine = await stored(db, ContentSummary)
        mine.advance(Advance(reached=here), AT)
        await db.write([mine], None)

    await take_over(db, summaries=[summary(progress=there)])

    assert (await stored(db, ContentSummary)).progress == progress


async def test_finished_tries_are_counted_wherever_they_were_finished(db: Database) -> None:
    await take_over(db)
    mine = await stored(db, ContentSummary)
    assert (mine.has_tries, mine.finished_tries) == (True, 0)
    # One is begun and finished here, and the other in Kolibri, whose summary says nothing new.
    other = MasteryLog.begin(OURS, user_id=LEARNER, content_id=CONTENT, level=2, criterion={"type": "do_all"}, at=AT)
    mine.count_new_try(other)
    before = figures_of(other)
    other.advance(1, AT, finish=True)
    mine.count_try(other, before)
    await db.write([mine, other], None)

    await take_over(db, tries=[log(complete=1)])

    counted = await stored(db, ContentSummary)
    assert counted.finished_tries == 2
    tries = [MasteryLog.read(row) for row in await db.find(MasteryLog, {})]
    assert counted.of_tries == {"exercise": TryNumbers.of(tries)}


async def test_a_level_that_an_earlier_import_stored_as_it_was_is_mended_by_the_next(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiz = [log(mastery_level=1, mastery_criterion='{"type": "quiz", "coach_assigned": true}')]
    with monkeypatch.context() as as_before:
        as_before.setattr(logs, "fitting_level", lambda _, level: level)
        await take_over(db, tries=quiz)
    assert (await stored(db, MasteryLog)).mastery_level == 1

    assert "updated" in await take_over(db, tries=quiz)
    assert set(await take_over(db, tries=quiz)) == {"unchanged"}
    made = await stored(db, MasteryLog)
    assert made.mastery_level == -1
    assert (await stored(db, ContentSummary)).of_tries == {"coach_quiz": TryNumbers.of([made])}


async def test_an_id_of_somebody_else_is_left_alone(db: Database) -> None:
    theirs = ContentSession.begin(
        SESSION,
        user_id="ee" * 16,
        visitor_id=None,
        content_id=CONTENT,
        channel_id=None,
        kind="video",
        context={},
        at=AT,
    )
    await db.write([theirs], None)

    assert await take_over(db) == ["new", "new", NOT_OURS]
    assert (await stored(db, ContentSession)).user_id == "ee" * 16


async def test_a_context_gains_what_it_lacks(db: Database) -> None:
    await take_over(db)
    gained = {"course_session_id": "97" * 16, "unit_id": "98" * 16, "test_type": "post"}

    await take_over(db, sessions=[session(extra_fields=json.dumps({"context": {"node_id": "99" * 16} | gained}))])

    assert (await stored(db, ContentSession)).context == {
        "node_id": CONTENT,
        "mastery_level": 1,
        **gained,
    }


async def test_a_changed_long_try_keeps_what_was_recorded_here(db: Database) -> None:
    count = 3 * EMBEDDED_MOST
    await take_over(db, attempts=many(count))
    mine = await stored(db, MasteryLog)
    assert mine.overflow is not None
    book = mine.book(AttemptLimits())
    book.record([Interaction("recorded here", 1.0, 1.0, answer={})], session_id=SESSION, now=AT)
    mine.keep(book)
    await db.write([mine], None)

    changed = many(count + 30)
    changed[2] |= {"correct": 0.5, "end_timestamp": stamp(30)}  # in a chunk
    changed[count - 1] |= {"correct": 0.25, "end_timestamp": stamp(31)}  # embedded
    changed[5]["correct"] = 0.0  # no later state, so that ours counts
    assert await take_over(db, attempts=changed) == ["unchanged", "updated", "unchanged"]

    found = await all_attempts(db)
    assert [each.item for each in found] == [
        *(f"q{number}" for number in range(count)),
        "recorded here",
        *(f"q{number}" for number in range(count, count + 30)),
    ]
    assert (found[2].correct, found[count - 1].correct, found[5].correct) == (0.5, 0.25, 1.0)
    assert await take_over(db, attempts=changed) == ["unchanged"] * 3


async def test_imports_that_are_interrupted_anywhere_end_as_one_that_is_not(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = whole_learner(attempts=many(150))
    whole = connect("whole")
    await take_over(whole, **rows)
    monkeypatch.setattr(dividing, "MOST_BYTES", 12_000)
    chance = random.Random(3)

    for _ in range(6):
        waiting = [*batches(iter([(0, [*convert(**rows).values()])]))]
        assert len(waiting) > 6
        for batch in waiting[: chance.randrange(len(waiting))]:
            await store(db, batch.parts)
            if await db.find("mastery_logs", {}):
                await all_attempts(db)  # a sound try at every moment
    await take_over(db, **rows)

    assert await all_attempts(db) == await all_attempts(whole)
    for name in ("content_sessions", "content_summaries", "mastery_logs"):
        [here], [there] = await db.find(name, {}), await whole.find(name, {})
        assert {**here, "overflow": None, "attempts": None} == {**there, "overflow": None, "attempts": None}
    assert await take_over(db, **rows) == ["unchanged"] * 3


async def test_a_transaction_that_is_run_again_stores_the_same(db: Database) -> None:
    [batch] = batches(iter([(0, [*convert(**whole_learner(attempts=many(40))).values()])]))
    await Merging(db, None, AT).take_over(batch.parts)  # its writes were in conflict with somebody's

    await store(db, batch.parts)

    assert len(await all_attempts(db)) == 40
    assert (await stored(db, MasteryLog)).id == TRY
