"""What a page says of a learner at a content, read from the summary alone."""

from typing import Any

import pytest
from bson.codec_options import DEFAULT_CODEC_OPTIONS

from learntrack.domain import moments
from learntrack.reports.learner_contents import FIELDS, row_of
from learntrack.reports.parts import rows_of
from learntrack.reports.questions import questions
from learntrack.storage.some_fields import SomeFields

NOW = moments.now()
BEFORE = NOW.replace(year=2020)


def row(numbers: dict[str, Any] | None = None, **summary: Any) -> dict[str, Any]:
    read = {"user_id": "u", "content_id": "c", "kind": "exercise", "progress": 0.5, "time_spent": 9.0}
    stored = read | {"end_timestamp": NOW, "of_tries": numbers or {}} | summary
    [values] = SomeFields(FIELDS).rows_in(stored, DEFAULT_CODEC_OPTIONS)
    [found] = rows_of([row_of(values)], questions()["progress"].columns)
    return found


def tries(**numbers: Any) -> dict[str, Any]:
    return {"tries": 1, "finished": 0, "attempts": 0, "correct_sum": 0.0, "not_right": 0, **numbers}


@pytest.mark.parametrize(
    ("summary", "numbers", "status"),
    [
        ({}, {}, "started"),
        ({"progress": 1.0}, {}, "mastered"),
        ({"kind": "video", "progress": 1.0}, {}, "finished"),
        ({"completion_timestamp": NOW}, {}, "mastered"),  # started anew after it was done
        ({"finished_tries": 1}, {"exercise": tries()}, "mastered"),
        # What was tried as a quiz only was not mastered, whatever kind of content it is.
        ({"finished_tries": 1}, {"quiz": tries()}, "finished"),
        ({"kind": "quiz", "progress": 1.0}, {"exercise": tries()}, "mastered"),
        ({}, {"exercise": tries(not_right=3)}, "started"),
        ({}, {"exercise": tries(not_right=4)}, "needs help"),
        ({"finished_tries": 1}, {"exercise": tries(not_right=4)}, "mastered"),
        ({}, {"quiz": tries(not_right=9)}, "started"),  # of a quiz nobody is told what is right
    ],
)
def test_a_status_is_what_was_reached_else_whether_help_is_needed(
    summary: dict[str, Any], numbers: dict[str, Any], status: str
) -> None:
    found = row(numbers, **summary)

    assert (found["status"], found["needs_help"]) == (status, status == "needs help")


@pytest.mark.parametrize(
    ("attempts", "correct", "done", "struggling"),
    [(10, 4.9, 0.5, True), (10, 5.0, 0.5, False), (9, 0.0, 0.5, False), (10, 0.0, 1.0, False)],
)
def test_who_gets_less_than_half_of_ten_right_is_struggling(
    attempts: int, correct: float, done: float, struggling: bool
) -> None:
    found = row({"exercise": tries(attempts=attempts, correct_sum=correct)}, progress=done)

    assert found["struggling"] is struggling


def test_tries_of_all_kinds_are_added_up() -> None:
    numbers = {"exercise": tries(tries=2, attempts=3, correct_sum=1.5), "quiz": tries(attempts=1, correct_sum=1.0)}
    found = row(numbers)

    assert (found["tries"], found["attempts"], found["correct_share"]) == (3, 4, 0.625)
    assert row()["correct_share"] is None


@pytest.mark.parametrize(
    ("summary", "done", "expected"),
    [
        ({}, None, None),
        ({"completion_timestamp": NOW}, None, NOW),
        ({"completion_timestamp": NOW, "first_completed_at": BEFORE}, None, BEFORE),
        ({"completion_timestamp": NOW}, BEFORE, BEFORE),
        ({"completion_timestamp": BEFORE}, NOW, BEFORE),
        ({}, NOW, NOW),
    ],
)
def test_it_was_completed_when_it_first_was(summary: dict[str, Any], done: Any, expected: Any) -> None:
    assert row({"exercise": tries(first_done_at=done)}, **summary)["completed_at"] == expected
