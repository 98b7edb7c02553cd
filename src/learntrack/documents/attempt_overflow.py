"""Attempt overflow: older attempts of long tries, in the shape that they had in their document."""

from typing import ClassVar

from pymongo import ASCENDING, IndexModel

from learntrack.documents.base import Stored, StoredAttempt

HOLDER_ATTEMPT = IndexModel(
    [("user_id", ASCENDING), ("holder_id", ASCENDING), ("attempts.id", ASCENDING)], name="holder_attempt"
)
"""Serves: an attempt of a long try by its id; all chunks of a try."""
HOLDER_ITEM = IndexModel(
    [("user_id", ASCENDING), ("holder_id", ASCENDING), ("attempts.item", ASCENDING)], name="holder_item"
)
"""Serves: a long try's attempts on an item."""
HOLDER = IndexModel([("holder_id", ASCENDING)], name="holder")
"""Serves: joining the chunks of a try to it (reports)."""


class AttemptOverflow(Stored):
    """Chunk `number` of the older attempts of `holder_id`, a mastery log or a session without a try.

    Its id is `holder_id:number`.
    """

    user_id: str | None
    holder_id: str
    number: int
    attempts: list[StoredAttempt]

    class Settings:
        """Collection and indexes."""

        name = "attempt_overflow"
        indexes: ClassVar = [HOLDER_ATTEMPT, HOLDER_ITEM, HOLDER]
