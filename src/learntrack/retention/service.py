"""Letting what is old fade: looked for, written into a file, then taken out of the database, some at a time."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from learntrack.documents import AttemptOverflow, ContentSession, MasteryLog, Retained, Touched
from learntrack.domain import moments
from learntrack.domain.fading import FadingKind
from learntrack.retention.chunks import fade_chunks, let_chunks_go
from learntrack.retention.export import Export
from learntrack.retention.old import Holder, Old, chunks_of, same
from learntrack.retention.summaries_and_marks import summaries_and_mark
from learntrack.storage import Database
from learntrack.storage.long_work import OnProgress
from learntrack.storage.transactions import Tx

_STEP = 50
_STEP_BYTES = 2**20
"""Bytes of JSON of a step, but for its last try or session: what is written out, and kept in memory, at once."""
_HOLDERS: tuple[type[Holder], ...] = (MasteryLog, ContentSession)


class Retention:
    """Lets what ended before these moments fade.

    Args:
        db: Where everything is stored.
        before: By kind, the moment; a kind that is not there stays.
        everything: Look at all that is old, not only at what has become so since the last run.

    """

    def __init__(self, db: Database, before: Mapping[FadingKind, datetime], *, everything: bool = False) -> None:
        self._db = db
        self._before = {kind: before[kind] for kind in FadingKind if kind in before}
        self._everything = everything

    async def run(self, export: Export | None, progress: OnProgress = lambda _: None) -> dict[FadingKind, int]:
        """Let it fade; returns how many tries and sessions did, by kind. After a failure just run it again.

        Args:
            export: Where it is written to before; None only looks.
            progress: Is told how many have been looked at since it was last told.

        """
        return {kind: await self._fade(kind, export, progress) for kind in self._before}

    async def _fade(self, kind: FadingKind, export: Export | None, progress: OnProgress) -> int:
        done, through = 0, self._before[kind]
        for holders in (ContentSession,) if kind is FadingKind.sessions else _HOLDERS:
            async for step in self._steps(holders, kind):
                progress(len(step))
                fading = [old for old in step if old.fades(kind)]
                faded = {old.holder.id for old in fading}
                if export is not None and fading:
                    export.write([old.line(kind) for old in fading])
                    faded = await self._fade_some(holders, kind, fading)
                done += len(faded)
                # A visit whose attempts have to go first is looked at again, too.
                due = step if kind is FadingKind.sessions else fading
                through = min([through, *(old.holder.end_timestamp for old in due if old.holder.id not in faded)])
        if export is not None:
            await self._db.put(Retained.begin(kind, through))
        return done

    async def _fade_some(self, holders: type[Holder], kind: FadingKind, fading: Sequence[Old]) -> set[str]:
        """Let what has been written out fade; what has changed since is left for later. The ids of what has, whole."""
        ready = fading
        if kind is FadingKind.attempts:
            ready = [left for old in fading if (left := await let_chunks_go(self._db, old)) is not None]
        faded = await self._db.transaction(_Step(self._db, holders, kind, ready).run)
        if kind in (FadingKind.answers, FadingKind.interactions):
            # Afterwards: who goes on with a try from here on does so after it was old.
            faded -= await fade_chunks(self._db, kind, [old for old in ready if old.holder.id in faded])
        return faded

    async def _steps(self, holders: type[Holder], kind: FadingKind) -> AsyncIterator[list[Old]]:
        """What is old, some at a time. Index: newest (tries)."""
        last = None if self._everything else await self._db.find_one(Retained, {"_id": kind.value})
        ended = {"$lt": self._before[kind]} | ({} if last is None else {"$gte": last["through"]})
        step: list[Old] = []
        size = 0
        async for row in self._db.each(holders, {"end_timestamp": ended}, batch=_STEP):
            holder = holders.read(row)
            old = Old(holder, await chunks_of(self._db, holder, None))
            step.append(old)
            size += len(old.line(kind))
            if len(step) >= _STEP or size >= _STEP_BYTES:
                yield step
                step, size = [], 0
        if step:
            yield step


@dataclass
class _Step:
    """What fades in one transaction: what of it has changed since it was read, and written out, is left for later.

    Chunks go where they fit; answers and interactions fade in them afterwards.
    """

    db: Database
    holders: type[Holder]
    kind: FadingKind
    olds: Sequence[Old]

    async def run(self, tx: Tx) -> set[str]:
        """Do it; returns the ids of those that have faded."""
        olds = {old.holder.id: old for old in self.olds}
        if not olds:
            return set()
        query = self.db.by_ids(self.holders, list(olds), [old.holder.user_id for old in self.olds])
        found = [(holder, olds[holder.id]) for holder in await self.db.load(self.holders, query, tx)]
        unchanged = [(holder, old) for holder, old in found if await self._is_as_read(holder, old, tx)]
        if self.kind is FadingKind.sessions:
            await self._remove([holder for holder, _ in unchanged], tx)
        else:
            await self._fade(unchanged, tx)
        return {holder.id for holder, _ in unchanged}

    async def _is_as_read(self, holder: Holder, old: Old, tx: Tx) -> bool:
        if not old.is_still(holder):
            return False
        if self.kind is FadingKind.sessions:
            return not holder.has_attempts
        if self.kind is FadingKind.attempts:
            return same(await chunks_of(self.db, holder, tx), old.chunks)
        return True

    async def _fade(self, unchanged: Sequence[tuple[Holder, Old]], tx: Tx) -> None:
        gone: dict[str, int] = {}
        for holder, old in unchanged:
            before = holder.faded_count
            holder.fade(self.kind, [attempt for chunk in old.chunks for attempt in chunk.attempts])
            gone[holder.id] = holder.faded_count - before
            if self.kind is FadingKind.attempts and old.chunks:
                await self.db.remove(AttemptOverflow, {"user_id": holder.user_id, "holder_id": holder.id}, tx)
        holders = [holder for holder, _ in unchanged]
        await self.db.write([*holders, *await summaries_and_mark(self.db, holders, gone, tx)], tx)

    async def _remove(self, holders: Sequence[Holder], tx: Tx) -> None:
        if not holders:
            return
        visits = [(each.user_id, each.start_timestamp) for each in holders if each.user_id is not None]
        if visits:
            await self.db.write([Touched.by_logs([], moments.now(), visits)], tx)
        gone = self.db.by_ids(self.holders, [each.id for each in holders], [each.user_id for each in holders])
        await self.db.remove(self.holders, gone, tx)
