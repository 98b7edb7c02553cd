"""Quizzes logged before Kolibri 0.15 become tries."""

from typing import Any

from learntrack.documents import ContentSession, ContentSummary, MasteryLog
from learntrack.domain.ids import summary_id
from learntrack.importing.report import ImportReport
from tests.importing.kolibri.rows import LEARNER, attempt, convert, id_of, log, moment, stamp, summary

EXAM, QUIZ = "e1" * 16, "e0" * 16
FIRST, SECOND, THIRD = (f"{each}{each}" * 16 for each in "bcd")


def exam(**values: Any) -> dict[str, Any]:
    return {"id": EXAM, "user_id": LEARNER, "exam_id": QUIZ, "closed": 1, "completion_timestamp": stamp(30)} | values


def answer(number: int, content: str, **values: Any) -> dict[str, Any]:
    row = attempt(number, examlog_id=EXAM, content_id=content)
    del row["masterylog_id"], row["sessionlog_id"]
    return row | values


def test_it_is_a_coach_assigned_try_with_its_session_and_summary() -> None:
    found = convert(exams=[exam()], exam_attempts=[answer(1, FIRST), answer(2, SECOND)])

    made = found[f"mastery_logs {EXAM}"].document
    assert isinstance(made, MasteryLog)
    assert made.mastery_criterion == {"type": "quiz", "coach_assigned": True}
    assert made.mastery_level < 0
    assert (made.complete, made.completion_timestamp, made.start_timestamp) == (True, moment(30), moment(1))
    assert (made.end_timestamp, made.time_spent) == (moment(30), 10.0)
    visit = found[f"content_sessions {EXAM}"]
    assert isinstance(visit.document, ContentSession)
    assert visit.document.context == {"quiz_id": QUIZ, "mastery_level": made.mastery_level}
    assert visit.document.mastery_log_id == EXAM
    assert visit.attempts == []
    whole = found[f"content_summaries {summary_id(LEARNER, QUIZ)}"].document
    assert isinstance(whole, ContentSummary)
    assert (whole.kind, whole.progress) == ("quiz", 1.0)


def test_a_corrupt_answer_leaves_the_others_at_their_contents() -> None:
    report = ImportReport()
    answers = [answer(1, FIRST, answer='{"broken'), answer(2, SECOND), answer(3, THIRD)]
    found = convert(report, exams=[exam()], exam_attempts=answers)[f"mastery_logs {EXAM}"]

    assert [(each.id, each.item) for each in found.attempts] == [
        (id_of(2), f"{SECOND}:q2"),
        (id_of(3), f"{THIRD}:q3"),
    ]
    assert {each.session_id for each in found.attempts} == {EXAM}
    assert report.examples["attempts", "answer: broken JSON"] == [id_of(1)]


def test_what_kolibri_has_converted_already_is_not_there_twice() -> None:
    criterion = '{"type": "quiz", "coach_assigned": true}'
    found = convert(
        summaries=[summary(content_id=QUIZ)],
        tries=[log(mastery_criterion=criterion, mastery_level=-5)],
        exams=[exam()],
        exam_attempts=[answer(1, FIRST)],
    )

    assert [key for key in found if key.startswith("mastery_logs")] == [f"mastery_logs {'52' * 16}"]


def test_an_answer_without_its_quiz_and_a_quiz_without_a_moment_are_skipped() -> None:
    report = ImportReport()
    empty = exam(id=id_of(4), exam_id=id_of(5), completion_timestamp=None)
    found = convert(report, exams=[empty], exam_attempts=[answer(1, FIRST)])

    assert found == {}
    assert report.examples["attempts", "its quiz is not there"] == [id_of(1)]
    assert report.examples["exam_logs", "a quiz without a moment at which it was taken"] == [id_of(4)]


def test_it_was_handed_in_at_a_moment_just_when_it_is_closed() -> None:
    answers = [answer(1, FIRST), answer(2, SECOND)]
    closed = convert(exams=[exam(completion_timestamp=None)], exam_attempts=answers)
    still_open = convert(exams=[exam(closed=0)], exam_attempts=answers)

    summary_key = f"content_summaries {summary_id(LEARNER, QUIZ)}"
    for key in (f"mastery_logs {EXAM}", summary_key):
        assert closed[key].document.completion_timestamp == moment(3)
        assert still_open[key].document.completion_timestamp is None
