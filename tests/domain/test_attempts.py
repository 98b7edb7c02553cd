from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learntrack.documents.base import as_stored
from learntrack.domain import moments
from learntrack.domain.attempts import Attempt, HistoryEntry, Interaction, grouped, newest_first

NOW = moments.now()


def answer(item: str = "q", **more: object) -> Interaction:
    return Interaction(
        **{"item": item, "correct": 0.0, "time_spent": 5.0, "answer": {"v": 1}, "simple_answer": "x", **more}
    )


def attempt(number: int = 0, **more: object) -> Attempt:
    return Attempt.begin(answer(**more), session_id="s", number=number, now=NOW)


@given(st.lists(st.sampled_from("abc"), max_size=12))
def test_groups_are_the_runs_of_an_item(items: list[str]) -> None:
    groups = list(grouped(answer(item) for item in items))

    assert [one.item for group in groups for one in group] == items
    assert all(len({one.item for one in group}) == 1 for group in groups)
    assert all(before[0].item != after[0].item for before, after in pairwise(groups))


def test_a_new_attempt_starts_time_spent_ago() -> None:
    begun = attempt(time_spent=7.25)

    assert begun.end_timestamp - begun.start_timestamp == timedelta(seconds=7.25)
    assert begun.completion_timestamp is None


def test_without_an_answer_a_new_attempt_has_an_empty_one() -> None:
    begun = attempt(answer=None, simple_answer=None, error=True)

    assert (begun.answer, begun.simple_answer, begun.error) == ({}, "", True)


@pytest.mark.parametrize(
    ("flags", "entry"),
    [
        ({"error": True, "hinted": True}, {"type": "error"}),
        ({"hinted": True}, {"type": "hint", "answer": {"v": 1}}),
        ({"correct": 0.5}, {"type": "answer", "answer": {"v": 1}, "correct": 0.5}),
    ],
)
def test_history_keeps_the_first_that_fits(flags: dict, entry: dict) -> None:
    assert HistoryEntry.of(answer(**flags)).model_dump(exclude_unset=True) == entry
    assert as_stored(attempt(**flags))["interaction_history"] == [entry]


def test_an_answer_without_replace_changes_neither_correct_nor_answer() -> None:
    begun = attempt()
    begun.go_on(answer(correct=1.0, answer={"v": 2}, simple_answer="y", time_spent=9.0), now=NOW)

    assert (begun.correct, begun.answer, begun.simple_answer, begun.time_spent) == (0.0, {"v": 1}, "x", 9.0)


def test_replace_changes_what_is_given() -> None:
    begun = attempt()
    begun.go_on(answer(correct=0.5, answer=None, simple_answer=None, error=True, replace=True), now=NOW)

    assert (begun.correct, begun.answer, begun.simple_answer) == (0.5, {"v": 1}, "x")


def test_error_once_true_stays() -> None:
    begun = attempt(error=True)
    begun.go_on(answer(), now=NOW)

    assert begun.error is True


def test_hinted_is_set_only_while_not_correct_and_before_replace() -> None:
    wrong_yet, right_already, kept = attempt(), attempt(correct=1.0), attempt(correct=1.0, hinted=True)
    wrong_yet.go_on(answer(hinted=True, replace=True, correct=1.0), now=NOW)
    right_already.go_on(answer(hinted=True), now=NOW)
    kept.go_on(answer(), now=NOW)

    assert (wrong_yet.hinted, right_already.hinted, kept.hinted) == (True, False, True)


def test_completion_is_set_once() -> None:
    begun = attempt(complete=True)
    begun.go_on(answer(complete=True), now=NOW + timedelta(seconds=9))

    assert begun.completion_timestamp == NOW
    assert begun.end_timestamp == NOW + timedelta(seconds=9)


def test_a_late_interaction_moves_no_timestamp_backwards() -> None:
    begun = attempt()
    begun.go_on(answer(), now=NOW - timedelta(hours=1), clock=NOW)

    assert begun.end_timestamp == NOW


def test_newest_first_is_by_start_then_first_recorded() -> None:
    early, same, also_same = attempt(0, time_spent=9.0), attempt(1), attempt(2)

    assert newest_first([also_same, early, same]) == [same, also_same, early]


def test_a_copy_goes_on_by_itself() -> None:
    begun = attempt()
    copy = begun.copied()
    copy.go_on(answer(error=True), now=NOW)

    assert (len(begun.interaction_history), begun.error) == (1, False)
    assert (len(copy.interaction_history), copy.error) == (2, True)


def test_imported_entries_keep_what_they_have() -> None:
    odd = {"correct": 1.0, "seen": True}

    stored = as_stored(attempt().model_copy(update={"interaction_history": [HistoryEntry.model_validate(odd)]}))

    assert stored["interaction_history"] == [odd]


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "answer", "answer": {"v": [1]}, "correct": 1.0},
        {"type": "hint", "answer": {"v": 1}},
        {"type": "error"},
        {},
        {"type": None, "answer": None, "correct": None},
        {"type": "answer", "answer": 1, "correct": 1, "an app's own": {"x": 2}},
    ],
)
def test_a_row_has_what_the_attempt_was_given_and_nothing_else(entry: dict[str, object]) -> None:
    one = attempt()
    one.interaction_history.append(HistoryEntry.model_validate(entry))

    assert one.row() == one.model_dump(exclude_unset=True)
    assert [*one.row()] == [*one.model_dump()]
    assert one.row()["interaction_history"][1] is not one.interaction_history[1].__dict__
