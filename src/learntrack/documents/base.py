"""What every stored document has in common."""

from datetime import datetime
from typing import Any

from beanie import Document
from pydantic import BaseModel

SCHEMA_VERSION = 1
"""The version of the stored shapes that this release writes, in every document's `schema_version`."""


class Stored(Document):
    """A document whose id is a string of 32 hex digits, unless its own docstring says otherwise."""

    id: str  # type: ignore[assignment]  # Beanie's default is an ObjectId
    schema_version: int = SCHEMA_VERSION


class StoredImport(BaseModel):
    """What a document was imported from: the source's id, and what the source said last time, so that the next import
    knows what is new.
    """

    id: str
    digest: str
    time_spent: float
    progress: float | None = None


class StoredOverflowTotals(BaseModel):
    """What a try (or a session without one) remembers of its attempts in `attempt_overflow`."""

    chunk_count: int
    attempt_count: int
    correct_sum: float
    completed_attempts: int
    newest_start: datetime


class StoredAttempt(BaseModel):
    """One attempt, embedded in its try, its session, or an overflow chunk; see `learntrack.domain.attempts.Attempt`."""

    id: str
    number: int
    item: str
    session_id: str
    start_timestamp: datetime
    end_timestamp: datetime
    completion_timestamp: datetime | None
    time_spent: float
    complete: bool
    correct: float
    hinted: bool
    error: bool
    answer: dict[str, Any]
    simple_answer: str
    interaction_history: list[dict[str, Any]]


class HoldsAttempts(BaseModel):
    """The fields of a document that holds attempts: the newest embedded, older ones in `attempt_overflow`.

    `attempt_count`, `correct_sum` and `completed_attempts` are of all attempts, kept with every write so that lists and
    counts unwind nothing.
    """

    attempt_count: int = 0
    correct_sum: float = 0.0
    completed_attempts: int = 0
    attempts: list[StoredAttempt] = []
    overflow: StoredOverflowTotals | None = None
