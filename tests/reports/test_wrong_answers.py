"""The commonest wrong answers, counted as the report on items counts them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from learntrack.access.may_read import Readable
from learntrack.reports.service import Reports
from learntrack.reports.wrong_answers import WrongAnswer, WrongAnswers
from tests.support import School, exercise, right, wrong

BEGAN = datetime(2026, 1, 5, tzinfo=UTC)


def tried(user: str, *answers: str, quiz: bool = False, after: int = 0, item: str = "q") -> dict[str, Any]:
    """A try of a learner at one question; an answer "right" is."""
    return {
        "user_id": user,
        "mastery_level": -1 if quiz else 1,
        "attempts": [
            {
                "item": item,
                "number": number,
                "correct": float(answer == "right"),
                "simple_answer": answer,
                "start_timestamp": BEGAN + timedelta(minutes=after + number),
            }
            for number, answer in enumerate(answers)
        ],
    }


def commonest(*tries: dict[str, Any], kept: int = 10) -> WrongAnswer | None:
    counting = WrongAnswers(kept)
    for each in tries:
        counting.count(each)
    return counting.commonest()


def test_that_which_most_learners_gave_is_the_commonest() -> None:
    often = tried("a", "2/5", "2/5", "2/5")

    assert commonest(often, tried("b", "1/6"), tried("c", "1/6")) == WrongAnswer("1/6", 2)


def test_right_and_empty_answers_are_none() -> None:
    assert commonest(tried("a", "right", ""), tried("b")) is None


def test_of_a_quiz_the_first_answer_to_a_question_counts_whichever_try_was_read_first() -> None:
    first, again = tried("a", "1/6", "2/5", quiz=True), tried("a", "3/5", quiz=True, after=60)

    assert commonest(again, first) == WrongAnswer("1/6", 1)
    assert commonest(tried("a", "right", quiz=True), again) is None


def test_an_answer_that_the_report_does_not_name_is_left_out() -> None:
    """It names those that were given most often, however many gave them."""
    often = tried("a", "2/5", "2/5", "2/5")

    assert commonest(often, tried("b", "1/6"), tried("c", "1/6"), kept=1) == WrongAnswer("2/5", 1)


@pytest.mark.engines("embedded", "mongoeco")
async def test_of_a_long_try_all_answers_count_those_too_that_it_does_not_hold_itself(school: School) -> None:
    learner, practice = await school.learner(), exercise()
    session = await school.api.start(learner, **practice)
    sent = [wrong("q", simple_answer="2/5"), *(right(f"q{number}") for number in range(40))]
    await school.api.update(learner, session, interactions=sent[:20])
    await school.api.update(learner, session, interactions=sent[20:])
    content = practice["content_id"]

    found = await Reports(school.api.db).commonest_wrong(Readable([str(learner.id)]), [content])

    assert found == {content: WrongAnswer("2/5", 1)}
