"""Content sessions: one per visit of a content."""

from datetime import datetime
from typing import ClassVar, Self

from beanie import Document
from pymongo import ASCENDING, DESCENDING, IndexModel

from learntrack.documents.holding import NO_ATTEMPTS, HoldsAttempts
from learntrack.documents.logged import Imported, progress_taken_over
from learntrack.domain.ids import summary_id
from learntrack.domain.moments import later_end
from learntrack.domain.progress import Advance

OWNER_ATTEMPTS = IndexModel(
    [("user_id", ASCENDING), ("end_timestamp", DESCENDING)],
    name="owner_attempts",
    partialFilterExpression={"attempt_count": {"$gt": 0}},
)
"""Serves: attempts outside a try of these learners; partial, because few sessions hold attempts."""
NEWEST_ATTEMPTS = IndexModel(
    [("end_timestamp", DESCENDING)], name="newest_attempts", partialFilterExpression={"attempt_count": {"$gt": 0}}
)
"""Serves: everybody's attempts outside a try, newest first."""
OWNER_START = IndexModel(
    [("user_id", ASCENDING), ("start_timestamp", ASCENDING), ("_id", ASCENDING)], name="owner_start_id"
)
"""Serves: a learner's sessions in a range of dates, export, forgetting."""
FACILITY_START = IndexModel([("facility_id", ASCENDING), ("start_timestamp", ASCENDING)], name="facility_start")
"""Serves: a facility's sessions in a range of dates. Without the end, so that an update need not touch it."""

LESSON = IndexModel(
    [("context.lesson_id", ASCENDING)], name="lesson", partialFilterExpression={"context.lesson_id": {"$exists": True}}
)
"""Serves: what was done in a lesson; partial, because most sessions are in none."""
UNIT = IndexModel(
    [("content_id", ASCENDING)], name="unit", partialFilterExpression={"context.unit_id": {"$exists": True}}
)
"""Serves: of which unit a content is the test; partial, because most sessions are no tests of units."""


class ContentSession(HoldsAttempts, Document):  # type: ignore[misc]  # our ids are no ObjectIds
    """A visit: who, what, when, how long. Holds attempts only where there is no try (anonymous, or no assessment).

    `user_id` is null for an anonymous visit, which then may have a `visitor_id`. `summary_id` is the
    learner's summary of the content, `mastery_log_id` the session's try.
    `time_spent` is in seconds, `progress` 0.0–1.0 counts from the session's own start.
    """

    shard_key = "user_id"

    user_id: str | None
    visitor_id: str | None
    channel_id: str | None
    kind: str
    context: dict[str, str | int]
    summary_id: str | None
    mastery_log_id: str | None
    progress: float = 0.0

    class Settings:
        """Collection and indexes."""

        name = "content_sessions"
        indexes: ClassVar = [OWNER_ATTEMPTS, NEWEST_ATTEMPTS, OWNER_START, FACILITY_START, LESSON, UNIT]

    @classmethod
    def begin(
        cls,
        session_id: str,
        *,
        user_id: str | None,
        visitor_id: str | None,
        content_id: str,
        channel_id: str | None,
        kind: str,
        context: dict[str, str | int],
        at: datetime,
        facility_id: str | None = None,
    ) -> "ContentSession":
        """A visit that begins at this moment."""
        return cls.new(
            id=session_id,
            user_id=user_id,
            visitor_id=visitor_id,
            content_id=content_id,
            facility_id=facility_id,
            channel_id=channel_id,
            kind=kind,
            context=dict(context),
            summary_id=None if user_id is None else summary_id(user_id, content_id),
            mastery_log_id=None,
            start_timestamp=at,
            end_timestamp=at,
            time_spent=0.0,
            progress=0.0,
            **NO_ATTEMPTS,
        )

    def goes_on_with(self, log_id: str, mastery_level: int) -> None:
        """The visit goes on with this try."""
        self.change(mastery_log_id=log_id, context=self.context | {"mastery_level": mastery_level})

    def advance(self, step: Advance, at: datetime, clock: datetime | None = None) -> None:
        """Add progress and time; `clock` is what time it is, where that is not when it happened."""
        self.change(
            progress=step.of(self.progress),
            time_spent=self.time_spent + step.time_spent,
            end_timestamp=later_end(self.end_timestamp, at, clock),
        )

    def went_on(self, *, until: datetime, time_spent: float, progress: float) -> None:
        """Say of a visit that was made elsewhere how it ended."""
        self.change(end_timestamp=until, time_spent=time_spent, progress=progress)

    def take_over(self, source: Self, imported: Imported) -> None:
        """Add what is new in the source, as `Logged` says; a context gains what it lacks."""
        if source.end_timestamp > self.end_timestamp:
            self.change(channel_id=source.channel_id)
        self.change(
            progress=progress_taken_over(self.progress, self.imported, source.progress),
            mastery_log_id=self.mastery_log_id or source.mastery_log_id,
            context=source.context | self.context,
        )
        super().take_over(source, imported)
