"""Mastery logs: one per try at an assessment, with its attempts and their interaction histories embedded."""

from datetime import datetime
from typing import Any, ClassVar

from pymongo import ASCENDING, DESCENDING, IndexModel

from learntrack.documents.base import HoldsAttempts, Stored, StoredImport

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
SUMMARY = IndexModel([("summary_id", ASCENDING)], name="summary")
"""Serves: joining a summary's tries to it (starting a session)."""


class MasteryLog(Stored, HoldsAttempts):
    """A try. Exercise tries have mastery_level 1, 2, 3…, quiz tries random negative ones.

    Its id is derived from summary and level, or the imported one. `time_spent` is in seconds.
    """

    user_id: str
    summary_id: str
    content_id: str
    mastery_level: int
    mastery_criterion: dict[str, Any]
    start_timestamp: datetime
    end_timestamp: datetime
    completion_timestamp: datetime | None = None
    complete: bool = False
    time_spent: float = 0.0
    imported: StoredImport | None = None

    class Settings:
        """Collection and indexes."""

        name = "mastery_logs"
        indexes: ClassVar = [OWNER_END, OWNER_CONTENT, CONTENT, NEWEST, SUMMARY]
