"""A Kolibri learner's rows as our documents. What cannot be one is reported and left out, whatever it is."""

from collections import defaultdict
from collections.abc import Iterable

from learntrack.documents import ContentSession, ContentSummary, MasteryLog
from learntrack.domain import mastery
from learntrack.domain.ids import parse_id
from learntrack.importing.dividing import Converted
from learntrack.importing.kolibri import values
from learntrack.importing.kolibri.legacy_exams import LegacyExam, legacy_exams
from learntrack.importing.kolibri.logs import Circumstances, LogConverter, end_of
from learntrack.importing.kolibri.source import LearnerRows
from learntrack.importing.kolibri.sql import SourceRow
from learntrack.importing.report import ImportReport


def converted(rows: LearnerRows, report: ImportReport, circumstances: Circumstances) -> list[Converted]:
    """What the rows of a learner, or of an anonymous session, become."""
    user = None if rows.user_id is None else parse_id(rows.user_id)
    return _Learner(rows, LogConverter(user, report, circumstances)).converted()


class _Learner:
    """A learner's rows being converted."""

    def __init__(self, rows: LearnerRows, convert: LogConverter) -> None:
        self._rows = rows
        self._convert = convert
        self._summaries: dict[str, Converted] = {}
        self._tries: dict[str, Converted] = {}
        self._sessions: dict[str, Converted] = {}
        self._summary_of: dict[str, ContentSummary] = {}  # by Kolibri's id
        self._by_level: dict[tuple[str, int], MasteryLog] = {}  # by summary and Kolibri's level
        self._untimed: set[str] = set()  # tries of a Kolibri that does not say how long they took

    def converted(self) -> list[Converted]:
        """What they become."""
        self._add_summaries()
        self._add_tries()
        self._add_sessions()
        self._add_legacy_exams()
        self._add_attempts()
        everything = [*self._summaries.values(), *self._tries.values(), *self._sessions.values()]
        for one in everything:
            one.number_attempts()
        for one in self._tries.values():
            self._finish_try(one)
        return everything

    def _add_summaries(self) -> None:
        """One of each content: of several, which a sync may leave behind, the one with the most progress."""
        by_id: dict[str, list[tuple[SourceRow, ContentSummary]]] = defaultdict(list)
        for row, summary in self._convert.each("content_summaries", self._rows.summaries, self._convert.summary):
            self._summary_of[str(row["id"])] = summary
            by_id[summary.id].append((row, summary))
        for key, found in by_id.items():
            row, best = max(found, key=lambda pair: (pair[1].progress, pair[1].end_timestamp))
            self._summaries[key] = _of_rows(best, row, (row for row, _ in found))
            for other, summary in found:
                if summary is not best:
                    best.join(summary)
                    reason = "there are several of this learner and content: joined"
                    self._convert.report.note("content_summaries", other["id"], reason)

    def _add_tries(self) -> None:
        def log(row: SourceRow) -> MasteryLog:
            return self._convert.log(row, self._summary_of.get(str(row["summarylog_id"])))

        for row, made in self._convert.each("mastery_logs", self._rows.tries, log):
            # A release before this one may have stored the level as it is: the digest tells that it has changed.
            mended = [str(made.mastery_level)] if made.mastery_level != row["mastery_level"] else []
            self._tries[made.id] = _of_rows(made, row, [row], *mended)
            self._by_level[made.summary_id, row["mastery_level"]] = made
            self._summary_of[made.id] = self._summary_of[str(row["summarylog_id"])]
            if row.get("time_spent") is None:
                self._untimed.add(made.id)

    def _add_sessions(self) -> None:
        """A session goes on with the try of its summary and level."""
        for row, session in self._convert.each("content_sessions", self._rows.sessions, self._convert.session):
            level = session.context.get("mastery_level")
            log = self._by_level.get((session.summary_id or "", int(level))) if level is not None else None
            if log is not None:
                session.goes_on_with(log.id, log.mastery_level)
            self._sessions[session.id] = _of_rows(session, row, [row], session.mastery_log_id)

    def _add_legacy_exams(self) -> None:
        taken = {log.content_id for log in self._logs() if mastery.is_coach_assigned(log.mastery_criterion)}
        for exam in legacy_exams(self._rows, taken, self._convert):
            self._add_legacy_exam(exam)

    def _add_legacy_exam(self, exam: LegacyExam) -> None:
        self._sessions[exam.session.id] = _of_rows(exam.session, exam.row, [exam.row])
        self._tries[exam.log.id] = log = _of_rows(exam.log, exam.row, [exam.row])
        if exam.summary.id not in self._summaries:
            self._summaries[exam.summary.id] = _of_rows(exam.summary, exam.row, [exam.row])
        for row, attempt in exam.attempts:
            log.add_attempt(row, attempt)

    def _add_attempts(self) -> None:
        """An attempt is held by its try; outside a try by its session."""
        report, tries, sessions = self._convert.report, self._tries, self._sessions
        for row, attempt in self._convert.each("attempts", self._rows.attempts, self._convert.attempt):
            log_id = row["masterylog_id"]
            holder = tries.get(str(log_id).replace("-", "")) if log_id else sessions.get(attempt.session_id)
            if holder is None:
                report.skip("attempts", row["id"], f"its {'try' if log_id else 'session'} is not there")
                continue
            if attempt.session_id not in sessions:
                report.note("attempts", row["id"], "kept in its try, though its session is not there")
            holder.add_attempt(row, attempt)

    def _finish_try(self, one: Converted) -> None:
        """Give a try what its row does not say, and its attempts do."""
        log = one.document
        assert isinstance(log, MasteryLog)
        if log.id in self._untimed:
            log.took(sum(attempt.time_spent for attempt in one.attempts))
        if (summary := self._summary_of.get(log.id)) is not None:
            end_of(log, summary, one.attempts, self._convert.circumstances)
        if log.complete and log.completion_timestamp is None:
            log.completed(self._convert.completed_at_the_end("mastery_logs", one.source_id, log.end_timestamp))

    def _logs(self) -> Iterable[MasteryLog]:
        return (one.document for one in self._tries.values() if isinstance(one.document, MasteryLog))


def _of_rows(
    document: ContentSummary | MasteryLog | ContentSession,
    row: SourceRow,
    rows: Iterable[SourceRow],
    *more: str | None,
) -> Converted:
    """What was made of `rows`, mostly of `row`."""
    made = Converted(document, values.identifier(row, "id"))
    for each in rows:
        made.add_row(each, *more)
    return made
