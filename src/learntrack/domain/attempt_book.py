"""The attempts of one try as one list, of which only the newest are embedded in the try's document.

A try of thousands of attempts must neither slow down nor outgrow a document, so older attempts move to overflow
chunks of the same shape (MongoDB's outlier pattern). One rule makes that cheap: **every embedded attempt is newer
than every
attempt in a chunk**. What a client asks for nearly always (the newest few, the newest on an item) is then in the
document already, and chunks are read only for what is certainly not there.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import fsum
from typing import TypedDict

from learntrack.domain.any_json import encoder
from learntrack.domain.attempts import Attempt, Interaction, go_on, grouped, newest_first, newest_on, started

EMBEDDED_MOST = 24
"""Attempts that a document holds at the most; one more, and all but the newest `EMBEDDED_KEPT` move out."""
EMBEDDED_KEPT = 12
EMBEDDED_BYTES = 512 * 1024
"""Bytes (as JSON) of embedded attempts at the most."""
CHUNK_BYTES = 512 * 1024


class UnknownAttempt(Exception):
    """An interaction names an attempt that its try does not have. `position` is the interaction's place in the
    request.
    """

    def __init__(self, position: int) -> None:
        super().__init__("Invalid attempt id specified.")
        self.position = position


class AttemptTooLarge(Exception):
    """An attempt has more interactions, or more bytes, than one attempt may have."""


class OverflowTotals(TypedDict):
    """What a try's document remembers of its chunks."""

    chunk_count: int
    attempt_count: int
    correct_sum: float
    completed_attempts: int
    newest_start: datetime


@dataclass(slots=True)
class Chunk:
    """Older attempts of a try; `number` counts a try's chunks from 0."""

    number: int
    attempts: list[Attempt]
    changed: set[int] = field(default_factory=set)


@dataclass(slots=True, frozen=True)
class Wanted:
    """What has to be looked up in the chunks before interactions can be recorded."""

    ids: frozenset[str]
    items: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.ids or self.items)


@dataclass(slots=True, frozen=True)
class AttemptLimits:
    """How large one attempt may grow: interactions in its history, and bytes as JSON."""

    interactions: int = 1000
    size: int = 256 * 1024


