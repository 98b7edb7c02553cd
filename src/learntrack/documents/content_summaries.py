"""Content summaries: one per learner and content."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Self

from beanie import Document
from pydantic import BaseModel, Field
from pymongo import ASCENDING, IndexModel

from learntrack.documents.logged import Imported, Logged, progress_taken_over
from learntrack.documents.try_numbers import CountedTry, TryFigures, TryNumbers, numbers_by_kind
from learntrack.domain.ids import summary_id
from learntrack.domain.mastery import TryKind, try_kind
from learntrack.domain.moments import later_end
from learntrack.domain.progress import Advance, is_complete

OWNER_PROGRESS = IndexModel([("user_id", ASCENDING), ("progress", ASCENDING)], name="owner_progress")
"""Serves: the total of a learner; a class's progress."""
CONTENT = IndexModel([("content_id", ASCENDING)], name="content")
"""Serves: who has used a content."""
OWNER_START = IndexModel(
    [("user_id", ASCENDING), ("start_timestamp", ASCENDING), ("_id", ASCENDING)], name="owner_start_id"
)
"""Serves: export, in its order."""
FACILITY_CONTENT = IndexModel([("facility_id", ASCENDING), ("content_id", ASCENDING)], name="facility_content")
"""Serves: how far a facility's learners are in a content, or in all."""
RECOUNT = IndexModel([("recount", ASCENDING)], name="recount", partialFilterExpression={"recount": True})
"""Serves: counting tries anew where that is needed; partial, because hardly ever it is."""


class CurrentTry(BaseModel):
    """The try of one kind that the next start goes on with, so that it need not be looked for among all.

    Only there as long as that is sure: the others are finished, and none of them ended later than this one if it is
    finished too. `others_end` is the latest end of the others, null where there are none.
    """

    try_id: str
    highest_level: int
    others_end: datetime | None


