"""What each log of a Kolibri becomes."""

from datetime import timedelta
from typing import Any

import pytest

from learntrack.documents import ContentSummary, MasteryLog
from learntrack.domain.ids import summary_id
from learntrack.importing.report import ImportReport
from tests.importing.kolibri.rows import (
    AT,
    CONTENT,
    LEARNER,
    SESSION,
    TRY,
    attempt,
    convert,
    id_of,
    log,
    moment,
    session,
    stamp,
    summary,
    whole_learner,
)

OURS = summary_id(LEARNER, CONTENT)


def test_the_same_rows_have_the_same_digest_and_others_another() -> None:
    once, again = convert(**whole_learner()), convert(**whole_learner(attempts=[attempt(2), attempt(1)]))
    changed = convert(**whole_learner(attempts=[attempt(1), attempt(2, correct=0.0)]))

    assert {key: one.imported() for key, one in once.items()} == {key: one.imported() for key, one in again.items()}
    assert {key for key in once if once[key].imported().digest != changed[key].imported().digest} == {
        f"mastery_logs {TRY}"
    }


@pytest.mark.parametrize("criterion", ['{"type": "what_comes_next", "more": [1]}', "{}"])
def test_a_try_whose_criterion_is_unknown_is_kept_with_its_attempts(criterion: str) -> None:
    made = convert(**whole_learner(tries=[log(mastery_criterion=criterion)]))[f"mastery_logs {TRY}"]

    assert isinstance(made.document, MasteryLog)
    assert made.document.mastery_criterion.get("more") == ([1] if "more" in criterion else None)
    assert len(made.attempts) == 2


@pytest.mark.parametrize(
    ("row", "attempts", "moves", "end"),
    [
        # A Kolibri before 0.18
        ({"end_timestamp": stamp(0)}, [attempt(3), attempt(5)], False, moment(6)),
        ({"end_timestamp": stamp(0)}, [], False, moment(10)),
        ({"end_timestamp": stamp(0), "completion_timestamp": stamp(0), "complete": 1}, [], False, moment(0)),
        ({"end_timestamp": stamp(4)}, [attempt(5)], False, moment(4)),
        # A later one: the end stands, also of a try that only has attempts
        ({"end_timestamp": stamp(0), "time_spent": 0.0}, [attempt(5)], True, moment(0)),
        ({"end_timestamp": stamp(4)}, [attempt(5)], True, moment(4)),
        # A later one that was sent a try by an earlier one
        ({"end_timestamp": stamp(0), "time_spent": 8.0}, [attempt(5)], True, moment(6)),
    ],
)
def test_an_end_that_never_moved_is_that_of_what_was_done_last(
    row: dict, attempts: list, moves: bool, end: object
) -> None:
    rows = whole_learner(tries=[log(**row)], attempts=attempts)

    assert convert(moves_ends_of_tries=moves, **rows)[f"mastery_logs {TRY}"].document.end_timestamp == end


def test_nothing_lies_in_the_future() -> None:
    report = ImportReport()
    later = "2031-01-01 00:00:00.000000(Etc/UTC)"
    rows = whole_learner(
        sessions=[session(end_timestamp=later)],
        summaries=[summary(end_timestamp=later, completion_timestamp=later)],
        tries=[log(end_timestamp=later)],
        attempts=[attempt(1, start_timestamp=later, end_timestamp=later)],
    )
    found = convert(report, **rows)

    assert {one.document.end_timestamp for one in found.values()} == {AT}
    assert found[f"mastery_logs {TRY}"].attempts[0].start_timestamp == AT
    reason = "end_timestamp: in the future, stored as the moment of the import"
    assert report.examples["content_sessions", reason] == [SESSION]
    assert report.examples["attempts", reason] == [id_of(1)]
    assert report.counts["attempts"]["skipped"] == 0


def test_a_later_import_of_the_same_future_is_nothing_new() -> None:
    rows = whole_learner(tries=[log(end_timestamp="2031-01-01 00:00:00.000000(Etc/UTC)")])
    first = convert(**rows)[f"mastery_logs {TRY}"]
    again = convert(at=AT + timedelta(days=1), **rows)[f"mastery_logs {TRY}"]

    assert first.document.end_timestamp < again.document.end_timestamp
    assert first.imported() == again.imported()


