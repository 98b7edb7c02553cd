"""Where the attempts of a long try stand: the newest embedded in its document, older ones in overflow chunks."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import BaseModel

from learntrack.domain.any_json import stored_json
from learntrack.domain.attempts import Attempt, newness
from learntrack.domain.portions import portions

EMBEDDED_MOST = 24
"""Attempts that a document holds at the most; one more, and all but the newest `EMBEDDED_KEPT` move out."""
EMBEDDED_KEPT = 12
EMBEDDED_BYTES = 512 * 1024
"""Bytes (as JSON) of embedded attempts at the most."""
CHUNK_BYTES = 512 * 1024
LARGE = EMBEDDED_BYTES // EMBEDDED_MOST
"""Attempts of so many bytes and fewer cannot outgrow a document: all are measured only when a larger one is recorded.

So a document holds at most twice `EMBEDDED_BYTES`, or one attempt that is larger alone.
"""


class OverflowTotals(BaseModel):
    """What a document remembers of its attempts that moved to chunks."""

    chunk_count: int
    attempt_count: int
    correct_sum: float
    completed_attempts: int
    newest_start: datetime


@dataclass(slots=True)
class Chunk:
    """Older attempts of a try; `number` counts a try's chunks from 0.

    `changed` are the positions that have to be written, all of them where some have `moved` away.
    """

    number: int
    attempts: list[Attempt]
    changed: set[int] = field(default_factory=set)
    moved: bool = False


@dataclass(slots=True, frozen=True)
class UnreadAttempts:
    """The embedded attempts of a try that nobody has looked at yet: how many, what they add up to, and how they are
    read.
    """

    count: int
    correct_sum: float
    completed_attempts: int
    read: Callable[[], list[Attempt]]


@dataclass(slots=True, frozen=True)
class LookUps:
    """What has to be read from the chunks before interactions can be recorded: attempts by id, and items by name."""

    ids: frozenset[str] = frozenset()
    items: frozenset[str] = frozenset()


@dataclass(slots=True)
class AttemptPlace:
    """Where an attempt stands: at `index` of `attempts`, which are embedded or a chunk's."""

    attempts: list[Attempt]
    index: int
    chunk: Chunk | None = None

    @property
    def attempt(self) -> Attempt:
        """The attempt as it stands there."""
        return self.attempts[self.index]


@dataclass(slots=True)
class Index:
    """Where attempts stand: by id, and the newest on each item."""

    by_id: dict[str, AttemptPlace] = field(default_factory=dict)
    newest_on: dict[str, AttemptPlace] = field(default_factory=dict)

    def add(self, place: AttemptPlace) -> None:
        """Take an attempt in. What is embedded is newer than what is not."""
        attempt = place.attempt
        self.by_id[attempt.id] = place
        first = self.newest_on.setdefault(attempt.item, place)
        if (place.chunk is not None, newness(attempt)) < (first.chunk is not None, newness(first.attempt)):
            self.newest_on[attempt.item] = place


def parts_of(attempts: Iterable[Attempt]) -> Iterator[list[Attempt]]:
    """The attempts in recorded order, in lists that fit a chunk."""
    in_order = sorted(attempts, key=lambda attempt: attempt.number)
    return portions(in_order, size_of, most=EMBEDDED_MOST, most_size=CHUNK_BYTES)


def size_of(value: object) -> int:
    """Bytes of JSON that attempts, or parts of one, take."""
    return len(stored_json(value))
