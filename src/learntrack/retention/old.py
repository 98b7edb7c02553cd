"""What is old: a try, or a session, with the chunks of its attempts, as they were read and are written out."""

from collections.abc import Sequence
from dataclasses import dataclass

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

    def is_still(self, holder: Holder) -> bool:
        """Whether a holder is as it was read, but for chunks that have gone since."""
        return _without_faded(holder) == _without_faded(self.holder)


def changes(attempts: Sequence[Attempt], kind: FadingKind) -> bool:
    """Whether anything of attempts that stay fades."""
    return any(one.row() != other.row() for one, other in zip(attempts, faded(attempts, kind), strict=True))


async def chunks_of(db: Database, holder: Holder, tx: Tx) -> list[AttemptOverflow]:
    """The older attempts of a long try, or session. Index: holder_attempt."""
    if holder.overflow is None:
        return []
    found = await db.load(AttemptOverflow, {"user_id": holder.user_id, "holder_id": holder.id}, tx)
    return sorted(found, key=lambda chunk: chunk.number)


def same(found: Sequence[AttemptOverflow], read: Sequence[AttemptOverflow]) -> bool:
    """Whether chunks, both in order, are as they were read."""
    return [chunk.row() for chunk in found] == [chunk.row() for chunk in read]


def _without_faded(holder: Holder) -> Row:
    row = holder.row()
    row.pop("faded", None)
    return row