class ContentSummary(Logged, Document):  # type: ignore[misc]  # our ids are no ObjectIds
    """How far a learner is in a content, over all visits. Its id is derived from user and content.

    `has_tries`: the content was met as an assessment, so that its `finished_tries` count, not its progress.
    `of_tries` are the numbers of its tries, by their kind, written in the transaction that changes a try; where they
    may be wrong, `recount` says so until they have been counted anew, within seconds. `faded_attempts` of the attempts
    that they count are not there any more.
    `completion_timestamp` is that of the latest completion, `first_completed_at` that of the first of several.
    `time_spent` is in seconds, `progress` 0.0–1.0.
    """

    shard_key = "user_id"
    at_first = Logged.at_first | {"has_tries": False, "finished_tries": 0}
    not_at_first = Logged.not_at_first | {"current", "of_tries", "recount", "faded_attempts"}

    user_id: str
    channel_id: str | None
    kind: str
    completion_timestamp: datetime | None = None
    first_completed_at: datetime | None = None
    progress: float = 0.0
    extra_fields: dict[str, Any] = Field(default_factory=dict)
    has_tries: bool = False
    finished_tries: int = 0
    current: dict[TryKind, CurrentTry] = Field(default_factory=dict)
    of_tries: dict[TryKind, TryNumbers] = Field(default_factory=dict)
    recount: bool | None = None
    faded_attempts: int = 0

    class Settings:
        """Collection and indexes."""

        name = "content_summaries"
        indexes: ClassVar = [OWNER_PROGRESS, CONTENT, OWNER_START, FACILITY_CONTENT, RECOUNT]

    @classmethod
    def begin(
        cls,
        *,
        user_id: str,
        content_id: str,
        channel_id: str | None,
        kind: str,
        at: datetime,
        facility_id: str | None = None,
    ) -> "ContentSummary":
        """The summary of a learner who meets a content for the first time."""
        return cls.new(
            id=summary_id(user_id, content_id),
            user_id=user_id,
            content_id=content_id,
            facility_id=facility_id,
            channel_id=channel_id,
            kind=kind,
            start_timestamp=at,
            end_timestamp=at,
            completion_timestamp=None,
            time_spent=0.0,
            progress=0.0,
            extra_fields={},
            has_tries=False,
            finished_tries=0,
        )

    def visit(
        self, channel_id: str | None, at: datetime, clock: datetime | None = None, *, repeat: bool, with_try: bool
    ) -> None:
        """A visit begins: the newest channel and end count; `repeat` starts progress anew; `clock` is what time it is,
        where that is not when it happened.
        """
        self.change(channel_id=channel_id, end_timestamp=later_end(self.end_timestamp, at, clock))
        if repeat:
            self.change(progress=0.0)
        if with_try:
            self.change(has_tries=True)

    def advance(self, step: Advance, at: datetime, clock: datetime | None = None) -> None:
        """Add progress and time; reaching 1.0 from below is the completion, never before it began. `clock` as of
        `visit`.
        """
        was_complete = is_complete(self.progress)
        self.change(
            progress=step.of(self.progress),
            time_spent=self.time_spent + step.time_spent,
            end_timestamp=later_end(self.end_timestamp, at, clock),
        )
        if is_complete(self.progress) and not was_complete:
            done = max(at, self.start_timestamp)
            if self.completion_timestamp is not None:
                self.change(first_completed_at=min(self.first_completed_at or self.completion_timestamp, done))
            self.change(completion_timestamp=later_end(self.completion_timestamp or done, done, clock))

    def count_faded(self, attempts: int) -> None:
        """So many more attempts of its tries have faded."""
        self.change(faded_attempts=self.faded_attempts + attempts)

    def keep_extra_fields(self, extra_fields: dict[str, Any]) -> None:
        """Replace what the app keeps with the summary."""
        # Not by `change`, to which `1`, `1.0` and `true` are the same.
        self.extra_fields = extra_fields
        self.note("extra_fields")

    def count_new_try(self, log: CountedTry) -> None:
        """A try has begun."""
        kind = try_kind(log.mastery_criterion)
        numbers = self.of_tries.get(kind)
        if numbers is None:
            self.change(of_tries=self.of_tries | {kind: TryNumbers.of([log])})
        else:
            numbers.begin(log)
            self.note(f"of_tries.{kind}")

    def count_try(self, log: CountedTry, before: TryFigures) -> None:
        """A try has gone on since it stood as `before`."""
        kind = try_kind(log.mastery_criterion)
        numbers = self.of_tries[kind]
        if numbers.tries == 1:
            self.of_tries[kind] = numbers = TryNumbers.of([log])
        elif not numbers.go_on(log, before):
            self.change(recount=True)
        self.note(f"of_tries.{kind}")
        if log.complete and not before.complete:
            self.change(finished_tries=self.finished_tries + 1)

    def count_tries(self, tries: Sequence[CountedTry]) -> None:
        """Count its tries anew, given all of them: some were made elsewhere."""
        self.change(
            has_tries=True,
            finished_tries=sum(log.complete for log in tries),
            current={},
            of_tries=numbers_by_kind(tries),
        )
        if self.recount:
            self.change(recount=None)

    def went_on(
        self,
        *,
        until: datetime,
        time_spent: float,
        progress: float,
        completed: datetime | None,
        extra_fields: dict[str, Any],
    ) -> None:
        """Say how far the learner is who used the content elsewhere."""
        self.change(
            end_timestamp=until,
            time_spent=time_spent,
            progress=progress,
            completion_timestamp=completed,
            extra_fields=extra_fields,
        )

    def take_over(self, source: Self, imported: Imported) -> None:
        """Add what is new in the source, as `Logged` says; what the app keeps is the source's where that is newer."""
        if source.end_timestamp > self.end_timestamp:
            self.change(channel_id=source.channel_id, extra_fields=source.extra_fields)
        self.change(
            progress=progress_taken_over(self.progress, self.imported, source.progress),
            completion_timestamp=self.completion_timestamp or source.completion_timestamp,
        )
        super().take_over(source, imported)

    def join(self, other: Self) -> None:
        """Take in another summary of the same learner and content, which has no more progress than this one."""
        self.change(start_timestamp=min(self.start_timestamp, other.start_timestamp))

    def goes_on_with(self, kind: TryKind, current: CurrentTry) -> None:
        """Remember the try of this kind to go on with."""
        self.change(current=self.current | {kind: current})

    def try_moved(self, kind: TryKind, try_id: str, *, finished: bool, end: datetime) -> None:
        """A try ended anew: which one to go on with has to be looked up again if that may have changed."""
        current = self.current.get(kind)
        if current is None:
            return
        is_first = current.try_id == try_id and (not finished or current.others_end is None or end > current.others_end)
        if not is_first:
            self.change(current={other: each for other, each in self.current.items() if other != kind})
