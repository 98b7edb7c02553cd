"""A row of a Kolibri's logs as one of our documents, or as an attempt.

Ids of sessions, tries and attempts stay. A summary gets the id derived of learner and content, as all of ours (there is
one per learner and content), and remembers Kolibri's.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from learntrack.documents import ContentSession, ContentSummary, MasteryLog
from learntrack.domain.attempts import Attempt
from learntrack.domain.mastery import Criterion, fitting_level, is_quiz
from learntrack.domain.progress import is_complete
from learntrack.importing.kolibri import values
from learntrack.importing.kolibri.sql import SourceRow
from learntrack.importing.kolibri.usual_attempts import usual_attempt
from learntrack.importing.kolibri.values import FIRST, YEAR, Corrupt
from learntrack.importing.report import ImportReport

T = TypeVar("T")


@dataclass(slots=True, frozen=True)
class Circumstances:
    """What conversion depends on besides the rows.

    Args:
        at: The moment of the import: nothing that is stored lies after it.
        moves_ends_of_tries: Whether the Kolibri moves the end of a try as its learner goes on (0.18 and later).

    """

    at: datetime
    moves_ends_of_tries: bool = True


@dataclass(slots=True)
class LogConverter:
    """Turns the rows of a learner, or of an anonymous session, into documents, one by one."""

    user_id: str | None
    report: ImportReport
    circumstances: Circumstances

    def each(
        self, kind: str, rows: Sequence[SourceRow], convert: Callable[[SourceRow], T]
    ) -> Iterator[tuple[SourceRow, T]]:
        """The rows that can be converted, with what they become; the others are reported."""
        self.report.count(kind, "read", len(rows))
        for row in rows:
            try:
                yield row, convert(row)
            except Corrupt as error:
                self.report.skip(kind, row.get("id"), str(error))

    def session(self, row: SourceRow) -> ContentSession:
        """A session; which try it goes on with is not in its row."""
        start, end = self._period("content_sessions", row)
        session = ContentSession.begin(
            values.identifier(row, "id"),
            user_id=self.user_id,
            visitor_id=values.optional_id(row, "visitor_id"),
            content_id=values.identifier(row, "content_id"),
            channel_id=values.optional_id(row, "channel_id"),
            kind=values.text(row, "kind"),
            context=values.context(row),
            at=start,
        )
        seconds = self._seconds("content_sessions", row, start, end)
        session.went_on(until=end, time_spent=seconds, progress=self._share("content_sessions", row, "progress"))
        return session

    def summary(self, row: SourceRow) -> ContentSummary:
        """A summary; how many tries it has is not in its row."""
        assert self.user_id is not None
        start, end = self._period("content_summaries", row)
        values.identifier(row, "id")
        summary = ContentSummary.begin(
            user_id=self.user_id,
            content_id=values.identifier(row, "content_id"),
            channel_id=values.optional_id(row, "channel_id"),
            kind=values.text(row, "kind"),
            at=start,
        )
        progress = self._share("content_summaries", row, "progress")
        completed = self.completion("content_summaries", row, start)
        if completed is None and is_complete(progress):
            completed = self.completed_at_the_end("content_summaries", row.get("id"), end)
        summary.went_on(
            until=end,
            time_spent=self._seconds("content_summaries", row, start, end),
            progress=progress,
            completed=completed,
            extra_fields=values.mapping(row, "extra_fields"),
        )
        return summary

    def log(self, row: SourceRow, summary: ContentSummary | None) -> MasteryLog:
        """A try of this summary, without its attempts. A criterion of a type that is unknown here is kept."""
        if summary is None:
            raise Corrupt("its summary is not there")
        start, end = self._period("mastery_logs", row)
        criterion = self._criterion(row)
        log = MasteryLog.begin(
            summary.id,
            user_id=summary.user_id,
            content_id=summary.content_id,
            level=self._level(row, criterion),
            criterion=criterion,
            at=start,
            log_id=values.identifier(row, "id"),
        )
        log.went_on(
            until=end,
            time_spent=0.0 if row.get("time_spent") is None else self._seconds("mastery_logs", row, start, end),
            completed=self.completion("mastery_logs", row, start, complete=bool(row["complete"])),
            complete=bool(row["complete"]),
        )
        return log

    def attempt(self, row: SourceRow) -> Attempt:
        """An attempt; its number is not in its row."""
        return usual_attempt(row, self.circumstances.at) or self._attempt(row)

    def _attempt(self, row: SourceRow) -> Attempt:
        """An attempt of whatever row, column by column."""
        start, end = self._period("attempts", row)
        return Attempt(
            id=values.identifier(row, "id"),
            number=0,
            item=values.text(row, "item"),
            session_id=values.optional_id(row, "sessionlog_id") or "",
            start_timestamp=start,
            end_timestamp=end,
            completion_timestamp=self.moment("attempts", row, "completion_timestamp"),
            time_spent=self._seconds("attempts", row, start, end),
            complete=bool(row["complete"]),
            correct=self._share("attempts", row, "correct"),
            hinted=bool(row["hinted"]),
            error=bool(row.get("error")),
            answer=values.mapping(row, "answer"),
            simple_answer=str(row["simple_answer"] or ""),
            interaction_history=values.history(row),
        )

    def moment(self, kind: str, row: SourceRow, name: str) -> datetime | None:
        """A moment, if there is one; a later one than the import's, which a wrong clock made, counts as that, and one
        before there was a Kolibri, which a clock made that was not set, as none.
        """
        found = values.moment(row, name)
        if found is not None and found < FIRST:
            self.report.note(kind, row.get("id"), f"{name}: before {FIRST.year}, left out")
            return None
        if found is None or found <= self.circumstances.at:
            return found
        self.report.note(kind, row.get("id"), f"{name}: in the future, stored as the moment of the import")
        return self.circumstances.at

    def completion(
        self, kind: str, row: SourceRow, start: datetime, *, complete: bool | None = None
    ) -> datetime | None:
        """When it was completed, not before it began; never, where the row says besides that it is not `complete`."""
        found = self.moment(kind, row, "completion_timestamp")
        if found is None:
            return None
        if complete is False:
            self.report.note(kind, row.get("id"), "completion_timestamp: of what is not complete, left out")
            return None
        if found < start:
            self.report.note(kind, row.get("id"), "completion_timestamp: before the start, stored as the start")
        return max(found, start)

    def completed_at_the_end(self, kind: str, record: object, end: datetime) -> datetime:
        """When something was completed that is complete and does not say when: Kolibri's own upgrades say so too."""
        self.report.note(kind, record, "completion_timestamp: none, though complete: stored as the end")
        return end

    def _criterion(self, row: SourceRow) -> dict[str, Any]:
        """What a try demands; whether a coach assigned it is yes or no."""
        found = values.mapping(row, "mastery_criterion")
        assigned = found.get("coach_assigned", False)
        if isinstance(assigned, bool):
            return found
        self.report.note("mastery_logs", row.get("id"), "mastery_criterion: coach_assigned is neither true nor false")
        return found | {"coach_assigned": bool(assigned)}

    def _level(self, row: SourceRow, criterion: Criterion) -> int:
        """The mastery level, with the sign of the criterion's tries."""
        found = values.level(row)
        fitting = fitting_level(criterion, found)
        if fitting != found:
            what = "a quiz, stored as below 0" if is_quiz(criterion) else "an exercise, stored as above 0"
            self.report.note("mastery_logs", row.get("id"), f"mastery_level: not that of a try at {what}")
        return fitting

    def _period(self, kind: str, row: SourceRow) -> tuple[datetime, datetime]:
        """Start and end; what has no end yet, or one before its start, ends where it starts, and what has no start
        starts where it ends.
        """
        start, end = self.moment(kind, row, "start_timestamp"), self.moment(kind, row, "end_timestamp")
        if start is not None and end is not None and end < start:
            self.report.note(kind, row.get("id"), "end_timestamp: before the start, stored as the start")
            return start, start
        if start is not None:
            return start, end or start
        if end is not None:
            return end, end
        raise Corrupt("start_timestamp: an impossible date")

    def _share(self, kind: str, row: SourceRow, name: str) -> float:
        """A number of 0.0–1.0; a larger one counts as 1.0."""
        found = values.number(row, name)
        if found > 1:
            self.report.note(kind, row.get("id"), f"{name}: above 1, stored as 1")
        return min(1.0, found)

    def _seconds(self, kind: str, row: SourceRow, start: datetime, end: datetime) -> float:
        """Seconds spent; of more than a year, which a clock made that jumped, those between start and end."""
        found = values.number(row, "time_spent")
        if found <= YEAR:
            return found
        self.report.note(kind, row.get("id"), "time_spent: more than a year, stored as from start to end")
        return min(found, max(0.0, (end - start).total_seconds()))


def end_of(log: MasteryLog, summary: ContentSummary, attempts: Iterable[Attempt], circumstances: Circumstances) -> None:
    """Give a try whose end never moved the one that Kolibri 0.18 and later give it when they upgrade.

    That is the newest end of its attempts, or of its summary where it has neither attempts nor a completion. It never
    moved where the Kolibri does not move it, and in a try that was synchronised from such a one: it has time, or is
    complete, though it ends where it starts.
    """
    went_on = log.time_spent > 0 or log.complete
    if log.end_timestamp != log.start_timestamp or (circumstances.moves_ends_of_tries and not went_on):
        return
    end = max((attempt.end_timestamp for attempt in attempts), default=None)
    if end is None and log.completion_timestamp is None:
        end = summary.end_timestamp
    if end is not None:
        log.ended(max(end, log.start_timestamp))
