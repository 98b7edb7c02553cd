"""Whether what is stored is what the documents say: asked of all that the API tests stored, when they are done."""

from typing import Any

from pydantic import ValidationError
from pymongo import MongoClient

from learntrack import documents
from learntrack.documents.base import Stored
from learntrack.storage import Database

BY_COLLECTION: dict[str, type[Stored]] = {document.collection(): document for document in documents.ALL}
OF_THE_SERVICE = {documents.Deployment.collection(), documents.Writer.collection()}
"""What a service notes when it starts, and needs as long as it runs."""


async def check(db: Database, engine: str) -> None:
    """Fail where anything is stored on an engine otherwise than a document says.

    What a module's tests have left on one engine is checked before its tests run on the next: that one's setup fails.
    """
    assert not (faults := await faults_of(db)), f"stored on {engine}: " + "\n".join(faults)


async def faults_of(db: Database) -> list[str]:
    """What is stored otherwise than a document says, a line a fault; the first few of each collection."""
    faults: list[str] = []
    for name in sorted(await db.raw.list_collection_names()):
        rows = [row async for row in db.stream(name, [{"$match": {}}])]
        faults += [f"{name}: {fault}" for row in rows if (fault := fault_of(name, row))][:5]
    return faults


def faults_behind(uri: str) -> list[str]:
    """The same of all databases of an engine, for who has no event loop; tests of the driver have collections of their
    own.
    """
    faults: list[str] = []
    with MongoClient(uri, tz_aware=True) as client:
        for name in set(client.list_database_names()) - {"admin", "config", "local"}:
            for collection in BY_COLLECTION.keys() & set(client[name].list_collection_names()):
                rows = client[name][collection].find()
                faults += [f"{collection}: {fault}" for row in rows if (fault := fault_of(collection, row))][:5]
    return faults


async def empty(db: Database) -> None:
    """Take away what tests have stored. What a running service has noted of itself stays."""
    for name in await db.raw.list_collection_names():
        if name not in OF_THE_SERVICE:
            await db.collection(name).delete_many({})


def fault_of(collection: str, row: dict[str, Any]) -> str | None:
    """Why a row is not what its document says, or None. Every field must be the document's, with its very value."""
    kind = BY_COLLECTION.get(collection)
    if kind is None:
        return "no document describes this collection"
    if missing := {"schema_version"} - row.keys():
        return f"{row['_id']} lacks {missing}"
    try:
        again = kind.read(row).row()
    except ValidationError as error:
        return f"{row['_id']} is not valid: {error}"
    return None if again == row else f"{row['_id']} is read as {again}, and is {row}"
