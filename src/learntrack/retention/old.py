"""What is old: a try, or a session, with the chunks of its attempts, as they were read and are written out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from learntrack.documents import AttemptOverflow, ContentSession, MasteryLog
from learntrack.documents.base import Row
from learntrack.domain.attempts import Attempt
from learntrack.domain.fading import FadingKind, faded
from learntrack.storage import Database
from learntrack.storage.transactions import Tx

Holder = MasteryLog | ContentSession


@dataclass(frozen=True)
class Old:
    """A try, or a session, that is old; nothing here changes it."""

    holder: Holder
    chunks: Sequence[AttemptOverflow]

    @property
    def older(self) -> list[Attempt]:
        """The attempts in its chunks, in order."""
        return [attempt for chunk in self.chunks for attempt in chunk.attempts]

    def line(self, kind: FadingKind) -> bytes:
        """It as a line of the export."""
        line = {
            "fades": kind,
            "collection": self.holder.collection(),
            "document": self.holder.row(),
            "chunks": [chunk.row() for chunk in self.chunks],
        }
        return msgspec.json.encode(line)

    def fades(self, kind: FadingKind) -> bool:
        """Whether anything of it fades."""
        if kind is FadingKind.sessions:
            return not self.holder.has_attempts
        if not self.holder.has_attempts:
            return False
        return kind is FadingKind.attempts or any(changes(each.attempts, kind) for each in (self.holder, *self.chunks))

    def ended_before(self, moment: datetime) -> bool:
        """Whether its attempts ended before a moment, too: its own end moves only with time spent, or completion."""
        return all(attempt.end_timestamp < moment for attempt in (*self.older, *self.holder.attempts))

    def is_still(self, holder: Holder) -> bool:
        """Whether a holder is as it was read, but for chunks that have gone since."""
        return _without_faded(holder) == _without_faded(self.holder)


def changes(attempts: Sequence[Attempt], kind: FadingKind) -> bool:
    """Whether anything of attempts that stay fades."""
    return any(one.row() != other.row() for one, other in zip(attempts, faded(attempts, kind), strict=True))


async def chunks_of(db: Database, holder: Holder) -> list[AttemptOverflow]:
    """The older attempts of a long try, or session, in order. Index: holder."""
    if holder.overflow is None:
        return []
    rows = await db.find(AttemptOverflow, _of_holders(db, [holder]))
    return sorted(map(AttemptOverflow.read, rows), key=lambda chunk: chunk.number)


async def chunks_by_holder(db: Database, holders: Sequence[Holder], tx: Tx) -> dict[str, list[AttemptOverflow]]:
    """The older attempts of these, in order, by the holder's id. Index: holder."""
    long = [holder for holder in holders if holder.overflow is not None]
    found: dict[str, list[AttemptOverflow]] = {holder.id: [] for holder in holders}
    if long:
        chunks = await db.load(AttemptOverflow, _of_holders(db, long), tx)
        for chunk in sorted(chunks, key=lambda chunk: chunk.number):
            found[chunk.holder_id].append(chunk)
    return found


def _of_holders(db: Database, holders: Sequence[Holder]) -> Row:
    owners = db.capabilities.of_owners(holder.user_id for holder in holders)
    return {"holder_id": {"$in": [holder.id for holder in holders]}} | owners


def these(db: Database, chunks: Sequence[AttemptOverflow]) -> Row:
    """The query for these chunks. Index: the key."""
    return db.by_ids(AttemptOverflow, [chunk.id for chunk in chunks], [chunk.user_id for chunk in chunks])


def same(found: Sequence[AttemptOverflow], read: Sequence[AttemptOverflow]) -> bool:
    """Whether chunks, both in order, are as they were read."""
    return [chunk.row() for chunk in found] == [chunk.row() for chunk in read]


def _without_faded(holder: Holder) -> Row:
    row = holder.row()
    row.pop("faded", None)
    return row
