"""What fades of one long try does so some at a time, and what ends half way is right, and is done again."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from learntrack.documents import AttemptOverflow, ContentSummary, MasteryLog, Retained, Touched
from learntrack.documents.base import Row
from learntrack.domain import moments
from learntrack.domain.fading import FadingKind
from learntrack.reports.filters import report_filters
from learntrack.reports.questions import questions
from learntrack.reports.service import Reports
from learntrack.retention.export import new_export
from learntrack.retention.service import NOTHING, Retention
from learntrack.storage import Database, in_portions
from tests.retention.exports import Nowhere
from tests.support import Api, Person, School, exercise, right

pytestmark = pytest.mark.engines("embedded", "mongoeco", "real")
MANY = 90


@dataclass
class Disturbing:
    """An export in whose midst somebody writes."""

    db: Database
    collection: str
    query: Row
    fields: Row

    def write(self, _: list[bytes]) -> None:
        """Write what somebody else would."""
        self.db.client.delegate[self.db.raw.name][self.collection].update_one(self.query, {"$set": self.fields})


class Interrupted(Exception):
    """What ends a run."""


@pytest.fixture
async def learner(api: Api, school: School, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Person]:
    """A learner with one quiz, most of which is in chunks; a transaction may write one of these."""
    await run(api, FadingKind.attempts, Nowhere())  # what other tests have left
    await api.db.collection(Retained).delete_many({})
    monkeypatch.setattr(in_portions, "MOST", 1)
    learner = await school.learner()
    session = await api.start(learner, **exercise({"type": "quiz"}))
    answers = [right(f"q{number % 80}", answer={"a": 1}, correct=number % 7 / 7) for number in range(MANY)]
    await api.update(learner, session, interactions=answers, progress=1)
    await make_latest_answers_lie_before_older_ones(api, learner)
    yield learner
    await api.db.collection(Retained).delete_many({})


async def make_latest_answers_lie_before_older_ones(api: Api, learner: Person) -> None:
    """As where somebody's second tablet delivers later what was answered earlier."""
    for number in range(4):
        name = f"attempts.{number}.end_timestamp"
        for collection, later in ((AttemptOverflow, True), (MasteryLog, False)):
            moment = moments.now() + timedelta(minutes=number if later else -number)
            await api.db.collection(collection).update_many(
                {"user_id": learner.id, name: {"$exists": True}}, {"$set": {name: moment}}
            )


async def run(api: Api, kind: FadingKind, export: Any) -> None:
    await Retention(api.db, {kind: moments.now() + timedelta(days=1)}, everything=True).run(export)


async def stored(api: Api, learner: Person) -> tuple[list[Row], Row]:
    """The chunks of the try, and the try."""
    chunks = await api.db.find(AttemptOverflow, {"user_id": learner.id})
    [log] = await api.db.find(MasteryLog, {"user_id": learner.id})
    return chunks, log


async def score(api: Api, school: School, learner: Person) -> list[Any]:
    filters = report_filters(facility=school.facility)
    rows = (await Reports(api.db).unlimited(questions()["progress"], filters)).rows
    return [row["score"] async for row in rows if row["user_id"] == learner.id]


async def marks(api: Api, learner: Person) -> int:
    """How often it was said that what is kept ready of a learner is to be computed anew."""
    return len(await api.db.find(Touched, {"owner": learner.id}, {"_id": 1}))


def ending_after(some: int, db: Database, patch: pytest.MonkeyPatch) -> None:
    """Let no more than some transactions be done."""
    transaction = db.transaction
    done: list[Any] = []

    async def one(work: Callable[[Any], Awaitable[Any]]) -> Any:
        if len(done) == some:
            raise Interrupted
        done.append(work)
        return await transaction(work)

    patch.setattr(db, "transaction", one)


def answered(holders: list[Row]) -> int:
    return sum(bool(attempt.get("answer")) for holder in holders for attempt in holder["attempts"])


