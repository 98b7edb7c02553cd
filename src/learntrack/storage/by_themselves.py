"""What is asked and written by ids, and what is written in no transaction, each document by itself."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pymongo.errors import OperationFailure

from learntrack.documents.base import Row, Stored
from learntrack.storage.capabilities import Capabilities
from learntrack.storage.disk import DiskGuard
from learntrack.storage.errors import DatabaseBusy, may_be_run_again
from learntrack.storage.in_time import limited, within
from learntrack.storage.reading import Reading
from learntrack.storage.threads import answered


class ByThemselves(Reading):
    """The part of a database that addresses documents by their ids and writes them in no transaction."""

    capabilities: Capabilities
    disk: DiskGuard | None

    def check_disk(self) -> None:
        """Raise `DatabaseUnavailable` if the disk is nearly full. A transaction asks itself; other writes ask here."""
        if self.disk is not None:
            self.disk.check()

    def by_ids(self, kind: type[Stored], ids: Iterable[str], owners: Iterable[str | None]) -> Row:
        """The condition on documents that have these ids, to look for, change or remove them by.

        Beside ids the embedded engine takes nothing, or it would walk the collection; a cluster takes the owners too,
        or it would ask every shard. Index: the key.

        Args:
            kind: Of which documents.
            ids: Their ids.
            owners: Whose they are; none where the collection has no shard key.

        """
        keys = list(ids)
        of_owners = {} if kind.shard_key is None else self.capabilities.of_owners(owners, kind.shard_key)
        return {"_id": keys[0] if len(keys) == 1 else {"$in": keys}, **of_owners}

    async def set_fields(self, kind: type[Stored], query: Mapping[str, Any], fields: Mapping[str, Any]) -> None:
        """Give these fields of all documents that match these values. Safe to repeat.

        Raises:
            DatabaseUnavailable: the disk is nearly full, or there was no answer within `read_patience`, as where
                somebody's transaction holds one of the documents; some may have been changed.

        """
        await self._write(kind, lambda asked: asked.update_many(query, {"$set": dict(fields)}))

    async def put(self, document: Stored) -> None:
        """Store a document as it is, instead of what is there under its id. Safe to repeat.

        Raises:
            DatabaseUnavailable: as of `set_fields`.

        """
        key = document.key(sharded=self.capabilities.sharded)
        await self._write(type(document), lambda asked: asked.replace_one(key, document.row(), upsert=True))

    async def _write(self, kind: type[Stored], ask: Callable[[Any], Any]) -> None:
        self.check_disk()
        source = self.collection(kind)
        async with within(self.read_patience):
            try:
                await limited(lambda: answered(source, ask), self.read_patience)
            except OperationFailure as error:
                if may_be_run_again(error):
                    raise DatabaseBusy("Somebody else is writing the same documents.") from error
                raise
