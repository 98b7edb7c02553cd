"""The chunks of long tries and sessions: answers and interactions fade there before they do in their holders, in
transactions that are bounded, for how many chunks there are others decide.

What ends half way is done again: what has faded stays as it is, and its holder is still old.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from learntrack.documents import AttemptOverflow, ContentSession, MasteryLog, Touched
from learntrack.documents.base import Row
from learntrack.domain import moments
from learntrack.domain.fading import FadingKind
from learntrack.storage import Database, in_portions
from learntrack.storage.transactions import Tx


async def chunks_of(db: Database, holder: MasteryLog | ContentSession, tx: Tx) -> list[AttemptOverflow]:
    """The older attempts of a long try, or session. Index: holder_attempt."""
    if holder.overflow is None:
        return []
    found = await db.load(AttemptOverflow, {"user_id": holder.user_id, "holder_id": holder.id}, tx)
    return sorted(found, key=lambda chunk: chunk.number)


async def fade_chunks(
    db: Database,
    kind: FadingKind,
    chunks: Iterable[AttemptOverflow],
    read: Mapping[str, Row],
    tries: Mapping[str, tuple[str, str]],
) -> set[str]:
    """Let chunks fade.

    Args:
        db: Where they are.
        kind: Answers, or interactions; where attempts fade chunks go with their holders.
        chunks: As they will be.
        read: By id, as they were read and written out.
        tries: Learner and content of those holders, by id, that are tries: what is said of these is computed anew.

    Returns:
        The ids of holders of which a chunk has changed since: it is left for later.

    """
    left: set[str] = set()
    for portion in in_portions.written_portions(each for each in chunks if each.write() is not None):
        left |= await db.transaction(_Portion(db, kind, portion, read, tries).run)
    return left


@dataclass
class _Portion:
    """What fades in one transaction."""

    db: Database
    kind: FadingKind
    chunks: Sequence[AttemptOverflow]
    read: Mapping[str, Row]
    tries: Mapping[str, tuple[str, str]]

    async def run(self, tx: Tx) -> set[str]:
        """Do it; returns the holders of those that are not any more as they were read."""
        ids, owners = [each.id for each in self.chunks], [each.user_id for each in self.chunks]
        found = await self.db.load(AttemptOverflow, self.db.by_ids(AttemptOverflow, ids, owners), tx)
        same = [chunk for chunk in found if chunk.row() == self.read[chunk.id]]
        for chunk in same:
            chunk.fade(self.kind)
        tries = {self.tries[chunk.holder_id] for chunk in same if chunk.holder_id in self.tries}
        marks = [Touched.by_logs(sorted(tries), moments.now())] if tries else []
        await self.db.write([*same, *marks], tx)
        faded = {chunk.id for chunk in same}
        return {chunk.holder_id for chunk in self.chunks if chunk.id not in faded}