@dataclass(slots=True)
class AttemptBook:
    """The attempts of one try, or of one session without a try.

    Read `embedded` from the document, `totals` where the document has any, and `chunks` those that `wanted` asked for.
    After `record`, `changed` are the positions in `embedded` to be written (all of them where `moved`), `chunks` with
    `changed` entries are to be updated, and `new_chunks` to be inserted.
    """

    embedded: list[Attempt]
    totals: OverflowTotals | None = None
    chunks: list[Chunk] = field(default_factory=list)
    limits: AttemptLimits = field(default_factory=AttemptLimits)
    changed: set[int] = field(default_factory=set)
    moved: bool = False
    new_chunks: list[Chunk] = field(default_factory=list)

    @classmethod
    def holding(cls, attempts: Iterable[Attempt]) -> "AttemptBook":
        """A new book of attempts that exist already, numbered; those that do not fit are in `new_chunks`."""
        book = cls(sorted(attempts, key=lambda attempt: attempt["number"]))
        book._make_room()
        return book

    @property
    def attempt_count(self) -> int:
        """How many attempts there are, the chunks' included."""
        return len(self.embedded) + (self.totals["attempt_count"] if self.totals else 0)

    @property
    def correct_sum(self) -> float:
        """The sum of `correct` over all attempts."""
        return fsum(attempt["correct"] for attempt in self.embedded) + (
            self.totals["correct_sum"] if self.totals else 0.0
        )

    @property
    def completed_attempts(self) -> int:
        """How many attempts are complete."""
        return sum(attempt["complete"] for attempt in self.embedded) + (
            self.totals["completed_attempts"] if self.totals else 0
        )

    def wanted(self, interactions: Sequence[Interaction]) -> Wanted:
        """The attempts (by id) and items (by name) that these interactions refer to and that are not embedded."""
        if self.totals is None:
            return Wanted(frozenset(), frozenset())
        firsts = [group[0] for group in grouped(interactions)]
        ids = {first.id for first in firsts if first.id}
        items = {first.item for first in firsts if first.replace and not first.id}
        return Wanted(
            frozenset(ids - {attempt["id"] for attempt in self.embedded}),
            frozenset(items - {attempt["item"] for attempt in self.embedded}),
        )

    def record(self, interactions: Sequence[Interaction], *, session_id: str, now: datetime) -> list[Attempt]:
        """Fold interactions into the attempts; returns the attempt of each group, in order.

        Raises:
            UnknownAttempt: an interaction's id is no attempt of this try. Nothing may be written then.
            AttemptTooLarge: an attempt would outgrow `limits`. Nothing may be written then.

        """
        touched: list[Attempt] = []
        position = 0
        for group in grouped(interactions):
            attempt, rest = self._existing(group[0], position), group
            position += len(group)
            if attempt is None:
                attempt = started(group[0], session_id=session_id, number=self.attempt_count, now=now)
                self._add(attempt)
                rest = group[1:]
            before = (attempt["correct"], attempt["complete"])
            for interaction in rest:
                go_on(attempt, interaction, now=now)
            self._note(attempt, before)
            if len(attempt["interaction_history"]) > self.limits.interactions or _size([attempt]) > self.limits.size:
                raise AttemptTooLarge
            touched.append(attempt)
        self._make_room()
        return touched

    def newest(self, most: int | None) -> list[Attempt]:
        """The newest attempts of what is loaded, newest first; `most` of them, or all."""
        return newest_first([*self.embedded, *(attempt for chunk in self.chunks for attempt in chunk.attempts)])[:most]

    def _existing(self, first: Interaction, position: int) -> Attempt | None:
        if first.id:
            found = next((attempt for attempt in self._loaded() if attempt["id"] == first.id), None)
            if found is None:
                raise UnknownAttempt(position)
            return found
        if first.replace:
            return newest_on(self.embedded, first.item) or newest_on(
                [attempt for chunk in self._all_chunks() for attempt in chunk.attempts], first.item
            )
        return None

    def _all_chunks(self) -> Iterator[Chunk]:
        yield from self.chunks
        yield from self.new_chunks

    def _loaded(self) -> Iterator[Attempt]:
        yield from self.embedded
        for chunk in self._all_chunks():
            yield from chunk.attempts

    def _add(self, attempt: Attempt) -> None:
        if self.totals is not None and attempt["start_timestamp"] <= self.totals["newest_start"]:
            # Older than something in a chunk: embedding it would break the rule above.
            self._move_out([attempt])
        else:
            self.embedded.append(attempt)

    def _note(self, attempt: Attempt, before: tuple[float, bool]) -> None:
        """Mark where this attempt stands as changed; `before` are its correct and complete before the change."""
        for index, embedded in enumerate(self.embedded):
            if embedded is attempt:
                self.changed.add(index)
                return
        assert self.totals is not None
        self.totals["correct_sum"] += attempt["correct"] - before[0]
        self.totals["completed_attempts"] += attempt["complete"] - before[1]
        for chunk in self.chunks:
            for index, stored in enumerate(chunk.attempts):
                if stored is attempt:
                    chunk.changed.add(index)

    def _make_room(self) -> None:
        sizes = {attempt["id"]: _size([attempt]) for attempt in self.embedded}
        if len(self.embedded) <= EMBEDDED_MOST and sum(sizes.values()) <= EMBEDDED_BYTES:
            return
        kept: list[Attempt] = []
        room = EMBEDDED_BYTES
        ranked = newest_first(self.embedded)
        for attempt in ranked[:EMBEDDED_KEPT]:
            room -= sizes[attempt["id"]]
            if room < 0 and kept:
                break
            kept.append(attempt)
        self._move_out(ranked[len(kept) :])
        self.embedded = sorted(kept, key=lambda attempt: attempt["number"])
        self.moved = True

    def _move_out(self, attempts: Sequence[Attempt]) -> None:
        newest = max(attempt["start_timestamp"] for attempt in attempts)
        totals = self.totals or OverflowTotals(
            chunk_count=0, attempt_count=0, correct_sum=0.0, completed_attempts=0, newest_start=newest
        )
        for part in _parts(attempts):
            self.new_chunks.append(Chunk(totals["chunk_count"], part))
            totals["chunk_count"] += 1
        totals["attempt_count"] += len(attempts)
        totals["correct_sum"] += fsum(attempt["correct"] for attempt in attempts)
        totals["completed_attempts"] += sum(attempt["complete"] for attempt in attempts)
        totals["newest_start"] = max(totals["newest_start"], newest)
        self.totals = totals


def _parts(attempts: Iterable[Attempt]) -> Iterator[list[Attempt]]:
    """The attempts in recorded order, in lists that fit a chunk."""
    part: list[Attempt] = []
    size = 0
    for attempt in sorted(attempts, key=lambda attempt: attempt["number"]):
        added = _size([attempt])
        if part and (len(part) >= EMBEDDED_MOST or size + added > CHUNK_BYTES):
            yield part
            part, size = [], 0
        part.append(attempt)
        size += added
    if part:
        yield part


def _size(attempts: Sequence[Attempt]) -> int:
    return len(encoder.encode(attempts))