@pytest.mark.parametrize(
    ("rows", "field", "value", "reason"),
    [
        ({"attempts": [attempt(1, correct=2.0)]}, "correct", 1.0, "correct: above 1, stored as 1"),
        ({"sessions": [session(progress=1.7)]}, "progress", 1.0, "progress: above 1, stored as 1"),
        (
            {"sessions": [session(time_spent=9e7)]},
            "time_spent",
            600.0,
            "time_spent: more than a year, stored as from start to end",
        ),
        (
            {"sessions": [session(start_timestamp="1970-01-01 00:00:03.000000(UTC)")]},
            "start_timestamp",
            moment(10),
            "start_timestamp: before 2010, left out",
        ),
    ],
)
def test_what_cannot_be_is_put_right_and_reported(rows: Any, field: str, value: Any, reason: str) -> None:
    report = ImportReport()

    found = convert(report, **whole_learner(**rows))

    holder = found[f"mastery_logs {TRY}"] if "attempts" in rows else found[f"content_sessions {SESSION}"]
    stored = holder.attempts[0] if "attempts" in rows else holder.document
    assert getattr(stored, field) == value
    assert [said for _, said in report.reasons] == [reason]


NOT_COMPLETE = "completion_timestamp: of what is not complete, left out"
AT_THE_END = "completion_timestamp: none, though complete: stored as the end"
AT_THE_START = "completion_timestamp: before the start, stored as the start"


@pytest.mark.parametrize(
    ("row", "completed", "reason"),
    [
        ({"complete": 0, "completion_timestamp": stamp(5)}, None, NOT_COMPLETE),
        ({"complete": 1, "completion_timestamp": None}, moment(10), AT_THE_END),
        ({"complete": 1, "start_timestamp": stamp(4), "completion_timestamp": stamp(1)}, moment(4), AT_THE_START),
        ({"complete": 1, "completion_timestamp": stamp(10)}, moment(10), None),
    ],
)
def test_a_try_is_completed_at_a_moment_just_when_it_is_complete(row: Any, completed: Any, reason: str | None) -> None:
    report = ImportReport()
    made = convert(report, **whole_learner(tries=[log(**row)]))[f"mastery_logs {TRY}"].document

    assert isinstance(made, MasteryLog)
    assert (made.complete, made.completion_timestamp) == (completed is not None, completed)
    assert list(report.reasons) == ([("mastery_logs", reason)] if reason else [])


@pytest.mark.parametrize(
    ("row", "completed", "reason"),
    [
        ({"progress": 1.0}, moment(10), AT_THE_END),
        ({"progress": 0.0, "completion_timestamp": stamp(3)}, moment(3), None),  # started again
        ({"progress": 1.0, "start_timestamp": stamp(4), "completion_timestamp": stamp(1)}, moment(4), AT_THE_START),
    ],
)
def test_a_content_that_stands_at_its_end_was_completed_once(row: Any, completed: Any, reason: str | None) -> None:
    report = ImportReport()
    made = convert(report, **whole_learner(summaries=[summary(**row)]))[f"content_summaries {OURS}"].document

    assert isinstance(made, ContentSummary)
    assert made.completion_timestamp == completed
    assert list(report.reasons) == ([("content_summaries", reason)] if reason else [])


@pytest.mark.parametrize("kind", ["sessions", "summaries", "tries", "attempts"])
def test_nothing_ends_before_it_begins(kind: str) -> None:
    report = ImportReport()
    turned = {"start_timestamp": stamp(9), "end_timestamp": stamp(2)}
    rows = {
        "sessions": [session(**turned)],
        "summaries": [summary(**turned)],
        "tries": [log(time_spent=0.0, **turned)],
        "attempts": [attempt(1, **turned)],
    }
    found = convert(report, **whole_learner(**{kind: rows[kind]}))

    each: list[Any] = [one.document for one in found.values()] + found[f"mastery_logs {TRY}"].attempts
    assert all(one.start_timestamp <= one.end_timestamp for one in each)
    assert [reason for _, reason in report.reasons] == ["end_timestamp: before the start, stored as the start"]


@pytest.mark.parametrize(("said", "stored"), [("1", True), ("0", False), ("null", False), ('"yes"', True)])
def test_whether_a_coach_assigned_a_quiz_is_yes_or_no(said: str, stored: bool) -> None:
    tried = log(mastery_level=-4, mastery_criterion=f'{{"type": "quiz", "coach_assigned": {said}}}')
    made = convert(**whole_learner(tries=[tried]))[f"mastery_logs {TRY}"].document

    assert isinstance(made, MasteryLog)
    assert made.mastery_criterion["coach_assigned"] is stored
