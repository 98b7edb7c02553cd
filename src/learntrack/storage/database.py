"""A connected database: its collections, its transactions, and reading by aggregation."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar, cast

from beanie import init_beanie
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorClientSession
from pymongo import ReadPreference
from pymongo.errors import ClientBulkWriteException, ConfigurationError, InvalidURI, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from learntrack import documents
from learntrack.documents.base import Stored, Write
from learntrack.storage import schema
from learntrack.storage.disk import DiskGuard
from learntrack.storage.errors import DatabaseBusy, DatabaseUnavailable, StartError, cause_of, translated
from learntrack.storage.lines import Lines
from learntrack.storage.monitoring import CommandTimes, PoolSize
from learntrack.storage.writers import COLLECTION as WRITERS
from learntrack.storage.writers import Writers

Stage = Mapping[str, Any]
Row = dict[str, Any]
Tx = AsyncIOMotorClientSession | None
"""A transaction; None on an engine without them. A session is a learner's."""
T = TypeVar("T")

DURABLE = WriteConcern(w="majority", j=True)
_SELECTION_MS = 3000
_MONGODB_8 = 25
"""maxWireVersion of MongoDB 8.0: $lookup of a sharded collection in a transaction, writes to several collections in a
command.
"""
_STANDALONE = (
    "The MongoDB at this address is a standalone server, which has no transactions. "
    "Start it with --replSet rs0 and run rs.initiate() once: a replica set of one member is enough."
)


