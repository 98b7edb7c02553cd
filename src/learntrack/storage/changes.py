"""Following what is stored and changed, where the server has change streams."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pymongo
from pymongo.errors import PyMongoError

from learntrack.storage.errors import DatabaseUnavailable
from learntrack.storage.index_first import Stage

_CLOSE_SECONDS = 0.75


@dataclass(frozen=True, slots=True)
class Change:
    """A document that has been stored or changed.

    `value` is that of the field that was asked for; None where the server's log does not hold it: of a change, unless
    the collection is sharded by the field.
    """

    id: str
    value: str | None


async def changes_of(collection: Any, field: str) -> AsyncGenerator[Change, None]:
    """The documents of a Motor collection as they are stored or changed from now on.

    Raises:
        DatabaseUnavailable: as of `Database.changes`.

    """
    stages: list[Stage] = [
        {"$match": {"operationType": {"$in": ["insert", "update", "replace"]}}},
        {"$project": {"operationType": 1, "documentKey": 1, f"fullDocument.{field}": 1}},
    ]
    try:
        async with _closing(collection.watch(stages)) as stream:
            async for change in stream:
                key = change["documentKey"]
                yield Change(key["_id"], key.get(field) or (change.get("fullDocument") or {}).get(field))
    except (PyMongoError, NotImplementedError, TypeError) as error:  # the last two: mongomock
        raise DatabaseUnavailable(f"Changes cannot be followed: {error}") from error


@asynccontextmanager
async def _closing(stream: Any) -> AsyncIterator[Any]:
    """The stream, closed at the end; that it could not be does not take the place of why it ends."""
    try:
        yield stream
    finally:
        with suppress(PyMongoError), pymongo.timeout(_CLOSE_SECONDS):
            await stream.close()
