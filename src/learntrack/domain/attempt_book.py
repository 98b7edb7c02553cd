"""The attempts of one try as one list, of which only the newest are embedded in the try's document.

A try of thousands of attempts must neither slow down nor outgrow a document, so older attempts move to overflow
chunks of the same shape (MongoDB's outlier pattern). One rule makes that cheap: **every embedded attempt is newer than
every attempt in a chunk**. What a client asks for nearly always (the newest few, the newest on an item) is then in the
document already, and chunks are read only for what is certainly not there.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import fsum

from learntrack.domain.attempt_limits import AttemptLimits, AttemptTooLarge, UnknownAttempt
from learntrack.domain.attempt_places import (
    CHUNK_BYTES,
    EMBEDDED_BYTES,
    EMBEDDED_KEPT,
    EMBEDDED_MOST,
    LARGE,
    AttemptPlace,
    Chunk,
    Index,
    LookUps,
    OverflowTotals,
    UnreadAttempts,
    parts_of,
    size_of,
)
from learntrack.domain.attempts import Attempt, Interaction, grouped, newest_first


@dataclass(slots=True)
class AttemptBook:
    """The attempts of one try, or of one session without a try, while interactions are being recorded.

    `embedded` are those in the document, `totals` what it remembers of its chunks, and `chunks` those that `look_ups`
    asked for; the lists and totals are the book's own. The attempts given are never changed: one that goes on is
    replaced by a copy, so that a refusal half-way leaves nothing behind, and every group's attempt can be shown as it
    stood then.

    `unread` stand before those in `embedded`, and are read only where something refers to them or they have to move.

    `clock` is what time it is, where that is not when the interactions happened.

    `not_right_more` counts the entries of histories that have come in and are not right.

    After `record`, `changed` are the positions in `embedded` to be written (all of them where `moved`), `chunks` with
    `changed` entries are to be updated, and `new_chunks` to be inserted.
    """

    embedded: list[Attempt]
    totals: OverflowTotals | None = None
    chunks: list[Chunk] = field(default_factory=list)
    limits: AttemptLimits = field(default_factory=AttemptLimits)
    clock: datetime | None = None
    unread: UnreadAttempts | None = None
    changed: set[int] = field(default_factory=set)
    moved: bool = False
    new_chunks: list[Chunk] = field(default_factory=list)
    not_right_more: int = 0
    _has_large: bool = False
    _index: Index | None = None
    _sizes: dict[str, int] = field(default_factory=dict)

    @property
    def attempt_count(self) -> int:
        """How many attempts there are, the chunks' included."""
        return self._embedded_count + (self.totals.attempt_count if self.totals else 0)

    @property
    def correct_sum(self) -> float:
        """The sum of `correct` over all attempts."""
        read = fsum(attempt.correct for attempt in self.embedded)
        return read + sum(part.correct_sum for part in (self.unread, self.totals) if part)

    @property
    def completed_attempts(self) -> int:
        """How many attempts are complete."""
        read = sum(attempt.complete for attempt in self.embedded)
        return read + sum(part.completed_attempts for part in (self.unread, self.totals) if part)

    @property
    def _embedded_count(self) -> int:
        return len(self.embedded) + (self.unread.count if self.unread else 0)

    def look_ups(self, interactions: Sequence[Interaction]) -> LookUps:
        """The attempts and items that these interactions refer to and that are not embedded."""
        if self.totals is None:
            return LookUps()
        firsts = [group[0] for group in grouped(interactions)]
        ids = {first.id for first in firsts if first.id}
        items = {first.item for first in firsts if first.replace and not first.id}
        return LookUps(
            frozenset(ids - {attempt.id for attempt in self.embedded}),
            frozenset(items - {attempt.item for attempt in self.embedded}),
        )

    def record(self, interactions: Sequence[Interaction], *, session_id: str, now: datetime) -> list[Attempt]:
        """Fold interactions into the attempts; returns the attempt of each group as it stood then, in order.

        Raises:
            UnknownAttempt: an interaction's id is no attempt of this try. Nothing may be written then.
            AttemptTooLarge: an attempt would outgrow `limits`. Nothing may be written then.

        """
        touched: list[Attempt] = []
        position = 0
        for group in grouped(interactions):
            place, rest = self._existing(group[0], position), group
            if place is None:
                new = Attempt.begin(group[0], session_id=session_id, number=self.attempt_count, now=now)
                place, rest = self._added(new), group[1:]
                self.not_right_more += new.not_right
            touched.append(self._gone_on(place, rest, now, position))
            position += len(group)
        self._make_room()
        self._divide_chunks()
        return touched

    def take_over(self, attempts: Iterable[Attempt], *, size: int) -> None:
        """Add attempts that were recorded elsewhere, in recorded order; those that are here already are not added
        again, and of two states of one the later counts.

        `chunks` must hold all that any of the attempts may be in. An attempt that is added is numbered after those that
        are here.

        Args:
            attempts: Each of them once.
            size: Bytes of all of them at the most, as JSON.

        """
        self._read_all()
        places = {place.attempt.id: place for place in self._places()}
        number = self.attempt_count
        for attempt in attempts:
            place = places.get(attempt.id)
            if place is None:
                self.changed.add(len(self.embedded))
                self.embedded.append(_numbered(attempt, number))
                self.not_right_more += attempt.not_right
                number += 1
            elif attempt.end_timestamp > place.attempt.end_timestamp:
                self.not_right_more += attempt.not_right - place.attempt.not_right
                self._put(place, _numbered(attempt, place.attempt.number))
        self._has_large |= size > LARGE
        self._move_out_of_place()
        self._make_room()
        self._divide_chunks()

    def _existing(self, first: Interaction, position: int) -> AttemptPlace | None:
        """Where the attempt is that a group goes on with, if it does not begin a new one."""
        if not first.id and not first.replace:
            return None
        if self._index is None:
            self._read_all()
            self._index = Index()
            for place in self._places():
                self._index.add(place)
        if not first.id:
            return self._index.newest_on.get(first.item)
        if first.id not in self._index.by_id:
            raise UnknownAttempt(position)
        return self._index.by_id[first.id]

    def _read_all(self) -> None:
        """Read what is not read yet. No place may be in use meanwhile."""
        if self.unread is not None:
            self.embedded[:0] = self.unread.read()
            self.changed = {position + self.unread.count for position in self.changed}
            self.unread = None

    def _places(self) -> Iterator[AttemptPlace]:
        """Every attempt that is loaded."""
        for index in range(len(self.embedded)):
            yield AttemptPlace(self.embedded, index)
        for chunk in (*self.chunks, *self.new_chunks):
            for index in range(len(chunk.attempts)):
                yield AttemptPlace(chunk.attempts, index, chunk)

    def _added(self, attempt: Attempt) -> AttemptPlace:
        place = self._placed(attempt)
        if self._index is not None:
            self._index.add(place)
        return place

    def _placed(self, attempt: Attempt) -> AttemptPlace:
        if self.totals is not None and attempt.start_timestamp <= self.totals.newest_start:
            # Older than something in a chunk: embedding it would break the rule above.
            self._move_out([attempt])
            chunk = self.new_chunks[-1]
            return AttemptPlace(chunk.attempts, len(chunk.attempts) - 1, chunk)
        self.embedded.append(attempt)
        return AttemptPlace(self.embedded, len(self.embedded) - 1)

    def _gone_on(
        self, place: AttemptPlace, interactions: Sequence[Interaction], now: datetime, position: int
    ) -> Attempt:
        """The attempt at a place after these interactions, which begin at a position of the request; a copy takes its
        place there.
        """
        before = place.attempt
        attempt = before.copied() if interactions else before
        # Measured whole only once: an attempt may go on many times in one request.
        size = self._sizes.get(before.id) or size_of(before)
        for interaction in interactions:
            answer, simple_answer = attempt.answer, attempt.simple_answer
            attempt.go_on(interaction, now=now, clock=self.clock)
            entry = attempt.interaction_history[-1]
            self.not_right_more += entry.is_not_right
            size += size_of(entry) + 1
            if attempt.answer is not answer:
                size += size_of(attempt.answer) - size_of(answer)
            if attempt.simple_answer is not simple_answer:
                size += size_of(attempt.simple_answer) - size_of(simple_answer)
        if len(attempt.interaction_history) > self.limits.interactions or size > self.limits.size:
            raise AttemptTooLarge(position)
        self._sizes[attempt.id] = size
        self._has_large |= size > LARGE
        self._put(place, attempt)
        return attempt

    def _put(self, place: AttemptPlace, attempt: Attempt) -> None:
        """Put another state of an attempt where it stands."""
        before = place.attempt
        place.attempts[place.index] = attempt
        if place.chunk is None:
            self.changed.add(place.index)
        else:
            assert self.totals is not None
            self.totals.correct_sum += attempt.correct - before.correct
            self.totals.completed_attempts += attempt.complete - before.complete
            self.totals.newest_start = max(self.totals.newest_start, attempt.start_timestamp)
            place.chunk.changed.add(place.index)

    def _move_out_of_place(self) -> None:
        """Move out what is embedded though it is no newer than everything in the chunks."""
        if self.totals is None:
            return
        newest = self.totals.newest_start
        if older := [attempt for attempt in self.embedded if attempt.start_timestamp <= newest]:
            self._move_out(older)
            self.embedded = [attempt for attempt in self.embedded if attempt.start_timestamp > newest]
            self.moved = True

    def _make_room(self) -> None:
        """Move all but the newest attempts out where there are too many, or too many bytes, for one document."""
        if self._embedded_count <= EMBEDDED_MOST and not self._has_large:
            return
        self._read_all()
        if len(self.embedded) <= EMBEDDED_MOST and size_of(self.embedded) <= EMBEDDED_BYTES:
            return
        kept: list[Attempt] = []
        room = EMBEDDED_BYTES
        ranked = newest_first(self.embedded)
        for attempt in ranked[:EMBEDDED_KEPT]:
            room -= size_of(attempt)
            if room < 0 and kept:
                break
            kept.append(attempt)
        if len(kept) == len(ranked):
            return  # one that is large alone
        self._move_out(ranked[len(kept) :])
        self.embedded = sorted(kept, key=lambda attempt: attempt.number)
        self.moved = True

    def _divide_chunks(self) -> None:
        """Divide a chunk whose attempts have grown: what no longer fits goes to new chunks."""
        for chunk in self.chunks:
            if not (chunk.changed and self._has_large and size_of(chunk.attempts) > CHUNK_BYTES):
                continue
            assert self.totals is not None
            chunk.attempts, *rest = parts_of(chunk.attempts)
            chunk.moved = bool(rest)
            for part in rest:
                self.new_chunks.append(Chunk(self.totals.chunk_count, part))
                self.totals.chunk_count += 1

    def _move_out(self, attempts: Sequence[Attempt]) -> None:
        newest = max(attempt.start_timestamp for attempt in attempts)
        totals = self.totals or OverflowTotals(
            chunk_count=0, attempt_count=0, correct_sum=0.0, completed_attempts=0, newest_start=newest
        )
        for part in parts_of(attempts):
            self.new_chunks.append(Chunk(totals.chunk_count, part))
            totals.chunk_count += 1
        totals.attempt_count += len(attempts)
        totals.correct_sum += fsum(attempt.correct for attempt in attempts)
        totals.completed_attempts += sum(attempt.complete for attempt in attempts)
        totals.newest_start = max(totals.newest_start, newest)
        self.totals = totals


def _numbered(attempt: Attempt, number: int) -> Attempt:
    return attempt if attempt.number == number else attempt.model_copy(update={"number": number})