class Database:
    """The service's database.

    Args:
        client: A connected Motor client (or mongomock-motor's).
        name: The database's name.
        transactions: Whether the engine has transactions; without them (mongomock) writes are made one by one.
        sharded: Whether it is a sharded cluster.
        patience: Seconds that one transaction may take, waiting and retrying included, before it is given up.
        read_patience: Seconds that one answer of the database to a question may take.

    """

    def __init__(
        self,
        client: Any,
        name: str,
        *,
        transactions: bool,
        sharded: bool = False,
        patience: float = 4.0,
        read_patience: float = 30.0,
    ) -> None:
        self.client = client
        self._name = name
        self.raw = client[name]
        self.transactions = transactions
        self.patience = patience
        self.read_patience = read_patience
        self.sharded = sharded
        self.indexes_unions = True
        """Whether the engine uses indexes within `$unionWith`; the embedded one does not."""
        self.writes_together = False
        """Whether the engine writes to several collections in one command (MongoDB 8.0 and later)."""
        self._collections: dict[str, Any] = {}
        self.lines = Lines()
        self._writers = Writers(client, self.raw)
        self.disk: DiskGuard | None = None
        self.content_sessions = self.collection("content_sessions")
        self.content_summaries = self.collection("content_summaries")
        self.mastery_logs = self.collection("mastery_logs")
        self.attempt_overflow = self.collection("attempt_overflow")
        self.idempotency_keys = self.collection("idempotency_keys")
        self.users = self.collection("users")

    def collection(self, kind: str | type[Stored]) -> Any:
        """The Motor collection of this name, or of these documents.

        Made once, because making one costs as much as a tenth of a small read.
        """
        name = kind if isinstance(kind, str) else kind.collection()
        found = self._collections.get(name)
        if found is None:
            found = self._collections[name] = self.raw[name]
        return found

    def key_of(self, document: Mapping[str, Any]) -> Row:
        """What a write of this log document is addressed by: its id, and where the data is sharded its owner too."""
        if self.sharded:
            return {"_id": document["_id"], "user_id": document["user_id"]}
        return {"_id": document["_id"]}

    async def transaction(
        self, work: Callable[[Tx], Awaitable[T]], *, line: str | None = None, patience: float | None = None
    ) -> T:
        """Run `work` in a transaction: all of its writes are stored, or none.

        `work` is run again when somebody else wrote the same documents meanwhile, so it must have no outside effect.
        Of those with the same `line` one runs at a time in this process.

        Raises:
            DatabaseUnavailable: no answer within `patience`; the writes may or may not have been stored.

        """
        if self.disk is not None:
            self.disk.check()
        try:
            async with asyncio.timeout(patience or self.patience):
                if line is None:
                    return await self._run(work)
                async with self.lines.held(line):
                    return await self._run(work)
        except TimeoutError as error:
            raise DatabaseUnavailable("The database did not answer in time.") from error

    async def _run(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        if not self.transactions:
            return await work(None)
        with translated():
            async with self._writers.session() as session:
                return cast(
                    T,
                    await session.with_transaction(
                        work,
                        read_concern=ReadConcern("snapshot"),
                        write_concern=DURABLE,
                        read_preference=ReadPreference.PRIMARY,
                    ),
                )

    async def write(self, documents: Iterable[Stored], tx: Tx) -> None:
        """Write what is new or has changed of these documents within a transaction that has read before.

        In one round trip where the database writes to several collections in one command, else in one for each.
        """
        writes: dict[str, list[Write]] = {}
        for document in documents:
            name = document.collection()
            if (write := document.write(f"{self._name}.{name}", sharded=self.sharded)) is not None:
                writes.setdefault(name, []).append(write)
        if self.writes_together and len(writes) > 1:
            try:
                await self.client.bulk_write([write for part in writes.values() for write in part], session=tx)
            except ClientBulkWriteException as error:
                raise cause_of(error) from error
        else:
            for name, part in writes.items():
                await self.collection(name).bulk_write(part, session=tx)

    async def rows(self, collection: str, pipeline: Sequence[Stage]) -> list[Row]:
        """What an aggregation returns, as a list."""
        return cast(
            list[Row],
            await self._answer(self.collection(collection).aggregate(list(pipeline), allowDiskUse=True).to_list(None)),
        )

    async def stream(self, collection: str, pipeline: Sequence[Stage], *, batch: int = 200) -> AsyncIterator[Row]:
        """What an aggregation returns, row by row, `batch` rows a round trip."""
        cursor = self.collection(collection).aggregate(list(pipeline), allowDiskUse=True, batchSize=batch)
        try:
            while rows := await self._answer(cursor.to_list(batch)):
                for row in rows:
                    yield row
        finally:
            await cursor.close()

    async def find_one(
        self, collection: str, query: Mapping[str, Any], projection: Mapping[str, Any] | None = None
    ) -> Row | None:
        """One document, or None."""
        return cast(Row | None, await self._answer(self.collection(collection).find_one(query, projection)))

    async def find(
        self, collection: str, query: Mapping[str, Any], projection: Mapping[str, Any] | None = None
    ) -> list[Row]:
        """The documents that match, as a list."""
        return cast(list[Row], await self._answer(self.collection(collection).find(query, projection).to_list(None)))

    async def _answer(self, asked: Awaitable[Any]) -> Any:
        try:
            async with asyncio.timeout(self.read_patience):
                with translated():
                    return await asked
        except TimeoutError as error:
            raise DatabaseUnavailable("The database did not answer in time.") from error

    async def prepare(self) -> None:
        """Make the collections, their indexes, and Beanie's models ready.

        Indexes are built while reads and writes go on (MongoDB 4.2 and later).

        Raises:
            StartError: the stored shapes are of another release.

        """
        with translated():
            if self.transactions:
                # Not every version can make a collection inside a transaction, so all exist beforehand.
                present = set(await self.raw.list_collection_names())
                for name in (*(document.Settings.name for document in documents.ALL), WRITERS):
                    if name not in present:
                        await _create(self.raw, name)
                await self._writers.end_those_left_behind()
            await schema.check(self.raw)
            await init_beanie(database=self.raw, document_models=documents.ALL)

    async def ping(self) -> None:
        """Raise `DatabaseUnavailable` unless the database answers."""
        with translated():
            await self.raw.command("ping")

    async def close(self) -> None:
        """Close the connections; in a thread, because the server is told and that takes a round trip."""
        await self._writers.close()
        await asyncio.to_thread(self.client.close)


async def _create(database: Any, name: str) -> None:
    try:
        await database.create_collection(name)
    except OperationFailure as error:
        if error.code != 48:  # NamespaceExists: another process was faster
            raise
    except PyMongoError as error:
        if "already exists" not in str(error):
            raise


async def connect(uri: str, name: str, *, patience: float = 4.0) -> Database:
    """Connect to the MongoDB at `uri` and make sure that it has transactions.

    Raises:
        StartError: the URI is wrong, nothing answers there, or it is a standalone server.

    """
    try:
        client: Any = AsyncIOMotorClient(
            uri,
            tz_aware=True,
            serverSelectionTimeoutMS=_SELECTION_MS,
            connectTimeoutMS=_SELECTION_MS,
            retryWrites=True,
            retryReads=True,
            w="majority",
            journal=True,
            appname="learntrack",
            event_listeners=[CommandTimes(), PoolSize()],
        )
    except (InvalidURI, ConfigurationError, ValueError, TypeError) as error:
        raise StartError(f"LEARNTRACK_MONGODB_URI is not a MongoDB URI: {error}") from error
    try:
        hello = await client.admin.command("hello")
    except PyMongoError as error:
        client.close()
        raise StartError(f"No MongoDB answers at LEARNTRACK_MONGODB_URI: {_first_line(error)}") from error
    sharded = hello.get("msg") == "isdbgrid"
    if not sharded and "setName" not in hello:
        client.close()
        raise StartError(_STANDALONE)
    if sharded and hello["maxWireVersion"] < _MONGODB_8:
        client.close()
        raise StartError(
            "A sharded cluster must be MongoDB 8.0 or newer: before, a transaction cannot join sharded collections."
        )
    db = Database(client, name, transactions=True, sharded=sharded, patience=patience)
    db.writes_together = hello["maxWireVersion"] >= _MONGODB_8
    db.indexes_unions = "secantusVersion" not in await client.admin.command("buildInfo")
    return db


def _first_line(error: Exception) -> str:
    return str(error).split(", Timeout:")[0].splitlines()[0]


__all__ = ["Database", "DatabaseBusy", "DatabaseUnavailable", "Row", "Stage", "Tx", "connect"]
