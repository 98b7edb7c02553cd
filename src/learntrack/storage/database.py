"""A connected database: its collections, its transactions, and reading by aggregation."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing, suppress
from functools import partial
from threading import Thread
from typing import Any, Protocol, TypeVar

from beanie import init_beanie
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import ReadPreference
from pymongo.errors import OperationFailure, PyMongoError

from learntrack import documents
from learntrack.documents.base import Row, Stored, Write
from learntrack.documents.bson_parts import divided, entries
from learntrack.storage import schema
from learntrack.storage.by_themselves import ByThemselves
from learntrack.storage.capabilities import Capabilities
from learntrack.storage.changes import Change, changes_of
from learntrack.storage.disk import DiskGuard
from learntrack.storage.errors import translated
from learntrack.storage.index_first import Stage
from learntrack.storage.reading import AGGREGATIONS_AT_ONCE
from learntrack.storage.report_reading import ReportReading
from learntrack.storage.threads import aggregated, found, within
from learntrack.storage.transactions import Then, Transactions, Tx, Work
from learntrack.storage.writes_together import WritesTogether

_CLOSE_SECONDS = 0.75

T = TypeVar("T")

_MOST_TOGETHER = 100
"""Documents that are written in one command to several collections, which takes the driver twice as long to write down
as one to each.
"""
D = TypeVar("D", bound=Stored)


class Writable(Protocol):
    """What can be written together with others: a document, or a change of one that was not read."""

    def collection(self) -> str:
        """The name of the collection."""

    def write(self, namespace: str | None = None, *, sharded: bool = False) -> Write | None:
        """The write, as `Stored.write` says; None for none."""


class Database(ByThemselves):
    """The service's database. Whatever is asked of it itself, its primary answers, whatever the URI says: access is
    decided by it, and what was just written is read again. `reports` may be asked of others.

    Args:
        client: A connected Motor client (or mongomock-motor's).
        name: The database's name.
        capabilities: What the engine can do.
        patience: Seconds that one transaction may take, waiting and retrying included, before it is given up.
        read_patience: Seconds that one answer of the database to a question may take.
        aggregations_at_once: How many aggregations may be under way at once, beside reports.
        reports: Which servers answer reports and exports, and how many of those at once.
        disk: Refuses writes while its disk is nearly full.

    """

    def __init__(
        self,
        client: Any,
        name: str,
        capabilities: Capabilities,
        *,
        patience: float = 4.0,
        read_patience: float = 30.0,
        aggregations_at_once: int = AGGREGATIONS_AT_ONCE,
        reports: ReportReading | None = None,
        disk: DiskGuard | None = None,
    ) -> None:
        super().__init__(
            client.get_database(name, read_preference=ReadPreference.PRIMARY),
            patience=read_patience,
            aggregations_at_once=aggregations_at_once,
            leads=not capabilities.walks_indexes,
        )
        self.reports = (reports or ReportReading()).of(
            client, name, read_patience, leads=not capabilities.walks_indexes
        )
        self.client = client
        self.capabilities = capabilities
        self.patience = patience
        self.disk = disk
        self._name = name
        self._undecoded: dict[str, Any] = {}
        self._together = WritesTogether()
        self._transactions = Transactions(client, self.raw, capabilities)

    async def transaction(self, work: Work[T], *, patience: float | None = None) -> T:
        """Run `work` in a transaction: all of its writes are stored, or none.

        `work` is run again when somebody else wrote the same documents meanwhile, so it must have no outside effect.

        Raises:
            DatabaseUnavailable: the disk is nearly full, so that nothing is tried; or there was no answer within
                `patience` (seconds): the writes may or may not have been stored.

        """
        self.check_disk()
        return await self._transactions.run(work, patience or self.patience)

    async def transactions(self, work: Work[T], then: Then[T], *, patience: float | None = None) -> None:
        """Run transactions one after the other: `work`, and what `then` returns, as of `Transactions.run_in_line`.

        Raises:
            DatabaseUnavailable: as of `transaction`; `then` has been told of those that were stored before.

        """
        self.check_disk()
        await self._transactions.run_in_line(work, then, patience or self.patience)

    async def write(self, documents: Iterable[Writable], tx: Tx) -> None:
        """Write what is new or has changed of these documents within a transaction that has read before.

        A few in one round trip where the database writes to several collections in one command, else in one for each.
        In a transaction their order means nothing, and would cost a cluster a round for each change of shard.
        """
        writes: dict[str, list[Write]] = {}
        for document in documents:
            name = document.collection()
            if (write := document.write(f"{self._name}.{name}", sharded=self.capabilities.sharded)) is not None:
                writes.setdefault(name, []).append(write)
        many = sum(map(len, writes.values()))
        may = self.capabilities.writes_together and self._together.allowed
        if may and len(writes) > 1 and many <= _MOST_TOGETHER:
            together = [write for part in writes.values() for write in part]
            with self._together.watched():
                await within(tx, self.client, lambda asked, own: asked.bulk_write(together, session=own, ordered=False))
        else:
            for name, part in writes.items():
                await within(tx, self.collection(name), partial(_written, part))

    async def insert_bson(self, kind: type[Stored], rows: Sequence[bytes], tx: Tx) -> None:
        """Insert documents that are written down already, within a transaction."""
        await self.collection(kind).insert_many([RawBSONDocument(row) for row in rows], ordered=False, session=tx)

    async def sized_joined(
        self, kind: type[D], pipeline: Sequence[Stage], joined: Mapping[str, type[Stored]], tx: Tx
    ) -> tuple[list[D], dict[str, list[Any]], int]:
        """What an aggregation within a transaction returns: documents, those that it joins to them in lists of these
        names, and the bytes of all of them; 0 where the driver does not tell them.
        """
        rows = await aggregated(self._sizing(kind, tx), pipeline, tx)
        others: dict[str, list[Any]] = {name: [] for name in joined}
        if tx is None:
            for row in rows:
                for name, other in joined.items():
                    others[name] += map(other.read, row.pop(name))
            return [kind.read(row) for row in rows], others, 0
        options, names = self.collection(kind).codec_options, {name.encode(): name for name in joined}
        documents, parts = list[D](), kind.decoded_later | names.keys()
        for row in rows:
            rest, arrays = divided(bytes(row.raw), parts)
            documents.append(kind.from_parts(rest, arrays, options))
            for key, name in names.items():
                others[name] += [joined[name].from_bson(entry, options) for entry in entries(arrays[key])]
        return documents, others, sum(len(row.raw) for row in rows)

    async def sized_load(self, kind: type[D], query: Mapping[str, Any], tx: Tx) -> tuple[list[D], int]:
        """The documents that match, read within a transaction, and their bytes, as of `sized_joined`."""
        rows = await found(self._sizing(kind, tx), query, None, tx)
        if tx is None:
            return [kind.read(row) for row in rows], 0
        options: CodecOptions[Row] = self.collection(kind).codec_options
        return [kind.from_bson(bytes(row.raw), options) for row in rows], sum(len(row.raw) for row in rows)

    def _sizing(self, kind: type[Stored], tx: Tx) -> Any:
        """The collection of these documents, which answers with rows whose bytes can be counted; without transactions,
        as mongomock is, as it is.
        """
        collection = self.collection(kind)
        if tx is None:
            return collection
        undecoded = self._undecoded.get(collection.name)
        if undecoded is None:
            raw = collection.codec_options.with_options(document_class=RawBSONDocument)
            undecoded = self._undecoded[collection.name] = collection.with_options(codec_options=raw)
        return undecoded

    async def load(self, kind: type[D], query: Mapping[str, Any], tx: Tx) -> list[D]:
        """The documents that match, read within a transaction."""
        rows = await found(self.collection(kind), query, None, tx)
        return [kind.read(row) for row in rows]

    async def load_fields(
        self, kind: type[Stored], query: Mapping[str, Any], fields: Mapping[str, Any], tx: Tx
    ) -> list[Row]:
        """These fields of the documents that match, read within a transaction."""
        return await found(self.collection(kind), query, fields, tx)

    async def aggregate(self, kind: type[Stored], pipeline: Sequence[Stage], tx: Tx) -> list[Row]:
        """What an aggregation returns, read within a transaction."""
        return await aggregated(self.collection(kind), pipeline, tx)

    async def ids(self, kind: type[Stored], query: Mapping[str, Any], tx: Tx, *, most: int) -> list[str]:
        """The ids of documents that match, `most` of them, read within a transaction."""
        rows = await within(
            tx,
            self.collection(kind),
            lambda asked, own: asked.find(query, {"_id": 1}, session=own).limit(most).to_list(None),
        )
        return [row["_id"] for row in rows]

    async def remove(self, kind: type[Stored], query: Mapping[str, Any], tx: Tx) -> int:
        """Remove the documents that match within a transaction; returns how many there were."""
        removed = await within(tx, self.collection(kind), lambda asked, own: asked.delete_many(query, session=own))
        return int(removed.deleted_count)

    async def changes(self, kind: type[Stored], field: str) -> AsyncGenerator[Change, None]:
        """The documents of a kind as they are stored or changed from now on, as far as it costs the server nothing: it
        sends what its log holds, and looks no document up.

        Args:
            kind: Of which documents.
            field: A field that never changes.

        Raises:
            DatabaseUnavailable: the engine has no change streams, or the stream has broken off.

        """
        async with aclosing(changes_of(self.collection(kind), field)) as changes:
            async for change in changes:
                yield change

    async def prepare(self) -> None:
        """Make the collections, their indexes, and Beanie's models ready.

        Indexes are built while reads and writes go on (MongoDB 4.2 and later).

        Raises:
            StartError: the stored shapes are of another release.

        """
        with translated():
            await schema.require_version(self.raw)  # before anything else of another release is read or made
            if self.capabilities.transactions:
                # Not every version can make a collection inside a transaction, so all exist beforehand.
                present = set(await self.raw.list_collection_names())
                for name in (document.collection() for document in documents.ALL):
                    if name not in present:
                        await _create(self.raw, name)
                await self._transactions.end_those_left_behind()
            await init_beanie(database=self.raw, document_models=documents.ALL)

    async def ping(self) -> None:
        """Raise `DatabaseUnavailable` unless the database answers."""
        with translated():
            await self.raw.command("ping")

    async def close(self) -> None:
        """Close the connections. The server is told, unless it does not listen."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._transactions.close()
        # In a thread that the process does not wait for, because the server is told, and that takes an answer.
        loop, closed = asyncio.get_running_loop(), asyncio.Event()

        def close() -> None:
            self.client.close()
            with suppress(RuntimeError):  # nobody waits any more
                loop.call_soon_threadsafe(closed.set)

        Thread(target=close, daemon=True).start()
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await closed.wait()


def _written(part: Sequence[Write], asked: Any, session: Any) -> Any:
    return asked.bulk_write(part, session=session, ordered=session is None)


async def _create(database: Any, name: str) -> None:
    try:
        await database.create_collection(name)
    except OperationFailure as error:
        if error.code != 48:  # NamespaceExists: another process was faster
            raise
    except PyMongoError as error:
        if "already exists" not in str(error):
            raise


__all__ = ["Database", "Row", "Stage"]
