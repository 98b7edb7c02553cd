"""The four states of a learner in a content."""

from typing import Any

import pytest

from learntrack.pages.rules import Rule
from learntrack.pages.states import Counts, State, counted, state_of


def row(**fields: Any) -> dict[str, Any]:
    begun = {"status": "started", "kind": "exercise", "progress": 0.4, "score": None, "attempts": 8, "tries": 1}
    told = {"correct_share": 0.25, "time_spent": 60.0, "last_activity": None, "completed_at": None}
    return begun | told | {"needs_help": False, "struggling": False} | fields


@pytest.mark.parametrize(
    ("fields", "rule", "word"),
    [
        ({}, Rule(), "started"),
        ({"needs_help": True}, Rule(), "help"),
        ({"struggling": True}, Rule(), "started"),
        ({"struggling": True}, Rule("all_tries"), "help"),
        ({"needs_help": True}, Rule("all_tries"), "started"),
        ({"status": "mastered", "needs_help": True}, Rule(), "done"),  # whoever has got there needs no help
        ({"status": "finished", "score": 0.5}, Rule(quiz=0.5), "done"),
        ({"status": "finished", "score": 0.49}, Rule(quiz=0.5), "help"),
        ({"status": "finished", "score": 0.0}, Rule(quiz=0.0), "done"),
        ({"score": 0.1}, Rule(quiz=0.5), "started"),  # not finished: the rest may be right
    ],
)
def test_what_needs_help_goes_by_the_schools_rule(fields: dict[str, Any], rule: Rule, word: str) -> None:
    assert state_of(row(**fields), rule).word == word


def test_a_score_is_that_of_a_finished_quiz_only() -> None:
    assert state_of(row(score=0.7), Rule()).score is None
    assert state_of(row(score=0.7, status="finished"), Rule()).score == 0.7


def test_right_answers_are_the_share_of_those_given() -> None:
    assert state_of(row(), Rule()).correct == 2
    assert state_of(row(attempts=0, correct_share=None), Rule()).correct == 0


@pytest.mark.parametrize(("progress", "quarter"), [(0, 1), (0.1, 1), (0.37, 1), (0.38, 2), (0.63, 3), (1, 3)])
def test_the_pie_of_what_is_begun_is_never_empty_and_never_whole(progress: float, quarter: int) -> None:
    assert State("started", progress=progress).quarter == quarter


def test_everybody_is_counted_once() -> None:
    counts = counted([State("help"), State("done"), State("done"), State("started"), State(), State()])

    assert counts == Counts(of=6, help=1, started=1, done=2)
    assert counts.none == 2
