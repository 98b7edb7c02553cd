"""A database of its own for what is asked of the embedded engine without HTTP."""

from collections.abc import AsyncIterator

import pytest

from learntrack.storage import Database, connect


@pytest.fixture
async def db(engine_uri: str) -> AsyncIterator[Database]:
    db = await connect(engine_uri, "logs")
    yield db
    await db.client.drop_database(db.raw.name)
    await db.close()
