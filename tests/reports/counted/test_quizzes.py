"""What of quizzes is held at once has a bound, which is looked at while reading."""

from typing import Any

import pytest

from learntrack.access.may_read import EVERYBODY
from learntrack.documents import AttemptOverflow, ContentSummary, MasteryLog, Quiz, User
from learntrack.domain import moments
from learntrack.reports.counted import answers, quizzes
from learntrack.reports.counted.answers import answered_in
from learntrack.reports.counted.asked import CountedAbout, TooMany
from learntrack.reports.counted.quizzes import quiz_results
from learntrack.reports.parts import rows_of
from learntrack.reports.questions import questions
from tests.reports.counted.shelves import Shelves

MOST = 5
MANY = 40
ABOUT = CountedAbout(EVERYBODY, "school", {})
LEARNERS = [{"_id": f"learner {number}", "learns_in": ["class"]} for number in range(MANY)]
ASSIGNED = {User: LEARNERS, Quiz: [{"_id": "quiz", "collection_ids": ["class"]}]}
KEYS = [{"_id": f"summary {number}"} for number in range(MANY)]


@pytest.fixture(autouse=True)
def few_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quizzes, "MOST_ROWS", MOST)


def tries(count: int, **more: Any) -> list[dict[str, Any]]:
    """Tries of one learner at one quiz, each of one answer."""
    now = moments.now()
    times = dict.fromkeys(("start_timestamp", "end_timestamp", "completion_timestamp"), now)
    right = {"item": "q", "correct": 1, "end_timestamp": now, "number": 0}
    tried = {"user_id": "learner 0", "content_id": "quiz", "mastery_level": -1, "complete": True, "time_spent": 1.0}
    tried |= {"mastery_criterion": {"type": "quiz", "coach_assigned": True}, "attempts": [right], **times, **more}
    return [{"_id": f"try {number}"} | tried for number in range(count)]


async def test_no_more_summaries_are_named_than_are_held() -> None:
    db = Shelves({ContentSummary: KEYS, MasteryLog: tries(1)})

    with pytest.raises(TooMany):
        await anext(quiz_results(db, ABOUT))
    assert db.taken == {ContentSummary: MOST + 1}, "no try has been read"


async def test_no_more_tries_are_read_than_are_held() -> None:
    """Also those of one learner at one quiz."""
    db = Shelves({ContentSummary: KEYS[:1], MasteryLog: tries(MANY)})

    with pytest.raises(TooMany):
        await anext(quiz_results(db, ABOUT))
    assert db.taken == {ContentSummary: 1, MasteryLog: MOST + 1}


async def test_no_more_learners_have_to_do_a_quiz_than_are_held() -> None:
    with pytest.raises(TooMany):
        await anext(quiz_results(Shelves(ASSIGNED), ABOUT))


async def test_as_many_as_are_held_are_told() -> None:
    db = Shelves(ASSIGNED | {User: LEARNERS[:MOST], ContentSummary: KEYS[:MOST], MasteryLog: tries(MOST)})

    rows = [row async for part in quiz_results(db, ABOUT) for row in rows_of(part, questions()["quiz-results"].columns)]
    assert [row["status"] for row in rows] == ["finished"] + ["not started"] * (MOST - 1)


async def test_an_answer_is_told_as_soon_as_it_is_read() -> None:
    db = Shelves({MasteryLog: tries(MANY)})
    found = answered_in(db, ["summary"], (), {})

    for number in range(1, 4):
        assert (await anext(found)).correct == 1
        assert db.taken == {MasteryLog: number}


async def test_long_tries_wait_for_their_older_attempts_so_many_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "_AT_ONCE", MOST)
    db = Shelves({MasteryLog: tries(MANY, overflow={"chunk_count": 1})})
    found = answered_in(db, ["summary"], (), {})

    assert (await anext(found)).correct == 1
    assert db.taken == {MasteryLog: MOST, AttemptOverflow: 0}
    assert len([each async for each in found]) == MANY - 1
