"""Item statistics: against published data, and what counts as an answer."""

from typing import Any

import pytest

from learntrack.access.may_read import Readable
from learntrack.documents import MasteryLog
from learntrack.domain import moments
from learntrack.domain.attempts import Attempt
from learntrack.domain.ids import new_id, summary_id
from learntrack.domain.mastery import COACH_ASSIGNED_QUIZ
from learntrack.reports.filters import ReportFilters
from learntrack.reports.questions import questions
from learntrack.reports.service import _params
from tests.reports.lsat6 import DIFFICULTY, ITEM_REST, PATTERNS
from tests.support import ROOT, Api, Person, School, exercise, right, wrong


def tried(content: str, pattern: str) -> dict[str, Any]:
    """A quiz of a new learner, as it is stored, with one answer to each item."""
    user, now = new_id(), moments.now()
    log = MasteryLog.begin(
        summary_id(user, content), user_id=user, content_id=content, level=-1, criterion=COACH_ASSIGNED_QUIZ, at=now
    )
    common = {"start_timestamp": now, "end_timestamp": now, "completion_timestamp": now, "time_spent": 1.0}
    common |= {"complete": True, "hinted": False, "error": False, "answer": {}, "interaction_history": []}
    attempts = [
        Attempt.model_validate(
            common
            | {"id": new_id(), "number": number, "item": f"item {number}", "session_id": user}
            | {"correct": float(mark), "simple_answer": "x"}
        )
        for number, mark in enumerate(pattern)
    ]
    log.change(attempts=attempts, attempt_count=5, correct_sum=float(pattern.count("1")), completed_attempts=5)
    return log.row()


async def items(api: Api, content: str, by: Person = ROOT, **asked: Any) -> list[dict[str, Any]]:
    found = await api.answer("GET", "/api/reports/item-analysis", by, params={"content": content, **asked})
    rows: list[dict[str, Any]] = found["results"]
    return rows


@pytest.mark.engines("embedded", "real")  # a thousand tries take mongoeco half a minute
async def test_lsat_6_has_its_published_statistics(api: Api) -> None:
    content = new_id()
    rows = [tried(content, pattern) for pattern, many in PATTERNS.items() for _ in range(many)]
    await api.db.collection(MasteryLog).insert_many(rows)

    found = await items(api, content)
    again = await items(api, content, attempts="all")

    assert [row["attempts"] for row in found] == [1000] * 5
    assert [round(row["difficulty"], 3) for row in found] == list(DIFFICULTY)
    assert [round(row["discrimination"], 3) for row in found] == list(ITEM_REST)
    bounds = (found[0]["difficulty_low"], found[0]["difficulty_high"])
    assert bounds == pytest.approx((0.9059, 0.9389), abs=5e-5)
    assert again == found  # with one answer to each, nothing else counts


@pytest.mark.engines("embedded", "mongoeco")
async def test_a_one_question_exercise_discriminates_nothing(school: School) -> None:
    start = exercise()
    for answers in ([right("q")], [wrong("q"), right("q")], [wrong("q")]):
        learner = await school.learner()
        await school.api.update(learner, await school.api.start(learner, **start), interactions=answers)

    [row] = await items(school.api, start["content_id"])

    assert row["discrimination"] is None
    assert row["difficulty_low"] < row["difficulty"] < row["difficulty_high"]


