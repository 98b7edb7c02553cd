"""Mastery logs: one per try at an assessment, with its attempts and their interaction histories embedded."""

from datetime import datetime
from typing import Any, ClassVar, Self

from beanie import Document
from pymongo import ASCENDING, DESCENDING, IndexModel

from learntrack.documents.holding import NO_ATTEMPTS, HoldsAttempts
from learntrack.documents.logged import Imported
from learntrack.domain.attempt_book import AttemptBook
from learntrack.domain.ids import try_id
from learntrack.domain.mastery import Criterion
from learntrack.domain.moments import later_end

NEWEST_FIRST = [("end_timestamp", DESCENDING), ("_id", ASCENDING)]
"""The order of lists: total, so that pages neither skip nor repeat."""

OWNER_END = IndexModel([("user_id", ASCENDING), *NEWEST_FIRST], name="owner_end")
"""Serves: tries of a learner, or of a class's learners, newest first."""
OWNER_CONTENT = IndexModel([("user_id", ASCENDING), ("content_id", ASCENDING)], name="owner_content")
"""Serves: a learner's tries at a content: the diff, lists by content. They are few, so they are sorted as they come."""
CONTENT = IndexModel([("content_id", ASCENDING)], name="content")
"""Serves: everybody's tries at a content. Without the end, so that an update need not touch it."""
NEWEST = IndexModel([*NEWEST_FIRST], name="newest")
"""Serves: the newest tries of a facility, or of all, without sorting them; rollups by end_timestamp."""
FACILITY_END = IndexModel([("facility_id", ASCENDING), *NEWEST_FIRST], name="facility_end")
"""Serves: a facility's tries, newest first."""
FACILITY_CONTENT = IndexModel([("facility_id", ASCENDING), ("content_id", ASCENDING)], name="facility_content")
"""Serves: a facility's tries at a content: rollups, reports."""
SUMMARY = IndexModel([("summary_id", ASCENDING)], name="summary")
"""Serves: joining a summary's tries to it (starting a session)."""


class MasteryLog(HoldsAttempts, Document):  # type: ignore[misc]  # our ids are no ObjectIds
    """A try. Exercise tries have mastery_level 1, 2, 3…, quiz tries random negative ones.

    Its id is derived from summary and level, or the imported one. `time_spent` is in seconds. `not_right` counts the
    entries of its attempts' histories that were wrong or have no correctness (hints, errors): by that Kolibri says who
    needs help. It stays when they fade.
    """

    shard_key = "user_id"
    at_first = HoldsAttempts.at_first | {"not_right": 0}

    user_id: str
    summary_id: str
    mastery_level: int
    mastery_criterion: dict[str, Any]
    completion_timestamp: datetime | None = None
    complete: bool = False
    not_right: int = 0

    class Settings:
        """Collection and indexes."""

        name = "mastery_logs"
        indexes: ClassVar = [OWNER_END, OWNER_CONTENT, CONTENT, NEWEST, FACILITY_END, FACILITY_CONTENT, SUMMARY]

    @classmethod
    def begin(
        cls,
        summary_id: str,
        *,
        user_id: str,
        content_id: str,
        level: int,
        criterion: Criterion,
        at: datetime,
        log_id: str | None = None,
        facility_id: str | None = None,
    ) -> "MasteryLog":
        """A try that begins at this moment; an imported one keeps its id."""
        return cls.new(
            id=log_id or try_id(summary_id, level),
            user_id=user_id,
            summary_id=summary_id,
            content_id=content_id,
            facility_id=facility_id,
            mastery_level=level,
            mastery_criterion=dict(criterion),
            start_timestamp=at,
            end_timestamp=at,
            completion_timestamp=None,
            complete=False,
            time_spent=0.0,
            not_right=0,
            **NO_ATTEMPTS,
        )

    def advance(self, seconds: float, at: datetime, clock: datetime | None = None, *, finish: bool) -> None:
        """Add time, and finish the try if it is to be and is not; its end moves only when one of the two changes.
        `clock` is what time it is, where that is not when it happened. It is not finished before it began, even by what
        was done offline before that and is delivered later.
        """
        finishes = finish and not self.complete
        if seconds > 0 or finishes:
            self.change(time_spent=self.time_spent + seconds, end_timestamp=later_end(self.end_timestamp, at, clock))
        if finishes:
            self.change(complete=True, completion_timestamp=max(at, self.start_timestamp))

    def keep(self, book: AttemptBook) -> None:
        """Take over what has been recorded in a book; its chunks are documents of their own."""
        super().keep(book)
        self.change(not_right=self.not_right + book.not_right_more)

    def went_on(self, *, until: datetime, time_spent: float, completed: datetime | None, complete: bool) -> None:
        """Say of a try that was made elsewhere how it ended."""
        self.change(end_timestamp=until, time_spent=time_spent, completion_timestamp=completed, complete=complete)

    def take_over(self, source: Self, imported: Imported) -> None:
        """Add what is new in the source, as `Logged` says; finished here or there is finished. The level is as it is
        read from the source today.
        """
        self.change(
            mastery_level=source.mastery_level,
            complete=self.complete or source.complete,
            completion_timestamp=self.completion_timestamp or source.completion_timestamp,
        )
        super().take_over(source, imported)

    def ended(self, end: datetime) -> None:
        """Correct the end of a try that was made elsewhere."""
        self.change(end_timestamp=end)

    def completed(self, at: datetime) -> None:
        """Say when a finished try was finished that was made elsewhere."""
        self.change(completion_timestamp=at)

    def took(self, seconds: float) -> None:
        """Say how long a try took that was made elsewhere."""
        self.change(time_spent=seconds)
