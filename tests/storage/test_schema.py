"""Which stored shapes a release can read."""

import pytest

from learntrack import documents
from learntrack.documents.base import SCHEMA_VERSION
from learntrack.storage import Database, StartError, schema
from tests.support import Api

pytestmark = pytest.mark.engines("embedded", "real")


async def test_a_newer_schema_is_refused_and_an_older_one_is_to_be_migrated(api: Api) -> None:
    database = api.db.client["learntrack_schema"]
    await schema.require_version(database, 3)
    with pytest.raises(StartError, match="use the release that wrote it"):
        await schema.require_version(database, 2)
    with pytest.raises(StartError, match="learntrack migrate"):
        await schema.require_version(database, 4)
    await schema.require_version(database, 3)


async def test_a_database_of_another_release_is_left_as_it_is(api: Api) -> None:
    db = Database(api.db.client, "learntrack_newer", api.db.capabilities)
    await schema.require_version(db.raw, SCHEMA_VERSION + 1)
    writer = {"_id": "a writer of a shape to come"}
    await db.raw["writers"].insert_one(writer)

    with pytest.raises(StartError, match="use the release that wrote it"):
        await db.prepare()

    assert sorted(await db.raw.list_collection_names()) == ["deployment", "writers"]
    assert await db.raw["writers"].find().to_list(None) == [writer]


async def test_nothing_is_made_but_a_collection_for_each_kind_of_document(api: Api) -> None:
    """Beanie would make one for each class that documents have in common, too."""
    db = Database(api.db.client, "learntrack_collections", api.db.capabilities)
    await db.prepare()

    assert set(await db.raw.list_collection_names()) == {document.collection() for document in documents.ALL}
