"""A database as a whole: all documents of all collections, as the bytes that they are stored as, read and written."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from bson.codec_options import CodecOptions
from bson.errors import InvalidBSON
from bson.raw_bson import RawBSONDocument
from pymongo import InsertOne, ReplaceOne
from pymongo.errors import OperationFailure
from pymongo.read_concern import ReadConcern

from learntrack.documents import Deployment, Lease, Unfinished, Writer
from learntrack.domain.portions import in_parts
from learntrack.errors import StartError
from learntrack.storage.database import Database
from learntrack.storage.errors import DatabaseUnavailable, translated

NOT_DATA = frozenset({Writer.collection(), Lease.collection(), Unfinished.collection()})
"""Collections that say something of this database alone: who works on it now, and whether it is whole."""
MOST_BYTES = 2 * 2**20
MOST_DOCUMENTS = 1000
_UNDECODED: CodecOptions[Any] = CodecOptions(document_class=RawBSONDocument)
_SNAPSHOT_TOO_OLD = 239
_TOO_LARGE = (
    "Reading the whole database takes longer than MongoDB keeps one moment's state (parameter "
    "minSnapshotHistoryWindowInSeconds, 300 s): raise it, or use mongodump as docs/operations.md says."
)


def has_id(document: bytes) -> bool:
    """Whether a document, as the bytes that it is stored as, has an id.

    Raises:
        ValueError: it is no document.

    """
    if document[5:9] == b"_id\0":  # it is the first field, nearly always
        return True
    try:
        return "_id" in RawBSONDocument(document)
    except InvalidBSON as error:
        raise ValueError(str(error)) from error


class Whole:
    """All that is stored in a database.

    Args:
        db: The database.
        session: In which it is read; None reads whatever is there when.

    """

    def __init__(self, db: Database, session: Any = None) -> None:
        self._db = db
        self._session = session

    async def collections(self) -> list[str]:
        """The names of all collections with data, in the order of the alphabet."""
        with translated():
            names = await self._db.raw.list_collection_names()
        return sorted(name for name in names if not name.startswith("system.") and name not in NOT_DATA)

    async def size(self) -> int:
        """About how many documents there are."""
        with translated():
            return sum([await self._db.raw[name].estimated_document_count() for name in await self.collections()])

    async def documents(self, collection: str) -> AsyncIterator[list[bytes]]:
        """The documents of a collection, some at a time.

        Raises:
            StartError: it takes too long for one moment's state.
            DatabaseUnavailable: the database does not answer.

        """
        found = self._undecoded(collection).find({}, session=self._session, batch_size=MOST_DOCUMENTS)
        part: list[bytes] = []
        size = 0
        try:
            with translated():
                async for document in found:
                    part.append(document.raw)
                    size += len(document.raw)
                    if size >= MOST_BYTES or len(part) >= MOST_DOCUMENTS:
                        yield part
                        part, size = [], 0
        except OperationFailure as error:
            if error.code == _SNAPSHOT_TOO_OLD:
                raise StartError(_TOO_LARGE) from error
            raise DatabaseUnavailable(str(error)) from error
        if part:
            yield part

    async def is_empty(self) -> bool:
        """Whether nothing is stored but what a start of the service leaves."""
        with translated():
            for name in await self.collections():
                if name != Deployment.collection() and await self._db.raw[name].find_one({}, {"_id": 1}) is not None:
                    return False
        return True

    async def empty(self) -> None:
        """Remove all collections."""
        with translated():
            for name in await self.collections():
                await self._db.raw[name].drop()

    async def write(self, collection: str, documents: Sequence[bytes], *, again: bool) -> set[Any]:
        """Store documents; with `again` some of them may be there already, as they are or as they were. Returns their
        ids where it knows them, which is `again`.

        Raises:
            DatabaseUnavailable: the disk is nearly full, or the database does not answer.

        """
        self._db.check_disk()
        wanted = [RawBSONDocument(each, _UNDECODED) for each in documents]
        there: dict[Any, bytes] = {}
        target = self._undecoded(collection)
        with translated():
            if again:
                ids = [each["_id"] for each in wanted]
                there = {each["_id"]: each.raw async for each in target.find({"_id": {"$in": ids}})}
            writes: list[InsertOne[Any] | ReplaceOne[Any]] = [
                ReplaceOne({"_id": each["_id"]}, each) if again and each["_id"] in there else InsertOne(each)
                for each in wanted
                if not again or there.get(each["_id"]) != each.raw
            ]
            if writes:
                await target.bulk_write(writes, ordered=False)
        return {each["_id"] for each in wanted} if again else set()

    async def keep_only(self, collection: str, ids: set[Any]) -> None:
        """Remove the documents of other ids."""
        with translated():
            rows = self._db.raw[collection].find({}, {"_id": 1})
            others = [row["_id"] async for row in rows if row["_id"] not in ids]
            for some in in_parts(others, MOST_DOCUMENTS):
                await self._db.raw[collection].delete_many({"_id": {"$in": some}})

    def _undecoded(self, collection: str) -> Any:
        return self._db.raw[collection].with_options(codec_options=_UNDECODED)


@asynccontextmanager
async def one_moment(db: Database) -> AsyncIterator[Whole]:
    """The database as it is at one moment, whoever goes on writing.

    MongoDB has snapshot sessions for that, without a limit but how long it keeps history. The embedded engine takes
    such a session for any other, and shows every collection as of when it is read; but a transaction of it sees one
    moment, however long it takes. Where there are no transactions (mongomock), nobody else writes.
    """
    if not db.capabilities.transactions:
        yield Whole(db)
    elif db.capabilities.snapshot_sessions:
        async with await db.client.start_session(snapshot=True) as session:
            yield Whole(db, session)
    else:
        async with (
            await db.client.start_session() as session,
            session.start_transaction(read_concern=ReadConcern("snapshot")),
        ):
            yield Whole(db, session)
