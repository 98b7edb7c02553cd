"""Content summaries: one per learner and content."""

from datetime import datetime
from typing import Any, ClassVar

from pymongo import ASCENDING, IndexModel

from learntrack.documents.base import Stored, StoredImport

OWNER_PROGRESS = IndexModel([("user_id", ASCENDING), ("progress", ASCENDING)], name="owner_progress")
"""Serves: the total of a learner; a class's progress."""
CONTENT = IndexModel([("content_id", ASCENDING)], name="content")
"""Serves: who has used a content."""


class ContentSummary(Stored):
    """How far a learner is in a content, over all visits. Its id is derived from user and content.

    `has_tries`: the content was met as an assessment, so that its `finished_tries` count, not its progress.
    `time_spent` is in seconds, `progress` 0.0–1.0.
    """

    user_id: str
    content_id: str
    channel_id: str | None
    kind: str
    start_timestamp: datetime
    end_timestamp: datetime
    completion_timestamp: datetime | None = None
    time_spent: float = 0.0
    progress: float = 0.0
    extra_fields: dict[str, Any] = {}
    has_tries: bool = False
    finished_tries: int = 0
    imported: StoredImport | None = None

    class Settings:
        """Collection and indexes."""

        name = "content_summaries"
        indexes: ClassVar = [OWNER_PROGRESS, CONTENT]
