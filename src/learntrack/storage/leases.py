"""Leases: of all processes, on whatever hosts, one at a time does a job.

No clocks are compared: whoever waits watches, by a clock of its own, whether the holder's beat goes on. What a holder
writes it writes in a transaction that looks at the lease and writes it too, so that one who has lost it without knowing
(its process stood still) stores nothing any more.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress

from learntrack.documents import Lease
from learntrack.domain.ids import new_id
from learntrack.storage.database import Database, Writable
from learntrack.storage.errors import DatabaseUnavailable
from learntrack.storage.patience import end_if_cancelled
from learntrack.storage.transactions import Tx

logger = logging.getLogger("learntrack")

BEAT_SECONDS = 1.5
"""How often a holder shows that it lives."""
SILENT_SECONDS = 6.0
"""After so long without a beat another takes over: with the time between two looks, within 10 s."""
_LEAVE_SECONDS = 1.0
"""How long leaving a lease may take; where it takes longer, another takes over as from one who has gone."""


class LeaseLost(Exception):
    """Another process does the job now, or what had been read is out of date; nothing was stored."""


class Holding:
    """A lease as one process sees it.

    Args:
        db: Where it is kept.
        job: The job's name.
        silent_seconds: After so long without a beat its holder counts as gone.

    """

    def __init__(self, db: Database, job: str, *, silent_seconds: float = SILENT_SECONDS) -> None:
        self._db = db
        self._job = job
        self._silent = silent_seconds
        self._me = new_id()
        self._seen: tuple[str | None, int] | None = None
        self._seen_at = 0.0
        self.term = 0
        """Grows whenever this process takes the lease: as long as it is the same, nobody else has had it meanwhile."""

    async def take(self) -> bool:
        """Take the lease if nobody holds it, or nobody who lives; whether this process holds it now."""
        term = self.term
        self.term += 1  # unless it turns out that this process has held it all the while

        async def work(tx: Tx) -> bool:
            nonlocal term
            lease = await self._load(tx)
            if lease.holder == self._me:
                self.term = term
                return True
            term = self.term  # also if this is run again, because no answer says what has become of it
            if lease.holder is not None and not self._is_silent(lease):
                return False
            lease.take(self._me)
            await self._db.write([lease], tx)
            return True

        return await self._db.transaction(work)

    async def epoch(self) -> int:
        """The epoch in which what is read from now on may be written."""
        row = await self._db.find_one(Lease, {"_id": self._job}, {"epoch": 1})
        return 0 if row is None else int(row["epoch"])

    async def write(
        self, documents: Sequence[Writable], epoch: int, more: Callable[[Tx], Awaitable[object]] | None = None
    ) -> None:
        """Write what was made of what was read in an epoch, and do `more` in the same transaction.

        Raises:
            LeaseLost: the lease is another's, or the epoch has passed.

        """

        async def work(tx: Tx) -> None:
            lease = await self._load(tx)
            if lease.holder != self._me or lease.epoch != epoch:
                raise LeaseLost
            lease.live()
            if more is not None:
                await more(tx)
            await self._db.write([lease, *documents], tx)

        await self._db.transaction(work, patience=60.0)

    @asynccontextmanager
    async def beating(self) -> AsyncIterator[None]:
        """Show all the while that this process lives; at the end leave the lease to another at once."""
        beat = asyncio.create_task(self._beat())
        try:
            yield
        finally:
            beat.cancel()
            await asyncio.gather(beat, return_exceptions=True)  # if this task is cancelled meanwhile, that is not lost
            with suppress(DatabaseUnavailable, TimeoutError):
                async with asyncio.timeout(_LEAVE_SECONDS):
                    await self._change(Lease.leave)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            try:
                await self._change(Lease.live)
            except DatabaseUnavailable:
                end_if_cancelled()
            except Exception:  # else the job would go on, and another process would do it too
                logger.exception("a beat of %s failed", self._job)
                end_if_cancelled()

    async def _change(self, change: Callable[[Lease], None]) -> None:
        async def work(tx: Tx) -> None:
            lease = await self._load(tx)
            if lease.holder == self._me:
                change(lease)
                await self._db.write([lease], tx)

        await self._db.transaction(work)

    async def _load(self, tx: Tx) -> Lease:
        found = await self._db.load(Lease, {"_id": self._job}, tx)
        return found[0] if found else Lease.begin(self._job)

    def _is_silent(self, lease: Lease) -> bool:
        """Whether the holder has not shown for long enough that it lives."""
        seen, now = (lease.holder, lease.beat), time.monotonic()
        if seen != self._seen:
            self._seen, self._seen_at = seen, now
        return now - self._seen_at >= self._silent


async def outdate(db: Database, job: str) -> None:
    """Let the holder of a lease write nothing of what it has read by now."""

    async def work(tx: Tx) -> None:
        found = await db.load(Lease, {"_id": job}, tx)
        lease = found[0] if found else Lease.begin(job)
        lease.outdate()
        await db.write([lease], tx)

    await db.transaction(work)
