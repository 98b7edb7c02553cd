"""How a learner's rows belong together: summaries, tries, sessions and attempts."""

import pytest

from learntrack.documents import ContentSession, ContentSummary, MasteryLog
from learntrack.domain.ids import summary_id
from learntrack.importing.report import ImportReport
from tests.importing.kolibri.rows import (
    CONTENT,
    LEARNER,
    SESSION,
    SUMMARY,
    TRY,
    attempt,
    convert,
    id_of,
    log,
    session,
    summary,
    whole_learner,
)

OURS = summary_id(LEARNER, CONTENT)


def test_a_learners_logs_refer_to_each_other() -> None:
    found = convert(**whole_learner())

    visit, whole, made = (
        found[f"content_sessions {SESSION}"],
        found[f"content_summaries {OURS}"],
        found[f"mastery_logs {TRY}"],
    )
    assert isinstance(visit.document, ContentSession)
    assert (visit.document.summary_id, visit.document.mastery_log_id) == (OURS, TRY)
    assert isinstance(made.document, MasteryLog)
    assert (made.document.summary_id, made.document.content_id) == (OURS, CONTENT)
    assert [each.item for each in made.attempts] == ["q1", "q2"]
    assert [each.number for each in made.attempts] == [0, 1]
    assert visit.attempts == []
    assert (whole.source_id, made.source_id) == (SUMMARY, TRY)


def test_a_try_without_a_time_has_that_of_its_attempts() -> None:
    made = convert(**whole_learner(tries=[log(time_spent=None)]))[f"mastery_logs {TRY}"]

    assert made.document.time_spent == 10.0
    assert made.imported().time_spent == 10.0


def test_of_several_summaries_of_a_content_the_one_with_the_most_progress_stays() -> None:
    report = ImportReport()
    less = summary(id=id_of(7), progress=0.2, start_timestamp="2026-04-01 10:00:00.000000(Etc/UTC)")
    found = convert(report, **whole_learner(summaries=[less, summary()], tries=[log(summarylog_id=id_of(7))]))

    whole = found[f"content_summaries {OURS}"]
    assert isinstance(whole.document, ContentSummary)
    assert (whole.source_id, whole.document.progress, whole.document.start_timestamp.month) == (SUMMARY, 0.5, 4)
    assert f"mastery_logs {TRY}" in found
    assert report.examples["content_summaries", "there are several of this learner and content: joined"] == [id_of(7)]


def test_what_refers_to_nothing_is_skipped_and_the_rest_stays() -> None:
    report = ImportReport()
    lost = [attempt(3, masterylog_id=id_of(9)), attempt(4, masterylog_id=None, sessionlog_id=id_of(9))]
    found = convert(
        report, **whole_learner(tries=[log(), log(id=id_of(5), summarylog_id=id_of(9))], attempts=[attempt(1), *lost])
    )

    assert [each.id for each in found[f"mastery_logs {TRY}"].attempts] == [id_of(1)]
    assert report.examples["mastery_logs", "its summary is not there"] == [id_of(5)]
    assert report.examples["attempts", "its try is not there"] == [id_of(3)]
    assert report.examples["attempts", "its session is not there"] == [id_of(4)]


def test_an_anonymous_session_holds_its_attempts() -> None:
    visit = session(user_id=None, visitor_id=id_of(8))
    found = convert(user=None, sessions=[visit], attempts=[attempt(1, user_id=None, masterylog_id=None)])

    [made] = found.values()
    assert isinstance(made.document, ContentSession)
    assert (made.document.user_id, made.document.visitor_id, made.document.summary_id) == (None, id_of(8), None)
    assert [each.id for each in made.attempts] == [id_of(1)]


QUIZ, EXERCISE = '{"type": "quiz", "coach_assigned": true}', '{"type": "do_all"}'


@pytest.mark.parametrize(
    ("criterion", "level", "stored"),
    [
        (EXERCISE, 0, 1),
        (EXERCISE, -7, 7),
        (EXERCISE, -(2**31), 2**31 - 1),
        ("{}", -7, 7),
        (QUIZ, 321_654_987, -321_654_987),  # as Kolibri converts a quiz from before 0.15
        (QUIZ, 0, -1),
        ('{"type": "pre_post_test", "version": "A", "test_type": "pre"}', 2, -2),
        (EXERCISE, 3, 3),
        (QUIZ, -3, -3),
    ],
)
def test_a_level_has_the_sign_of_its_criterion_and_its_sessions_find_it(
    criterion: str, level: int, stored: int
) -> None:
    report = ImportReport()
    visit = session(extra_fields=f'{{"context": {{"mastery_level": {level}}}}}')
    found = convert(
        report, **whole_learner(sessions=[visit], tries=[log(mastery_criterion=criterion, mastery_level=level)])
    )

    made, visited = found[f"mastery_logs {TRY}"].document, found[f"content_sessions {SESSION}"].document
    assert isinstance(made, MasteryLog)
    assert made.mastery_level == stored
    assert isinstance(visited, ContentSession)
    assert (visited.mastery_log_id, visited.context["mastery_level"]) == (TRY, stored)
    assert len(report.reasons) == (stored != level)


def test_an_attempt_stays_in_its_try_though_its_session_is_not_there() -> None:
    report = ImportReport()
    found = convert(report, **whole_learner(attempts=[attempt(1, sessionlog_id=id_of(9))]))

    assert [each.id for each in found[f"mastery_logs {TRY}"].attempts] == [id_of(1)]
    assert report.examples["attempts", "kept in its try, though its session is not there"] == [id_of(1)]
    assert report.counts["attempts"]["skipped"] == 0
