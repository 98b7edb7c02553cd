"""Attempt overflow: older attempts of long tries, in the shape that they had in their document."""

from typing import ClassVar

from beanie import Document
from pymongo import ASCENDING, IndexModel

from learntrack.documents.base import Row, Stored
from learntrack.documents.holding import HoldsAttempts, row_with_attempts
from learntrack.domain.attempt_places import Chunk
from learntrack.domain.attempts import Attempt
from learntrack.domain.fading import FadingKind, faded

HOLDER_ATTEMPT = IndexModel(
    [("user_id", ASCENDING), ("holder_id", ASCENDING), ("attempts.id", ASCENDING)], name="holder_attempt"
)
"""Serves: an attempt of a long try by its id; all chunks of a try."""
HOLDER_ITEM = IndexModel(
    [("user_id", ASCENDING), ("holder_id", ASCENDING), ("attempts.item", ASCENDING)], name="holder_item"
)
"""Serves: a long try's attempts on an item."""
HOLDER = IndexModel([("holder_id", ASCENDING)], name="holder")
"""Serves: all chunks of some tries, whoever's (diff, reports, retention); on a MongoDB joining them to a try (diff)."""
FACILITY_CONTENT = IndexModel([("facility_id", ASCENDING), ("content_id", ASCENDING)], name="facility_content")
"""Serves: a facility's older attempts at a content (rollups)."""


class AttemptOverflow(Stored, Document):  # type: ignore[misc]  # our ids are no ObjectIds
    """Chunk `number` of the older attempts of `holder_id`, a mastery log or a session without a try.

    Its id is `holder_id:number`; `content_id` and `facility_id` are the holder's.
    """

    shard_key = "user_id"

    user_id: str | None
    holder_id: str
    content_id: str | None = None
    facility_id: str | None = None
    number: int
    attempts: list[Attempt]

    class Settings:
        """Collection and indexes."""

        name = "attempt_overflow"
        indexes: ClassVar = [HOLDER_ATTEMPT, HOLDER_ITEM, HOLDER, FACILITY_CONTENT]

    @classmethod
    def begin(cls, holder: HoldsAttempts, user_id: str | None, chunk: Chunk) -> "AttemptOverflow":
        """A new chunk of a try's, or session's, attempts."""
        return cls.new(
            id=cls.id_of(holder.id, chunk.number),
            user_id=user_id,
            holder_id=holder.id,
            content_id=holder.content_id,
            facility_id=holder.facility_id,
            number=chunk.number,
            attempts=chunk.attempts,
        )

    @staticmethod
    def id_of(holder_id: str, number: int) -> str:
        """The id of a chunk."""
        return f"{holder_id}:{number}"

    def row(self) -> Row:
        """The whole document as it is stored; a field that it was never given is left out."""
        return row_with_attempts(self, self.attempts)

    def fade(self, kind: FadingKind) -> None:
        """Let answers, or interactions, fade."""
        self.change(attempts=faded(self.attempts, kind))

    def chunk(self) -> Chunk:
        """The chunk as a book takes it."""
        return Chunk(self.number, self.attempts)

    def belongs_to(self, facility_id: str | None) -> None:
        """Say which facility the learner is in."""
        self.change(facility_id=facility_id)

    def keep(self, chunk: Chunk) -> None:
        """Take over what has been recorded in the chunk."""
        self.attempts = chunk.attempts
        for path in ("attempts",) if chunk.moved else (f"attempts.{position}" for position in chunk.changed):
            self.note(path)