@pytest.mark.engines("embedded", "mongoeco")
async def test_the_first_answer_counts_in_quizzes_and_every_one_in_exercises(school: School) -> None:
    """The quiz is answered wrong and then, by another attempt, right; likewise the exercise."""
    api, learner = school.api, await school.learner()
    quiz, practice = await school.quiz(), exercise()
    for start in ({"quiz_id": quiz}, practice):
        session = await api.start(learner, **start)
        for answer in (wrong("q1", simple_answer="7"), right("q2"), right("q1"), right("q2")):
            await api.update(learner, session, interactions=[answer])

    async def said(content: str, **asked: Any) -> dict[str, Any]:
        rows = await items(api, content, await school.coach(), **asked)
        return {row["item"]: (row["attempts"], row["difficulty"]) for row in rows}

    assert await said(quiz) == {"q1": (1, 0), "q2": (1, 1)}
    assert await said(quiz, attempts="latest") == {"q1": (1, 1), "q2": (1, 1)}
    assert await said(quiz, attempts="all") == {"q1": (2, 0.5), "q2": (2, 1)}
    assert await said(practice["content_id"]) == {"q1": (2, 0.5), "q2": (2, 1)}
    assert await said(practice["content_id"], attempts="first") == {"q1": (1, 0), "q2": (1, 1)}


@pytest.mark.engines("embedded", "mongoeco")
async def test_details_say_who_gave_a_wrong_answer_and_only_to_who_may_know(school: School) -> None:
    api, start, answers = school.api, exercise(), ["7", "7", "3/4"]
    await school.classroom("A2")
    learners = [await school.learner(room) for room in ("A1", "A2", "A1")]
    for learner, answer in zip(learners, answers, strict=True):
        session = await api.start(learner, **start)
        await api.update(learner, session, interactions=[wrong("q", simple_answer=answer)])

    [whole] = await items(api, start["content_id"], await school.coach("facility"), details="true")
    [part] = await items(api, start["content_id"], await school.coach("A1"), details="true")
    [brief] = await items(api, start["content_id"], await school.coach("A1"))

    assert [(each["answer"], each["attempts"]) for each in whole["wrong_answers"]] == [("7", 2), ("3/4", 1)]
    assert set(whole["wrong_answers"][0]["learners"]) == {learners[0].id, learners[1].id}
    assert [each["learners"] for each in part["wrong_answers"]] == [[learners[2].id], [learners[0].id]]
    assert all("learners" not in each for each in brief["wrong_answers"])


@pytest.mark.engines("embedded", "mongoeco")
async def test_the_latest_answer_is_the_one_that_was_changed_last(school: School) -> None:
    """As in quizzes' results: an older attempt that was taken up again and put right."""
    api, learner, start = school.api, await school.learner(), exercise()
    session = await api.start(learner, **start)
    first = await api.update(learner, session, interactions=[wrong("q1")])
    for item in ("q2", "q1", "q2"):
        await api.update(learner, session, interactions=[wrong(item)])
    again = right("q1", id=first["attempts"][0]["id"], replace=True)
    await api.update(learner, session, interactions=[again])

    found = await items(api, start["content_id"], await school.coach(), attempts="latest")

    assert [(row["item"], row["attempts"], row["difficulty"]) for row in found] == [("q1", 1, 1), ("q2", 1, 0)]


@pytest.mark.engines("embedded", "mongoeco")
async def test_a_few_learners_at_a_content_are_found_by_keys_with_the_same_numbers(school: School) -> None:
    """A `$unionWith` goes through everybody's older attempts on the embedded engine, for every content of a page."""
    api, start = school.api, exercise()
    learners = [await school.learner() for _ in range(2)]
    for learner, many in zip(learners, (450, 3), strict=True):
        interactions = [right(f"q{n % 7}") if n % 3 else wrong(f"q{n % 7}") for n in range(many)]
        await api.update(learner, await api.start(learner, **start), interactions=interactions)
    assert await api.db.find("attempt_overflow", {"user_id": learners[0].id})
    asked = ReportFilters(content=start["content_id"], details=True)
    params = _params(asked, Readable([learner.id for learner in learners]))
    question = questions()["item-analysis"]
    few = question.stages(params)
    whole = question.stages({name: value for name, value in params.items() if name != "summaries"})

    assert "$unionWith" not in str(few)
    assert "$unionWith" in str(whole)
    found, expected = [sorted(await api.db.rows(MasteryLog, each), key=str) for each in (few, whole)]
    assert sum(row["attempts"] for row in found) == 453
    assert found == expected
