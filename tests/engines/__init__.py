"""The engines that the API's tests run on."""

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from motor.motor_asyncio import AsyncIOMotorClient

from learntrack.storage import Database, connect
from learntrack.storage.capabilities import Capabilities
from learntrack.storage.engine.embedded import EmbeddedEngine, find_server
from learntrack.storage.errors import StartError

NAME = "learntrack_test"


@asynccontextmanager
async def mongomock() -> AsyncIterator[Database]:
    from tests.engines import mongomock_engine

    yield mongomock_engine.connect(NAME)


@asynccontextmanager
async def embedded() -> AsyncIterator[Database]:
    folder = Path(tempfile.mkdtemp(prefix="learntrack-test-"))
    engine = EmbeddedEngine(folder)
    engine.start()
    try:
        database = await connect(engine.uri, NAME)
        yield database
        await database.close()
    finally:
        engine.stop()
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def mongoeco() -> AsyncIterator[Database]:
    from mongoeco.engines.memory import MemoryEngine
    from mongoeco.wire import AsyncMongoEcoProxyServer

    server = AsyncMongoEcoProxyServer(engine=MemoryEngine())
    await server.start()
    try:
        client = AsyncIOMotorClient(server.address.uri, tz_aware=True)
        yield Database(client, NAME, Capabilities())
        await asyncio.to_thread(client.close)  # the server that it tells runs in this very loop
    finally:
        await server.close()


@asynccontextmanager
async def real() -> AsyncIterator[Database]:
    database = await connect(os.environ["LEARNTRACK_TEST_MONGODB_URI"], NAME)
    await database.client.drop_database(NAME)
    yield database
    await database.client.drop_database(NAME)
    await database.close()


ENGINES = {"mongomock": mongomock, "embedded": embedded, "mongoeco": mongoeco, "real": real}


def lacking(name: str) -> str | None:
    """Why the engine cannot be had here, or None."""
    if name == "embedded":
        try:
            find_server()
        except StartError as error:
            return str(error)
    if name == "mongoeco" and sys.version_info < (3, 13):
        return "mongoeco needs Python 3.13"
    if name == "real" and not os.environ.get("LEARNTRACK_TEST_MONGODB_URI"):
        return "LEARNTRACK_TEST_MONGODB_URI is not set"
    return None
