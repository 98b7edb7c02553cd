"""What a learner's rows become, in parts that one transaction can store.

The embedded engine stops for ever when one transaction writes more than some 5.6 MB, so a transaction gets about
`MOST_BYTES`. A learner who has more is divided, in an order in which everything that a document refers to is stored
before it: content after content, of each the summary, the tries, the sessions. A try that is larger by itself is
divided by its attempts, in the order in which they were recorded: each part leaves a sound try that has some of them,
and only the last one remembers the source's digest. So an import that is interrupted, or done while the learner goes
on, ends right when it is run again: whatever has the source's digest is left alone, and the rest is merged into what is
there.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

import msgspec

from learntrack.documents import ContentSession, ContentSummary, MasteryLog
from learntrack.documents.logged import Imported
from learntrack.domain.attempts import Attempt
from learntrack.domain.portions import portions

Log = ContentSummary | MasteryLog | ContentSession

MOST_BYTES = 2 * 2**20
"""Bytes of rows that one transaction stores at the most, unless a single one of them has more."""
_NAME_BYTES = 16
"""What the name of a field takes, and whatever is about its value."""
_ORDER = (ContentSummary, MasteryLog, ContentSession)
_recorded = attrgetter("start_timestamp", "end_timestamp", "id")
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Converted:
    """A document of the source, with the attempts that it holds; `source_id` is its id there.

    `size` is in bytes, of all rows that it was made of.
    """

    document: Log
    source_id: str
    attempts: list[Attempt] = field(default_factory=list)
    size: int = 0
    _digests: list[bytes] = field(default_factory=list)
    _sizes: dict[str, int] = field(default_factory=dict)

    def add_row(self, row: Mapping[str, object], *more: str | None) -> int:
        """Note a row that it was made of, and what else decides on it; returns about the bytes that it will take."""
        written = _encode((*row.values(), *more))
        self._digests.append(hashlib.blake2b(written, digest_size=12).digest())
        size = len(written) + _NAME_BYTES * len(row)
        self.size += size
        return size

    def add_attempt(self, row: Mapping[str, object], attempt: Attempt) -> None:
        """Add an attempt that was made of this row; of several of the same id the first."""
        if attempt.id not in self._sizes:
            self.attempts.append(attempt)
            self._sizes[attempt.id] = self.add_row(row)

    def number_attempts(self) -> None:
        """Put the attempts into the order in which they were recorded."""
        self.attempts.sort(key=_recorded)
        for number, attempt in enumerate(self.attempts):
            attempt.counts_as(number)

    def imported(self) -> Imported:
        """What to remember of the source; the same whenever its rows are the same."""
        digest = hashlib.blake2b(b"".join(sorted(self._digests)), digest_size=12).hexdigest()
        document = self.document
        if isinstance(document, MasteryLog):
            return Imported(id=self.source_id, digest=digest, time_spent=document.time_spent)
        return Imported(id=self.source_id, digest=digest, time_spent=document.time_spent, progress=document.progress)

    def parts(self) -> "Iterator[Part]":
        """What is stored together: all of it, unless it is larger than a transaction may be."""
        imported = self.imported()
        if self.size <= MOST_BYTES:
            yield Part(self.document, self.attempts, imported, imported.digest, self.size)
            return
        of_document = self.size - sum(self._sizes.values())
        most = max(1, MOST_BYTES - of_document)
        divided = list(portions(self.attempts, self._size_of, most=len(self.attempts), most_size=most)) or [[]]
        for number, attempts in enumerate(divided):
            is_last = number == len(divided) - 1
            # Each of its own, because what is done with one part changes its document.
            document = self.document if number == 0 else self.document.as_it_began()
            mark = imported if is_last else imported.model_copy(update={"digest": ""})
            size = sum(map(self._size_of, attempts)) + (of_document if number == 0 else 0)
            yield Part(document, attempts, mark, imported.digest, size, is_first=number == 0)

    def _size_of(self, attempt: Attempt) -> int:
        return self._sizes[attempt.id]


@dataclass(slots=True, frozen=True)
class Part:
    """A document and those of its attempts that one transaction stores.

    `imported` is what to remember of the source then, `digest` what is remembered once all parts are stored; `size` is
    in bytes; the first part is the one that is counted.
    """

    document: Log
    attempts: Sequence[Attempt]
    imported: Imported
    digest: str
    size: int
    is_first: bool = True


@dataclass(slots=True)
class Batch:
    """What one transaction stores; `rows` of the source are dealt with by it."""

    parts: list[Part] = field(default_factory=list)
    size: int = 0
    rows: int = 0

    def add(self, part: Part) -> None:
        """Add a part."""
        self.parts.append(part)
        self.size += part.size


def batches(learners: Iterator[tuple[int, Sequence[Converted]]]) -> Iterator[Batch]:
    """Batches of about `MOST_BYTES` of learners, given of each how many rows there were and what they became.

    A learner is divided only where no transaction could hold all of it.
    """
    batch = Batch()
    for rows, learner in learners:
        if batch.parts and batch.size + sum(one.size for one in learner) > MOST_BYTES:
            yield batch
            batch = Batch()
        for one in sorted(learner, key=_order):
            for part in one.parts():
                if batch.parts and batch.size + part.size > MOST_BYTES:
                    yield batch
                    batch = Batch()
                batch.add(part)
        batch.rows += rows
    if batch.parts or batch.rows:
        yield batch


def _order(one: Converted) -> tuple[str, int]:
    return one.document.content_id, _ORDER.index(type(one.document))
