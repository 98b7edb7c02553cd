"""What every log has in common: when, how long, and where it was imported from."""

from datetime import datetime
from typing import ClassVar, Self

from pydantic import BaseModel

from learntrack.documents.base import Row, Stored


class Imported(BaseModel):
    """What a document was imported from: the source's id, and what the source said last time.

    By that the next import knows what is new. `digest` is of the source's rows; it is empty while only a part of them
    is stored. `time_spent` is in seconds, `progress` 0.0–1.0.
    """

    id: str
    digest: str
    time_spent: float
    progress: float | None = None


class Logged(Stored):
    """A session, a summary or a try at a content: it began, it ended, and took so many seconds.

    `facility_id` is the learner's facility of today, null for who is in none. It narrows what has to be read; what may
    be read is the roster's to say. Where a learner moves, their logs follow within seconds.
    """

    at_first: ClassVar[Row] = {"facility_id": None}
    not_at_first = frozenset({"imported"})

    content_id: str
    facility_id: str | None = None
    start_timestamp: datetime
    end_timestamp: datetime
    time_spent: float = 0.0
    imported: Imported | None = None

    def belongs_to(self, facility_id: str | None) -> None:
        """Say which facility the learner is in."""
        if self.is_new or facility_id != self.facility_id:
            self.change(facility_id=facility_id)

    def came_from(self, imported: Imported) -> None:
        """Remember what it was imported from."""
        self.change(imported=imported)

    def take_over(self, source: Self, imported: Imported) -> None:
        """Add what is new in the source since the last import. Attempts are taken over by a book.

        What was recorded here meanwhile stays: time grows by what the source's has grown by, never back to its state.

        Args:
            source: The whole document as the source has it now.
            imported: What to remember of the source.

        """
        known = self.imported.time_spent if self.imported is not None else 0.0
        self.change(
            time_spent=max(0.0, self.time_spent + source.time_spent - known),
            start_timestamp=min(self.start_timestamp, source.start_timestamp),
            end_timestamp=max(self.end_timestamp, source.end_timestamp),
            imported=imported,
        )


def progress_taken_over(stored: float, imported: Imported | None, source: float) -> float:
    """Progress after an import: the source's, unless more was made here meanwhile."""
    known = imported.progress if imported is not None else 0.0
    return source if stored == known else max(stored, source)
