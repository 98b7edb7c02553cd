"""The chunks of long tries and sessions fade in transactions that are bounded, for how many there are others decide.

What ends half way is done again: the next run finds what is left, and what is counted says what has gone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from learntrack.documents import AttemptOverflow
from learntrack.domain.attempts import Attempt
from learntrack.domain.fading import Answers, FadingKind, latest_answers
from learntrack.retention.old import Holder, Old, changes, same, these
from learntrack.retention.summaries_and_marks import summaries_and_mark
from learntrack.storage import Database, in_portions
from learntrack.storage.patience import patiently
from learntrack.storage.transactions import Tx


async def fade_chunks(db: Database, kind: FadingKind, olds: Sequence[Old]) -> set[str]:
    """Let answers, or interactions, fade in the chunks of holders in which they have faded.

    Returns:
        The ids of holders of which a chunk has changed since it was read: this stays as it is.

    """
    holders = {old.holder.id: old.holder for old in olds}
    chunks = [chunk for old in olds for chunk in old.chunks if changes(chunk.attempts, kind)]
    left: set[str] = set()
    for portion in in_portions.written_portions(chunks):
        left |= await db.transaction(_Fading(db, kind, portion, holders).run)
    return left


@dataclass
class _Fading:
    """What fades in one transaction."""

    db: Database
    kind: FadingKind
    chunks: Sequence[AttemptOverflow]
    holders: Mapping[str, Holder]

    async def run(self, tx: Tx) -> set[str]:
        """Do it; returns the holders of those chunks that are not any more as they were read."""
        read = {chunk.id: chunk.row() for chunk in self.chunks}
        found = await self.db.load(AttemptOverflow, these(self.db, self.chunks), tx)
        unchanged = {chunk.id: chunk for chunk in found if chunk.row() == read[chunk.id]}
        for chunk in unchanged.values():
            chunk.fade(self.kind)
        # Only of those: who has been forgotten meanwhile is not named any more.
        holders = [self.holders[key] for key in dict.fromkeys(chunk.holder_id for chunk in unchanged.values())]
        await self.db.write([*unchanged.values(), *await summaries_and_mark(self.db, holders, {}, tx)], tx)
        return {chunk.holder_id for chunk in self.chunks if chunk.id not in unchanged}


async def let_chunks_go(db: Database, old: Old) -> Old | None:
    """Remove the chunks of a long try whose attempts fade; the try counts them on in the same transactions.

    Returns:
        What is left of it to fade, which is it as it was where it fits one transaction; None where somebody has written
        since it was read.

    """
    portions = list(in_portions.written_portions(old.chunks))
    if len(portions) <= 1:
        return old
    rest = [*old.older, *old.holder.attempts]
    there = latest_answers(rest)
    for portion in portions:
        attempts = [attempt for chunk in portion for attempt in chunk.attempts]
        rest = rest[len(attempts) :]
        # Together what is counted and the latest answers of what is there are always as before.
        left = latest_answers(rest)
        going = _Going(db, old, portion, attempts, there.less(left))
        if not await patiently(partial(db.transaction, going.run)):
            return None
        there = left
    return replace(old, chunks=[])


@dataclass
class _Going:
    """What goes in one transaction."""

    db: Database
    old: Old
    chunks: Sequence[AttemptOverflow]
    attempts: Sequence[Attempt]
    answers: Answers

    async def run(self, tx: Tx) -> bool:
        """Do it; False, and nothing is done, where somebody has written since it was read."""
        kind, owner = type(self.old.holder), self.old.holder.user_id
        holders = await self.db.load(kind, self.db.by_ids(kind, [self.old.holder.id], [owner]), tx)
        found = await self.db.load(AttemptOverflow, these(self.db, self.chunks), tx)
        found.sort(key=lambda chunk: chunk.number)
        if not (holders and self.old.is_still(holders[0]) and same(found, self.chunks)):
            return False
        [holder] = holders
        holder.let_go(self.attempts, self.answers)
        await self.db.remove(AttemptOverflow, these(self.db, self.chunks), tx)
        others = await summaries_and_mark(self.db, [holder], {holder.id: len(self.attempts)}, tx)
        await self.db.write([holder, *others], tx)
        return True
