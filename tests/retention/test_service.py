"""What is old fades, after it has been written out; what it adds up to stays."""

import gzip
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from learntrack.documents import ContentSession, MasteryLog, Retained, RollupState
from learntrack.domain import moments
from learntrack.domain.fading import FadingKind
from learntrack.reports.filters import report_filters
from learntrack.reports.questions import questions
from learntrack.reports.service import Reports
from learntrack.retention.export import new_export
from learntrack.retention.service import Retention
from learntrack.storage import StartError
from tests.support import Api, Person, School, exercise, new_id, right, video, wrong

LATER = timedelta(days=1)
NEED_ANSWERS = {"item-analysis", "progress"}
"""Reports that look at single attempts."""
NEED_SESSIONS = {"daily-activity", "retention", "lesson-completion", "time-on-task", "learning-gain"}


async def work(api: Api, school: School) -> tuple[Person, dict[str, Any]]:
    """A learner with a video, a try of three answers, and one so long that most of it is in chunks."""
    learner = await school.learner()
    await api.update(learner, await api.start(learner, **video()), progress=1, time_spent_delta=9)
    short = exercise()
    session = await api.start(learner, **short)
    hint = {"item": "q1", "correct": 0, "time_spent": 3, "hinted": True, "answer": {"hint": 1}}
    await api.update(learner, session, interactions=[wrong("q0"), right("q0"), hint, right("q2")], progress=1)
    session = await api.start(learner, **exercise())
    await api.update(learner, session, interactions=[right(f"q{number}") for number in range(40)], time_spent_delta=60)
    return learner, short


async def fade(api: Api, folder: Path, *kinds: FadingKind) -> list[Any]:
    """Let all that there is fade; what was written out."""
    file = folder / f"{'-'.join(kinds)}.jsonl.gz"
    before = dict.fromkeys(kinds, moments.now() + LATER)
    with new_export(file) as export:
        await Retention(api.db, before, everything=True).run(export)
    if not file.exists():
        return []
    return [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]


async def answers(api: Api, school: School) -> dict[str, Any]:
    """What all reports say of a school."""
    reports, filters = Reports(api.db), report_filters(facility=school.facility)
    return {
        name: [row async for row in (await reports.unlimited(question, filters)).rows]
        for name, question in questions().items()
    }


@pytest.fixture
async def fresh(api: Api) -> AsyncIterator[None]:
    """What has faded is looked at again by other tests, and no rollups that others have had made are asked."""
    await api.db.collection(RollupState).delete_many({})
    yield
    await api.db.collection(Retained).delete_many({})


@pytest.mark.engines("embedded", "mongoeco", "real")  # mongomock does not answer all reports
async def test_what_needs_only_totals_is_the_same_afterwards(
    api: Api, school: School, tmp_path: Path, fresh: None
) -> None:
    learner, _ = await work(api, school)
    before, tries, total = await answers(api, school), await api.tries(learner), await api.total(learner)

    await fade(api, tmp_path, FadingKind.attempts, FadingKind.answers, FadingKind.interactions)
    after = await answers(api, school)
    changed = {name for name in before if after[name] != before[name]}
    assert {"item-analysis"} <= changed <= NEED_ANSWERS
    assert await api.tries(learner) == tries
    assert await api.total(learner) == total

    await fade(api, tmp_path, FadingKind.sessions)
    last = await answers(api, school)
    changed = {name for name in before if last[name] != after[name]}
    assert {"daily-activity", "time-on-task"} <= changed <= NEED_SESSIONS
    assert await api.tries(learner) == tries


@pytest.mark.engines("embedded", "mongoeco", "real")
async def test_scores_stay_when_the_answers_that_they_are_made_of_have_gone(
    api: Api, school: School, tmp_path: Path, fresh: None
) -> None:
    """Of a quiz so long that most of it is in chunks, with answers that were changed; and of a test of a unit."""
    learner, quiz, course = await school.learner(), await school.quiz(), await school.course_session()
    session = await api.start(learner, quiz_id=quiz)
    for answer in (wrong, right):
        await api.update(learner, session, interactions=[answer(f"q{number}") for number in range(30)])
    await api.update(learner, session, interactions=[wrong("q0"), right("q1", correct=0.5)], progress=1)
    session = await api.start(learner, unit_id=new_id(), test_type="pre", course_session_id=course)
    await api.update(learner, session, interactions=[right("q1"), wrong("q2")], progress=1)
    scored = ("quiz-results", "learning-gain", "progress")

    before = await answers(api, school)
    await fade(api, tmp_path, FadingKind.attempts)
    after = await answers(api, school)

    assert {name: after[name] for name in scored} == {name: before[name] for name in scored}
    [row] = after["quiz-results"]
    assert (row["answered"], row["correct"], row["score"]) == (30, 28.5, 0.95)
    assert after["learning-gain"][0]["pre_score"] == 0.5


