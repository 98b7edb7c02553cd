"""Letting what is old fade: looked for, written into a file, then taken out of the database, some at a time."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import cast

from learntrack.documents import AttemptOverflow, ContentSession, MasteryLog, Retained, Touched
from learntrack.documents.base import Row
from learntrack.domain import moments
from learntrack.domain.fading import FadingKind
from learntrack.retention.chunks import fade_chunks, let_chunks_go
from learntrack.retention.export import Export
from learntrack.retention.old import Holder, Old, chunks_by_holder, chunks_of, same, these
from learntrack.retention.summaries_and_marks import summaries_and_mark
from learntrack.storage import Database, DatabaseUnavailable
from learntrack.storage.errors import DiskNearlyFull
from learntrack.storage.long_work import OnProgress
from learntrack.storage.patience import patiently
from learntrack.storage.transactions import Tx

_STEP = 50
_STEP_BYTES = 2**20
"""Bytes of JSON of a step, but for its last try or session: what is written out, and kept in memory, at once."""
NOTHING = moments.FIRST
"""Up to where has faded what has never faded."""
_HOLDERS: tuple[type[Holder], ...] = (MasteryLog, ContentSession)


class Retention:
    """Lets what ended before these moments fade.

    Args:
        db: Where everything is stored.
        before: By kind, the moment; a kind that is not there stays.
        late: How long after its end something may come in, or go on; None: nothing does.
        everything: Look at all that is old, not only at what has become so since the last run.

    """

    def __init__(
        self,
        db: Database,
        before: Mapping[FadingKind, datetime],
        *,
        late: timedelta | None = None,
        everything: bool = False,
    ) -> None:
        self._db = db
        self._before = {kind: before[kind] for kind in FadingKind if kind in before}
        self._late = late
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
        if self._late is not None:
            through = min(through, moments.now() - self._late)
        last = await self._last(kind, begins=export is not None)
        for holders in (ContentSession,) if kind is FadingKind.sessions else _HOLDERS:
            async for step in self._steps(holders, kind, last):
                progress(len(step))
                due = [old for old in step if old.fades(kind)]
                fading = [old for old in due if old.ended_before(self._before[kind])]
                faded = {old.holder.id for old in fading}
                if export is not None and fading:
                    export.write([old.line(kind) for old in fading])
                    faded = await self._fade_some(holders, kind, fading)
                done += len(faded)
                # A visit whose attempts have to go first is looked at again, too.
                again = step if kind is FadingKind.sessions else due
                through = min([through, *(old.holder.end_timestamp for old in again if old.holder.id not in faded)])
        # An import may store, or have stored meanwhile, what this has not looked at: where none is under way, the mark
        # still is as it was.
        if export is not None and await self._db.find_one(Retained, {"_id": Retained.IMPORT}) is None:
            await self._db.set_fields(Retained, {"_id": kind.value, "through": last}, {"through": through})
        return done

    async def _last(self, kind: FadingKind, *, begins: bool) -> datetime:
        """Up to where the last run has come; that this begins is stored where nothing is, but not if it only looks."""
        found = await self._db.find_one(Retained, {"_id": kind.value})
        if found is not None:
            return cast(datetime, found["through"])
        if begins:
            await self._db.put(Retained.begin(kind, NOTHING))
        return NOTHING

    async def _fade_some(self, holders: type[Holder], kind: FadingKind, fading: Sequence[Old]) -> set[str]:
        """Let what has been written out fade; what has changed since is left for later. The ids of what has, whole."""
        ready = fading
        if kind is FadingKind.attempts:
            ready = [left for old in fading if (left := await let_chunks_go(self._db, old)) is not None]
        faded = await self._fade_together(holders, kind, ready)
        if kind in (FadingKind.answers, FadingKind.interactions):
            # Afterwards: who goes on with a try from here on does so after it was old.
            faded -= await fade_chunks(self._db, kind, [old for old in ready if old.holder.id in faded])
        return faded

    async def _fade_together(self, holders: type[Holder], kind: FadingKind, olds: Sequence[Old]) -> set[str]:
        """Let these fade in one transaction, or in one each where learners go on at the same summaries so often that it
        does not come to its end.
        """
        try:
            return await self._db.transaction(_Step(self._db, holders, kind, olds).run)
        except DiskNearlyFull:
            raise
        except DatabaseUnavailable:
            faded: set[str] = set()
            for old in olds:
                alone = _Step(self._db, holders, kind, [old])
                faded |= await patiently(partial(self._db.transaction, alone.run))
            return faded

    async def _steps(self, holders: type[Holder], kind: FadingKind, last: datetime) -> AsyncIterator[list[Old]]:
        """What is old, some at a time. Indexes: newest (tries), newest_attempts (sessions, but where they fade)."""
        wanted: Row = {"end_timestamp": {"$lt": self._before[kind], "$gte": NOTHING if self._everything else last}}
        if holders is ContentSession and kind is not FadingKind.sessions:  # few have any
            wanted["attempt_count"] = {"$gt": 0}
        step: list[Old] = []
        size = 0
        async for row in self._db.each(holders, wanted, batch=_STEP):
            holder = holders.read(row)
            # Sessions go only when they have no attempts any more.
            old = Old(holder, [] if kind is FadingKind.sessions else await chunks_of(self._db, holder))
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
        chunks: Mapping[str, Sequence[AttemptOverflow]] = {}
        if self.kind is FadingKind.attempts:
            chunks = await chunks_by_holder(self.db, [holder for holder, _ in found], tx)
        unchanged = [(holder, old) for holder, old in found if self._is_as_read(holder, old, chunks)]
        if self.kind is FadingKind.sessions:
            await self._remove([holder for holder, _ in unchanged], tx)
        else:
            await self._fade(unchanged, tx)
        return {holder.id for holder, _ in unchanged}

    def _is_as_read(self, holder: Holder, old: Old, chunks: Mapping[str, Sequence[AttemptOverflow]]) -> bool:
        if not old.is_still(holder):
            return False
        if self.kind is FadingKind.sessions:
            return not holder.has_attempts
        return self.kind is not FadingKind.attempts or same(chunks[holder.id], old.chunks)

    async def _fade(self, unchanged: Sequence[tuple[Holder, Old]], tx: Tx) -> None:
        gone: dict[str, int] = {}
        for holder, old in unchanged:
            before = holder.faded_count
            holder.fade(self.kind, old.older)
            gone[holder.id] = holder.faded_count - before
        chunks = [chunk for _, old in unchanged for chunk in old.chunks]
        if self.kind is FadingKind.attempts and chunks:
            await self.db.remove(AttemptOverflow, these(self.db, chunks), tx)
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
