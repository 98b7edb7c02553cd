"""Storing batches: as they are where nothing of them is stored yet, merged where something is."""

from datetime import datetime

from learntrack.documents import Touched
from learntrack.documents.recording_permits import PermitUse
from learntrack.domain import moments
from learntrack.importing.merging import Merging, Outcome
from learntrack.importing.prepared import PreparedBatch
from learntrack.importing.stored_logs import Mark, StoredLogs
from learntrack.storage import Database
from learntrack.storage.database import Writable
from learntrack.storage.errors import DatabaseBusy
from learntrack.storage.transactions import Tx

_TRANSACTION_SECONDS = 60.0


class Storing:
    """Stores batches, one after the other.

    Once a batch was wholly new, the next one is thought to be new too, and stored without a look: where it is not, its
    ids are there already, which refuses all of it, and then it is looked at. On a cluster every batch is looked at, as
    each shard knows its own ids only.

    Args:
        db: Where to.
        at: When the import began.
        dry_run: Look at everything, store nothing.

    """

    def __init__(self, db: Database, at: datetime, *, dry_run: bool) -> None:
        self._db = db
        self._at = at
        self._dry_run = dry_run
        self._expects_new = False

    async def store(self, batch: PreparedBatch) -> list[Outcome]:
        """Store a batch in one transaction; what became of its documents.

        Raises:
            DatabaseUnavailable: it is not known to be stored; it may be stored again.

        """
        try:
            outcomes = await self._stored(batch)
        except DatabaseBusy:
            if not self._expects_new:
                raise
            self._expects_new = False
            outcomes = await self._stored(batch)
        self._expects_new = not self._dry_run and all(outcome == "new" for _, _, outcome in outcomes)
        return outcomes

    async def _stored(self, batch: PreparedBatch) -> list[Outcome]:
        return await self._db.transaction(lambda tx: self._in_transaction(batch, tx), patience=_TRANSACTION_SECONDS)

    async def _in_transaction(self, batch: PreparedBatch, tx: Tx) -> list[Outcome]:
        # Without transactions nothing may be tried that may have to be taken back.
        if tx is not None and (outcome := await self._outcome_of_all(batch, tx)) is not None:
            if outcome == "new" and not self._dry_run:
                await self._insert(batch, tx)
            return [(part.collection, part.id, outcome) for part in batch.parts if part.is_first]
        merging = Merging(self._db, tx, self._at)
        await merging.take_over([part.read() for part in batch.parts])
        if not self._dry_run:
            await self._db.write(merging.documents(), tx)
        return merging.outcomes

    async def _outcome_of_all(self, batch: PreparedBatch, tx: Tx) -> str | None:
        """What becomes of all documents of a batch, new or unchanged; None where it has to be looked at one by one."""
        stored = StoredLogs(self._db, tx)
        if await stored.forgotten(batch.facilities, self._at):
            return None
        marks: dict[tuple[str, str], Mark] = {}
        if self._db.capabilities.sharded or not (self._expects_new and batch.is_whole):
            for kind, ids in batch.ids().items():
                marks |= {(kind.collection(), key): mark for key, mark in (await stored.marks(kind, ids)).items()}
        if not marks:
            facilities = await stored.facilities(batch.facilities)
            as_thought = all(facilities.get(user) == facility for user, facility in batch.facilities.items())
            return "new" if batch.is_whole and as_thought else None
        same = all(marks.get((part.collection, part.id)) == (part.user_id, part.digest) for part in batch.parts)
        return "unchanged" if same else None

    async def _insert(self, batch: PreparedBatch, tx: Tx) -> None:
        beside: list[Writable] = [PermitUse(user, self._at) for user in sorted(batch.facilities)]
        tries, visits = batch.tries(), sorted(batch.visits())
        if tries or visits:
            beside.append(Touched.by_logs(tries, moments.now(), visits))
        await self._db.write(beside, tx)
        for kind, rows in batch.documents().items():
            await self._db.insert_bson(kind, rows, tx)