async def test_attempts_go_and_lists_count_those_that_are_there(
    api: Api, school: School, tmp_path: Path, fresh: None
) -> None:
    learner, short = await work(api, school)
    await fade(api, tmp_path, FadingKind.attempts)
    assert await api.attempts(learner, page=1, page_size=10) == {
        "page": 1,
        "count": 0,
        "total_pages": 1,
        "results": [],
    }
    assert await api.attempts(learner) == []

    session = await api.start(learner, **short, repeat=False)
    await api.update(learner, session, interactions=[right("new"), wrong("newer")])

    rows = await api.attempts(learner, page=1, page_size=10)
    assert (rows["count"], {row["item"] for row in rows["results"]}) == (2, {"new", "newer"})
    again = await api.start(learner, **short)
    assert again["totalattempts"] == 5
    assert {row["item"] for row in again["pastattempts"]} == {"new", "newer"}


async def test_answers_and_interactions_go_and_what_they_were_worth_stays(
    api: Api, school: School, tmp_path: Path, fresh: None
) -> None:
    learner, _ = await work(api, school)
    before = await api.attempts(learner)
    await fade(api, tmp_path, FadingKind.answers)
    after = await api.attempts(learner)
    kept = ("id", "item", "correct", "complete", "hinted", "error", "time_spent", "start_timestamp")

    assert [[row[name] for name in kept] for row in after] == [[row[name] for name in kept] for row in before]
    assert {json.dumps([row["answer"], row["simple_answer"]]) for row in after} == {'[{}, ""]'}
    assert not any("answer" in entry for row in after for entry in row["interaction_history"])
    assert [[entry["type"] for entry in row["interaction_history"]] for row in after] == [
        [entry["type"] for entry in row["interaction_history"]] for row in before
    ]
    await fade(api, tmp_path, FadingKind.interactions)
    assert [row["interaction_history"] for row in await api.attempts(learner)] == [[]] * len(before)


async def test_what_goes_is_in_the_file_as_it_was(api: Api, school: School, tmp_path: Path, fresh: None) -> None:
    learner, _ = await work(api, school)
    stored = {row["_id"]: row for row in await api.db.find(MasteryLog, {"user_id": learner.id})}

    lines = [
        each for each in await fade(api, tmp_path, FadingKind.attempts) if each["document"].get("user_id") == learner.id
    ]

    assert {each["document"]["_id"] for each in lines} == stored.keys()
    for line in lines:
        there = len(line["document"]["attempts"]) + sum(len(chunk["attempts"]) for chunk in line["chunks"])
        assert there == stored[line["document"]["_id"]]["attempt_count"]
    assert await fade(api, tmp_path, FadingKind.sessions) != []
    assert await api.db.find(ContentSession, {"user_id": learner.id}) == []


async def test_a_second_run_finds_nothing_and_a_dry_run_changes_nothing(
    api: Api, school: School, tmp_path: Path, fresh: None
) -> None:
    learner, _ = await work(api, school)
    before = await api.db.find(MasteryLog, {"user_id": learner.id})
    everything = {kind: moments.now() + LATER for kind in FadingKind}

    looked = await Retention(api.db, everything).run(None)
    assert looked[FadingKind.attempts] >= 2
    assert await api.db.find(MasteryLog, {"user_id": learner.id}) == before
    assert await api.db.find(Retained, {}) == []

    await fade(api, tmp_path, *FadingKind)
    assert await Retention(api.db, everything, everything=True).run(None) == dict.fromkeys(FadingKind, 0)


async def test_a_visit_with_attempts_of_its_own_fades_once_these_have(
    api: Api, school: School, tmp_path: Path, fresh: None
) -> None:
    """Later runs looked only at what had become old since: it stayed for ever."""
    learner = await school.learner()
    await api.update(learner, await api.start(learner, **video()), interactions=[right("q")])
    old = dict.fromkeys((FadingKind.sessions, FadingKind.attempts), moments.now() + LATER)
    left = []
    for run in range(2):
        with new_export(tmp_path / f"{run}.gz") as export:
            await Retention(api.db, old).run(export)
        left.append(await api.db.find(ContentSession, {"user_id": learner.id}))

    assert [[session["attempts"] for session in each] for each in left] == [[[]], []]


@pytest.mark.engines("embedded", "real")  # the others run in this very thread
async def test_what_changes_between_reading_and_fading_is_left_for_the_next_run(
    api: Api, school: School, tmp_path: Path, fresh: None
) -> None:
    learner, short = await work(api, school)
    session = await api.start(learner, **short)

    class Disturbing:
        lines = 0

        def write(self, lines: list[bytes]) -> None:
            self.lines += len(lines)
            row = api.db.client.delegate[api.db.raw.name]["mastery_logs"]
            row.update_many({"user_id": learner.id}, {"$set": {"time_spent": 77.0}})

    await Retention(api.db, {FadingKind.attempts: moments.now() + LATER}, everything=True).run(Disturbing())  # type: ignore[arg-type]

    assert len(await api.attempts(learner)) == 43
    [retained] = await api.db.find(Retained, {})
    theirs = await api.db.find(MasteryLog, {"user_id": learner.id})
    assert retained["through"] <= min(log["end_timestamp"] for log in theirs)
    await api.update(learner, session, interactions=[right("q9")])


def test_an_export_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("x")

    with pytest.raises(StartError, match="is there already"), new_export(tmp_path / "there"):
        pass
    with new_export(tmp_path / "nothing"):
        pass
    assert [file.name for file in tmp_path.iterdir()] == ["there"]
