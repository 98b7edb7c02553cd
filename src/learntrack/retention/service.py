"""Letting what is old fade: looked for, written into a file, then taken out of the database, some at a time."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from learntrack.documents import AttemptOverflow, ContentSession, ContentSummary, MasteryLog, Retained, Touched
from learntrack.documents.base import Row
from learntrack.domain import moments
from learntrack.domain.fading import FadingKind
from learntrack.retention.chunks import chunks_of, fade_chunks
from learntrack.retention.export import Export
from learntrack.storage import Database
from learntrack.storage.long_work import OnProgress
from learntrack.storage.transactions import Tx

Holder = MasteryLog | ContentSession
_STEP = 50
_STEP_BYTES = 2**20
"""Bytes of JSON in a step, so that what a transaction writes fits the embedded engine's cache."""
_HOLDERS: tuple[type[Holder], ...] = (MasteryLog, ContentSession)


@dataclass
class _Old:
    """A try, or a session, that is old, as it was read; and the chunks of its attempts."""

    holder: Holder
    chunks: list[AttemptOverflow]

    def line(self, kind: FadingKind) -> bytes:
        """It as a line of the export."""
        line = {
            "fades": kind,
            "collection": self.holder.collection(),
            "document": self.holder.row(),
            "chunks": [chunk.row() for chunk in self.chunks],
        }
        return msgspec.json.encode(line)

    def row(self) -> tuple[Row, list[Row]]:
        """All of it, to compare."""
        return self.holder.row(), [chunk.row() for chunk in self.chunks]

    def fades(self, kind: FadingKind) -> bool:
        """Whether anything of it fades; its documents are changed by that, not what is stored."""
        if kind is FadingKind.sessions:
            return not self.holder.has_attempts
        if not self.holder.has_attempts:
            return False
        self.holder.fade(kind, [attempt for chunk in self.chunks for attempt in chunk.attempts])
        for chunk in self.chunks:
            chunk.fade(kind)
        return any(each.write() is not None for each in (self.holder, *self.chunks))


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
        done, missed = 0, 0
        for holders in (ContentSession,) if kind is FadingKind.sessions else _HOLDERS:
            async for step in self._steps(holders, kind):
                progress(len(step))
                lines = {each.holder.id: each.line(kind) for each in step}
                rows = {each.holder.id: each.row() for each in step}
                fading = [each for each in step if each.fades(kind)]
                if export is None or not fading:
                    done += len(fading)
                    continue
                export.write([lines[each.holder.id] for each in fading])
                faded = await self._fade_some(holders, kind, rows, fading)
                done += faded
                missed += len(fading) - faded
        if export is not None and not missed:
            await self._db.put(Retained.begin(kind, self._before[kind]))
        return done

    async def _fade_some(
        self,
        holders: type[Holder],
        kind: FadingKind,
        rows: Mapping[str, tuple[Row, list[Row]]],
        fading: Sequence[_Old],
    ) -> int:
        left: set[str] = set()
        if kind is not FadingKind.attempts:
            read = {row["_id"]: row for _, chunks in rows.values() for row in chunks}
            tries = {
                log.id: (log.user_id, log.content_id) for old in fading if isinstance(log := old.holder, MasteryLog)
            }
            left = await fade_chunks(self._db, kind, [chunk for old in fading for chunk in old.chunks], read, tries)
        ids = [old.holder.id for old in fading if old.holder.id not in left]
        return await self._db.transaction(_Step(self._db, holders, kind, rows, ids).run) if ids else 0

    async def _steps(self, holders: type[Holder], kind: FadingKind) -> AsyncIterator[list[_Old]]:
        """What is old, some at a time. Index: newest (tries)."""
        last = None if self._everything else await self._db.find_one(Retained, {"_id": kind.value})
        ended = {"$lt": self._before[kind]} | ({} if last is None else {"$gte": last["through"]})
        step: list[_Old] = []
        size = 0
        async for row in self._db.each(holders, {"end_timestamp": ended}, batch=_STEP):
            holder = holders.read(row)
            old = _Old(holder, await chunks_of(self._db, holder, None))
            step.append(old)
            size += len(old.line(kind))
            if len(step) >= _STEP or size >= _STEP_BYTES:
                yield step
                step, size = [], 0
        if step:
            yield step


@dataclass
class _Step:
    """What fades in one transaction: what of it has changed since it was read, and written out, is left for later."""

    db: Database
    holders: type[Holder]
    kind: FadingKind
    rows: Mapping[str, tuple[Row, list[Row]]]
    fading: Sequence[str]

    async def run(self, tx: Tx) -> int:
        """Do it; returns how many have faded."""
        unchanged: list[_Old] = []
        faded: Counter[str] = Counter()
        owners = [self.rows[name][0]["user_id"] for name in self.fading]
        for holder in await self.db.load(self.holders, self.db.by_ids(self.holders, self.fading, owners), tx):
            old = _Old(holder, await chunks_of(self.db, holder, tx) if self.kind is FadingKind.attempts else [])
            before = holder.faded_count
            if self._is_as_read(old):
                old.fades(self.kind)
                unchanged.append(old)
                if isinstance(holder, MasteryLog):
                    faded[holder.summary_id] += holder.faded_count - before
        if self.kind is FadingKind.sessions:
            visits = [(old.holder.user_id, old.holder.start_timestamp) for old in unchanged]
            if of_learners := [(user, start) for user, start in visits if user is not None]:
                await self.db.write([Touched.by_logs([], moments.now(), of_learners)], tx)
            return await self._remove([old.holder for old in unchanged], tx)
        for old in unchanged:
            if self.kind is FadingKind.attempts and old.chunks:
                gone = {"user_id": old.holder.user_id, "holder_id": old.holder.id}
                await self.db.remove(AttemptOverflow, gone, tx)
        tries = [old.holder for old in unchanged if isinstance(old.holder, MasteryLog)]
        marks = [Touched.by_logs([(log.user_id, log.content_id) for log in tries], moments.now())] if tries else []
        summaries = await self._summaries(faded, tries, tx)
        await self.db.write([*(old.holder for old in unchanged), *summaries, *marks], tx)
        return len(unchanged)

    def _is_as_read(self, old: _Old) -> bool:
        """Whether nobody has written since; of chunks that have faded already that was asked then."""
        holder, chunks = old.row()
        read, read_chunks = self.rows[old.holder.id]
        return holder == read and (self.kind is not FadingKind.attempts or chunks == read_chunks)

    async def _remove(self, holders: Sequence[Holder], tx: Tx) -> int:
        if not holders:
            return 0
        gone = self.db.by_ids(self.holders, [each.id for each in holders], [each.user_id for each in holders])
        return await self.db.remove(self.holders, gone, tx)

    async def _summaries(self, faded: Counter[str], tries: Sequence[MasteryLog], tx: Tx) -> list[ContentSummary]:
        """The summaries of these tries, which count what has faded of them. Index: the key."""
        if not faded.total():
            return []
        query = self.db.by_ids(ContentSummary, sorted(faded), sorted({log.user_id for log in tries}))
        summaries = await self.db.load(ContentSummary, query, tx)
        for summary in summaries:
            summary.count_faded(faded[summary.id])
        return summaries
