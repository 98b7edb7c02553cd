"""Documents that hold attempts: the newest embedded, older ones in `attempt_overflow`."""

from collections.abc import Sequence
from typing import Any

from learntrack.documents.logged import Logged
from learntrack.domain.attempt_book import AttemptBook, AttemptLimits
from learntrack.domain.attempt_places import Chunk, OverflowTotals
from learntrack.domain.attempts import Attempt

NO_ATTEMPTS: dict[str, Any] = {"attempt_count": 0, "correct_sum": 0.0, "completed_attempts": 0, "attempts": []}


class HoldsAttempts(Logged):
    """The fields of a try, or of a session without one, that hold its attempts.

    `attempt_count`, `correct_sum` and `completed_attempts` are of all attempts, kept with every write so that lists and
    counts unwind nothing.
    """

    attempt_count: int = 0
    correct_sum: float = 0.0
    completed_attempts: int = 0
    attempts: list[Attempt] = []
    overflow: OverflowTotals | None = None

    def book(self, limits: AttemptLimits, chunks: Sequence[Chunk] = ()) -> AttemptBook:
        """The attempts, to be recorded in: `keep` takes over what has been, and until then nothing here changes."""
        totals = self.overflow.model_copy() if self.overflow else None
        copies = [Chunk(chunk.number, [*chunk.attempts]) for chunk in chunks]
        return AttemptBook([*self.attempts], totals, copies, limits)

    def keep(self, book: AttemptBook) -> None:
        """Take over what has been recorded in a book; its chunks are documents of their own."""
        self.change(
            attempt_count=book.attempt_count,
            correct_sum=book.correct_sum,
            completed_attempts=book.completed_attempts,
        )
        if book.totals is not None:
            self.change(overflow=book.totals)
        self.__dict__["attempts"] = book.embedded
        for path in ("attempts",) if book.moved else (f"attempts.{position}" for position in book.changed):
            self.note(path)