async def test_answers_of_a_run_that_ends_half_way_are_faded_by_the_next(
    api: Api, learner: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chunks, log = await stored(api, learner)
    marked = await marks(api, learner)
    assert len(chunks) > 3
    with monkeypatch.context() as patch, new_export(tmp_path / "first") as export:
        ending_after(2, api.db, patch)  # the try's, and that of one chunk
        with pytest.raises(Interrupted):
            await run(api, FadingKind.answers, export)
    some, log = await stored(api, learner)
    assert 0 < answered(some) < answered(chunks)
    assert answered([log]) == 0
    assert await marks(api, learner) == marked + 2  # what has faded is computed anew, whatever becomes of the rest
    assert [row["through"] for row in await api.db.find(Retained, {})] == [NOTHING]

    with new_export(tmp_path / "second") as export:
        await run(api, FadingKind.answers, export)

    some, log = await stored(api, learner)
    assert answered([*some, log]) == 0
    assert len(await api.db.find(Retained, {})) == 1
    assert len(await api.attempts(learner)) == MANY


async def test_attempts_are_counted_right_wherever_a_run_ends(
    api: Api, school: School, learner: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The try says what has gone in the transaction in which it goes."""
    chunks, _ = await stored(api, learner)
    [before] = await score(api, school, learner)
    assert 0 < before < 1
    left = MANY
    for end in range(len(chunks) + 1):
        marked = await marks(api, learner)
        with monkeypatch.context() as patch, new_export(tmp_path / f"{end}") as export, suppress(Interrupted):
            ending_after(1, api.db, patch)
            await run(api, FadingKind.attempts, export)
        some, log = await stored(api, learner)
        there = sum(len(holder["attempts"]) for holder in [*some, log])
        assert there < left
        left = there
        assert log["attempt_count"] - log["faded"]["attempt_count"] == there
        page = await api.attempts(learner, page_size=100)
        assert (page["count"], len(page["results"])) == (there, there)
        [summary] = await api.db.find(ContentSummary, {"user_id": learner.id})
        assert summary["faded_attempts"] == MANY - there
        assert await marks(api, learner) == marked + 1
        assert await score(api, school, learner) == [pytest.approx(before)]
        if there == 0:
            break

    assert end == len(chunks) - 1  # the last chunk went with what the try itself had
    assert await score(api, school, learner) == [pytest.approx(before)]
    assert (some, log["attempts"]) == ([], [])
    assert (log["faded"]["completed_attempts"], log["faded"]["answered"]) == (log["completed_attempts"], 80)


@pytest.mark.engines("embedded", "real")  # the others run in this very thread
@pytest.mark.parametrize("kind", [FadingKind.attempts, FadingKind.answers, FadingKind.interactions])
async def test_a_try_that_has_gone_on_since_it_was_read_is_left_whole(
    api: Api, learner: Person, kind: FadingKind
) -> None:
    before = await stored(api, learner)

    await run(api, kind, Disturbing(api.db, "mastery_logs", {"user_id": learner.id}, {"time_spent": 77.0}))

    chunks, log = await stored(api, learner)
    assert (chunks, log["attempts"]) == (before[0], before[1]["attempts"])
    await is_looked_at_again(api, log)


@pytest.mark.engines("embedded", "real")
@pytest.mark.parametrize("kind", [FadingKind.attempts, FadingKind.answers])
async def test_a_chunk_that_has_changed_since_it_was_read_stays_as_it_is(
    api: Api, learner: Person, kind: FadingKind
) -> None:
    key = (await stored(api, learner))[0][-1]["_id"]

    await run(api, kind, Disturbing(api.db, "attempt_overflow", {"_id": key}, {"attempts.0.time_spent": 77.0}))

    [chunk] = await api.db.find(AttemptOverflow, {"_id": key})
    assert answered([chunk]) == len(chunk["attempts"])
    await is_looked_at_again(api, (await stored(api, learner))[1])


async def is_looked_at_again(api: Api, log: Row) -> None:
    """The next run begins no later than where this one ended."""
    [retained] = await api.db.find(Retained, {})
    assert retained["through"] <= log["end_timestamp"]
