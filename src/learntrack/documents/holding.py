"""Documents that hold attempts: the newest embedded, older ones in `attempt_overflow`."""

from collections.abc import Iterable, Mapping, Sequence
from math import fsum
from typing import Any, Self

import bson
from bson.codec_options import CodecOptions
from pydantic import BaseModel, Field

from learntrack.documents.base import Row, Stored
from learntrack.documents.later_attempts import LaterAttempts, to_be_read
from learntrack.documents.logged import Logged
from learntrack.domain.attempt_book import AttemptBook
from learntrack.domain.attempt_limits import AttemptLimits
from learntrack.domain.attempt_places import Chunk, OverflowTotals
from learntrack.domain.attempts import Attempt
from learntrack.domain.fading import Answers, FadingKind, faded, latest_answers

NO_ATTEMPTS: dict[str, Any] = {"attempt_count": 0, "correct_sum": 0.0, "completed_attempts": 0, "attempts": []}

_NO_ENTRIES: dict[str, Any] = {"attempts": {"__all__"}}
"""What leaves an empty list where the attempts stand."""


class FadedAttempts(BaseModel):
    """How many attempts are counted that are not there any more, because they were old.

    `answered` is how many questions they answered, `correct` the sum over these of the latest answer's correctness:
    what a quiz's score is made of. A question that is answered again afterwards counts once more.
    """

    attempt_count: int
    completed_attempts: int
    answered: int = 0
    correct: float = 0.0


def row_with_attempts(document: Stored, attempts: Iterable[Attempt]) -> Row:
    """The row of a document with these attempts: pydantic takes four times as long to write them down."""
    row = document.model_dump(by_alias=True, exclude_unset=True, exclude=_NO_ENTRIES)
    row["attempts"] = [attempt.row() for attempt in attempts]
    return row


class HoldsAttempts(Logged):
    """The fields of a try, or of a session without one, that hold its attempts.

    `attempt_count`, `correct_sum` and `completed_attempts` are of all attempts, kept with every write so that lists and
    counts unwind nothing.
    """

    attempt_count: int = 0
    correct_sum: float = 0.0
    completed_attempts: int = 0
    attempts: list[Attempt] = Field(default_factory=list)
    overflow: OverflowTotals | None = None
    faded: FadedAttempts | None = None

    decoded_later = frozenset({b"attempts"})
    at_first = Logged.at_first | NO_ATTEMPTS
    not_at_first = Logged.not_at_first | {"overflow", "faded"}

    @classmethod
    def from_parts(cls, rest: bytes, later: Mapping[bytes, bytes], options: CodecOptions[Row]) -> Self:
        """The document in a row as it came over the wire, its attempts not decoded until somebody looks at them."""
        document = cls.read(bson.decode(rest, options))
        if (array := later.get(b"attempts")) is not None:
            document.__dict__["attempts"] = to_be_read(
                array,
                options,
                attempt_count=document.attempt_count,
                correct_sum=document.correct_sum,
                completed_attempts=document.completed_attempts,
                overflow=document.overflow,
            )
            document.__pydantic_fields_set__.add("attempts")
        return document

    def book(self, limits: AttemptLimits, chunks: Sequence[Chunk] = ()) -> AttemptBook:
        """The attempts, to be recorded in: `keep` takes over what has been, and until then nothing here changes."""
        totals = self.overflow.model_copy() if self.overflow else None
        copies = [Chunk(chunk.number, [*chunk.attempts]) for chunk in chunks]
        attempts: list[Attempt] | LaterAttempts = self.__dict__["attempts"]
        if isinstance(attempts, LaterAttempts):
            return AttemptBook([*attempts.new], totals, copies, limits, unread=attempts.unread)
        return AttemptBook([*attempts], totals, copies, limits)

    def keep(self, book: AttemptBook) -> None:
        """Take over what has been recorded in a book; its chunks are documents of their own."""
        self.change(
            attempt_count=book.attempt_count,
            correct_sum=book.correct_sum,
            completed_attempts=book.completed_attempts,
        )
        if book.totals is not None:
            self.change(overflow=book.totals)
        unread = book.unread
        self.__dict__["attempts"] = book.embedded if unread is None else LaterAttempts(unread, book.embedded)
        if self.is_new:
            return  # all of it is written
        first = 0 if unread is None else unread.count
        for path in ("attempts",) if book.moved else (f"attempts.{first + position}" for position in book.changed):
            self.note(path)

    def row(self) -> Row:
        """The whole document as it is stored; a field that it was never given is left out."""
        return row_with_attempts(self, self.attempts)

    @property
    def has_attempts(self) -> bool:
        """Whether any attempt is still there."""
        return self.attempt_count > self.faded_count

    @property
    def faded_count(self) -> int:
        """How many attempts have faded."""
        return self.faded.attempt_count if self.faded else 0

    def fade(self, kind: FadingKind, older: Sequence[Attempt] = ()) -> None:
        """Let what is embedded of attempts fade; chunks, which hold the `older` ones, are documents of their own, and
        go where attempts do.

        Attempts that go are counted on: as chunks that are not there.
        """
        if kind is FadingKind.attempts:
            if not self.has_attempts:
                return
            answers = latest_answers([*older, *self.attempts])
            self.change(overflow=_all_moved(self.overflow, self.attempts))
            self._count_on(
                self.attempt_count - self.faded_count,
                self.completed_attempts - (self.faded.completed_attempts if self.faded else 0),
                answers,
            )
        self.change(attempts=faded(self.attempts, kind))

    def let_go(self, older: Sequence[Attempt], answers: Answers) -> None:
        """Count attempts on whose chunks go, and by how much the latest answers become less without them."""
        self._count_on(len(older), sum(attempt.complete for attempt in older), answers)

    def _count_on(self, attempts: int, completed: int, answers: Answers) -> None:
        before = self.faded or FadedAttempts(attempt_count=0, completed_attempts=0)
        self.change(
            faded=FadedAttempts(
                attempt_count=before.attempt_count + attempts,
                completed_attempts=before.completed_attempts + completed,
                answered=before.answered + answers.answered,
                correct=before.correct + answers.correct,
            )
        )


def _all_moved(totals: OverflowTotals | None, attempts: Sequence[Attempt]) -> OverflowTotals:
    """The totals with these attempts in them too."""
    starts = [attempt.start_timestamp for attempt in attempts] + ([totals.newest_start] if totals else [])
    return OverflowTotals(
        chunk_count=totals.chunk_count if totals else 0,
        attempt_count=len(attempts) + (totals.attempt_count if totals else 0),
        correct_sum=fsum(attempt.correct for attempt in attempts) + (totals.correct_sum if totals else 0.0),
        completed_attempts=sum(attempt.complete for attempt in attempts) + (totals.completed_attempts if totals else 0),
        newest_start=max(starts),
    )
