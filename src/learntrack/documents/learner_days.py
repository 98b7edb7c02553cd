"""Learner-days: what each learner did on each day, for reports that would have to read every session."""

from datetime import datetime, timedelta
from typing import ClassVar

from beanie import Document
from pydantic import BaseModel
from pymongo import ASCENDING, IndexModel

from learntrack.documents.base import Stored

FACILITY_DAY = IndexModel([("facility_id", ASCENDING), ("day", ASCENDING)], name="facility_day")
"""Serves: a facility's days in a period."""
OWNER_DAY = IndexModel([("user_id", ASCENDING), ("day", ASCENDING)], name="owner_day")
"""Serves: a learner's days: computing them anew, forgetting."""

SETTLED = timedelta(hours=24)
"""A session that began longer ago says with each change of it that its day is to be computed anew."""
KEPT_AFTER = timedelta(hours=48)
"""A day is kept once it ended so long ago. By the hours between the two no change is missed: neither where the clocks
of two hosts differ, nor of a transaction that takes long.
"""
DEFINITION = 1
"""The version of what is kept; another one is computed from the beginning."""


class DayContent(BaseModel):
    """What a learner did on a day at one content: sessions begun, seconds in them, their first start and last end."""

    content_id: str
    sessions: int
    time_spent: float
    first: datetime
    last: datetime


class LearnerDay(Stored, Document):  # type: ignore[misc]  # our ids are no ObjectIds
    """The sessions that a learner began on a day (`YYYY-MM-DD`, in the time zone of the learner's facility).

    Its id is `user:day`. `first` is when the first of them began; `time_spent` is in seconds.
    """

    shard_key = "user_id"

    facility_id: str
    user_id: str
    day: str
    sessions: int
    time_spent: float
    first: datetime
    contents: list[DayContent]

    class Settings:
        """Collection and indexes."""

        name = "learner_days"
        indexes: ClassVar = [FACILITY_DAY, OWNER_DAY]


class DaysKept(Stored, Document):  # type: ignore[misc]  # our ids are no ObjectIds
    """Up to where the learner-days of a facility are kept. Its id is the facility's.

    What began before `through`, the beginning of a day in `timezone`, is in them; what begins later is read from the
    sessions. `before` is what `through` was until `moved_at`, for who reads from a server that is behind.
    """

    definition: int
    timezone: str
    through: datetime
    before: datetime
    moved_at: datetime

    class Settings:
        """Collection."""

        name = "days_kept"

    @classmethod
    def begin(cls, facility_id: str, timezone: str, through: datetime, at: datetime) -> "DaysKept":
        """Days of a facility that are kept from now on; none before `through` has any session."""
        return cls.new(
            id=facility_id, definition=DEFINITION, timezone=timezone, through=through, before=through, moved_at=at
        )

    def is_of(self, timezone: str) -> bool:
        """Whether what is kept are days of this time zone, as this release computes them."""
        return self.definition == DEFINITION and self.timezone == timezone

    def move(self, through: datetime, at: datetime) -> None:
        """Say that what began before `through` is kept."""
        self.change(through=through, before=self.through, moved_at=at)

    def through_for(self, behind: timedelta, now: datetime) -> datetime:
        """Up to where they are kept on a server that is so far behind."""
        return self.through if now - self.moved_at > behind else self.before
