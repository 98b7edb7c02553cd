"""What a learner did at a question, as a page tells it."""

from typing import Any

import pytest

from learntrack.pages.answers import Given, given_at, short_answer
from tests.pages.test_words import words


@pytest.mark.parametrize(
    ("history", "kinds", "right"),
    [
        (None, ["answer"], [True]),
        ([], ["answer"], [True]),
        ([{"answer": 3}], ["answer"], [True]),
        ([{"type": "hint"}, {"type": "error"}], ["hint", "error", "answer"], [False, False, True]),
        ([{"type": "answer"}, {"type": "answer", "answer": {}, "correct": 0.5}], ["answer"] * 2, [False, False]),
        ([{"type": "answer", "answer": {}, "correct": 1}], ["answer"], [True]),
        ([{"type": "answer", "answer": {}, "correct": "1"}], ["answer"], [False]),
    ],
    ids=str,
)
def test_a_history_may_lack_anything(history: Any, kinds: list[str], right: list[bool]) -> None:
    attempt = {"interaction_history": history, "answer": {}, "simple_answer": "7", "correct": 1.0}

    given = list(given_at(attempt, words()))

    assert [each.kind for each in given] == kinds
    assert [each.right for each in given] == right
    answers: list[Given] = [each for each in given if each.kind == "answer"]
    assert answers[-1].text == "7", "the last answer is the attempt's own, in its simple form"


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (1234567.0, "1234567"),
        (3.14159265, "3.14159265"),
        (2.0, "2"),
        ({"value": 0.1234567}, "0.1234567"),
        ([1.0, 2.5, "2.0"], "1, 2.5, 2.0"),
    ],
    ids=str,
)
def test_a_number_that_was_answered_has_all_of_its_digits(answer: Any, shown: str) -> None:
    assert short_answer(answer, words()) == shown
