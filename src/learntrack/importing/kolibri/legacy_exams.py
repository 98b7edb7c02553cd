"""Quizzes logged before Kolibri 0.15, in tables of their own, as what Kolibri itself makes of them: a coach-assigned
quiz's try, once each, with its session and its summary.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

from learntrack.documents import ContentSession, ContentSummary, MasteryLog
from learntrack.domain import mastery
from learntrack.domain.attempts import Attempt
from learntrack.importing.kolibri import values
from learntrack.importing.kolibri.logs import LogConverter
from learntrack.importing.kolibri.source import LearnerRows
from learntrack.importing.kolibri.sql import SourceRow
from learntrack.importing.kolibri.values import Corrupt


@dataclass(slots=True)
class LegacyExam:
    """What a quiz becomes, and of which rows."""

    row: SourceRow
    summary: ContentSummary
    log: MasteryLog
    session: ContentSession
    attempts: list[tuple[SourceRow, Attempt]]


def legacy_exams(rows: LearnerRows, taken: Set[str], convert: LogConverter) -> Iterator[LegacyExam]:
    """The learner's old quizzes.

    Args:
        rows: The learner's rows.
        taken: Quizzes of which the learner has a try already, because Kolibri has converted them.
        convert: Converts the attempts.

    """
    answers: dict[str, list[SourceRow]] = defaultdict(list)
    for row in rows.exam_attempts:
        answers[str(row["examlog_id"])].append(row)

    def exam(row: SourceRow) -> LegacyExam | None:
        own = answers.pop(str(row["id"]), [])
        content = values.identifier(row, "exam_id")
        if content in taken:
            return None
        return _Exam(row, content, list(convert.each("attempts", own, _answer_with(convert))), convert).converted()

    for _, found in convert.each("exam_logs", rows.exams, exam):
        if found is not None:
            yield found
    for orphans in answers.values():
        for _ in convert.each("attempts", orphans, _no_exam):
            pass


class _Exam:
    """One quiz being converted. `content` is its id, `attempts` are those of its answers that can be converted."""

    def __init__(
        self, row: SourceRow, content: str, attempts: list[tuple[SourceRow, Attempt]], convert: LogConverter
    ) -> None:
        assert convert.user_id is not None
        self._row, self._content, self._attempts = row, content, attempts
        self._user = convert.user_id
        self._id = values.identifier(row, "id")
        self._done = bool(row["closed"])
        self._completed = convert.moment("exam_logs", row, "completion_timestamp")
        self._start, self._end = self._period()
        if not self._done:
            self._completed = convert.completion("exam_logs", row, self._start, complete=False)
        elif self._completed is None:
            self._completed = convert.completed_at_the_end("exam_logs", row.get("id"), self._end)
        self._seconds = float(sum(attempt.time_spent for _, attempt in attempts))

    def converted(self) -> LegacyExam:
        """The quiz as documents."""
        for _, attempt in self._attempts:
            attempt.session_id = self._id
        summary = self._summary()
        log = self._log(summary)
        return LegacyExam(self._row, summary, log, self._session(log), self._attempts)

    def _summary(self) -> ContentSummary:
        summary = ContentSummary.begin(
            user_id=self._user, content_id=self._content, channel_id=None, kind="quiz", at=self._start
        )
        summary.went_on(
            until=self._end,
            time_spent=self._seconds,
            progress=float(self._done),
            completed=self._completed,
            extra_fields={},
        )
        return summary

    def _log(self, summary: ContentSummary) -> MasteryLog:
        log = MasteryLog.begin(
            summary.id,
            user_id=self._user,
            content_id=self._content,
            level=mastery.fitting_level(mastery.COACH_ASSIGNED_QUIZ, int(self._content, 16) % 10**9),
            criterion=mastery.COACH_ASSIGNED_QUIZ,
            at=self._start,
            log_id=self._id,
        )
        log.went_on(until=self._end, time_spent=self._seconds, completed=self._completed, complete=self._done)
        return log

    def _session(self, log: MasteryLog) -> ContentSession:
        session = ContentSession.begin(
            self._id,
            user_id=self._user,
            visitor_id=None,
            content_id=self._content,
            channel_id=None,
            kind="quiz",
            context={"quiz_id": self._content},
            at=self._start,
        )
        session.goes_on_with(log.id, log.mastery_level)
        session.went_on(until=self._end, time_spent=self._seconds, progress=float(self._done))
        return session

    def _period(self) -> tuple[datetime, datetime]:
        """From the first moment to the completion, or to the last moment without one."""
        moments = [
            moment for _, attempt in self._attempts for moment in (attempt.start_timestamp, attempt.end_timestamp)
        ]
        if self._completed is not None:
            moments.append(self._completed)
        if not moments:
            raise Corrupt("a quiz without a moment at which it was taken")
        return min(moments), self._completed or max(moments)


def _answer_with(convert: LogConverter) -> Callable[[SourceRow], Attempt]:
    """Converts an answer: its item names the question's content too, as a quiz's items do."""

    def answer(row: SourceRow) -> Attempt:
        attempt = convert.attempt(row)
        attempt.item = f"{values.identifier(row, 'content_id')}:{attempt.item}"
        return attempt

    return answer


def _no_exam(_: SourceRow) -> NoReturn:
    raise Corrupt("its quiz is not there")
