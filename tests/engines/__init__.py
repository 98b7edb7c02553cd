"""The engines that the API's tests run on."""

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from motor.motor_asyncio import AsyncIOMotorClient

from learntrack.errors import StartError
from learntrack.storage import Database, connect
from learntrack.storage.capabilities import Capabilities
from learntrack.storage.engine.choice import installed
from learntrack.storage.engine.embedded import EmbeddedEngine

NAME = "learntrack_test"
PATIENCE = 30.0
"""Seconds for one transaction: what is tested is what is answered, also where the machine stands still for a while."""
SECANTUSD_PY = Path(sys.prefix) / "engines" / "secantusd-py" / "bin" / "secantusd-py"
"""The Python server of SecantusDB 0.7, in an environment of its own (scripts/test makes it)."""


@asynccontextmanager
async def mongomock() -> AsyncIterator[Database]:
    from tests.engines import mongomock_engine

    yield mongomock_engine.connect(NAME)


@asynccontextmanager
async def embedded(program: Path | None = None) -> AsyncIterator[Database]:
    folder = Path(tempfile.mkdtemp(prefix="learntrack-test-"))
    engine = EmbeddedEngine(folder, program)
    engine.start()
    try:
        database = await connect(engine.uri, NAME, patience=PATIENCE)
        yield database
        await database.close()
    finally:
        engine.stop()
        shutil.rmtree(folder, ignore_errors=True)


def secantusd_py() -> AbstractAsyncContextManager[Database]:
    return embedded(SECANTUSD_PY)


@asynccontextmanager
async def mongoeco() -> AsyncIterator[Database]:
    from mongoeco.engines.memory import MemoryEngine
    from mongoeco.wire import AsyncMongoEcoProxyServer

    server = AsyncMongoEcoProxyServer(engine=MemoryEngine())
    await server.start()
    try:
        client = AsyncIOMotorClient(server.address.uri, tz_aware=True)
        yield Database(client, NAME, Capabilities(), patience=PATIENCE)
        await asyncio.to_thread(client.close)  # the server that it tells runs in this very loop
    finally:
        await server.close()


@asynccontextmanager
async def real(uri: str | None = None) -> AsyncIterator[Database]:
    """The database of this name at `uri`, or where the environment says, empty at first and gone afterwards.

    It is dropped by a client of its own: that of the database may have been closed, by the application that used it.
    """
    client = AsyncIOMotorClient(uri or os.environ["LEARNTRACK_TEST_MONGODB_URI"])
    await client.drop_database(NAME)
    yield await connect(uri or os.environ["LEARNTRACK_TEST_MONGODB_URI"], NAME, patience=PATIENCE)
    await client.drop_database(NAME)
    client.close()


ENGINES = {
    "mongomock": mongomock,
    "embedded": embedded,
    "mongoeco": mongoeco,
    "real": real,
    "secantusd_py": secantusd_py,
}
BY_DEFAULT = ("mongomock", "embedded", "mongoeco", "real")
"""Not secantusd_py: a part of the suite says enough about it, and it is slow."""


def lacking(name: str) -> str | None:
    """Why the engine cannot be had here, or None."""
    if name == "embedded":
        try:
            installed()
        except StartError as error:
            return str(error)
    if name == "secantusd_py" and not SECANTUSD_PY.exists():
        return "secantusd-py is not installed (scripts/test does it)"
    if name == "mongoeco" and sys.version_info < (3, 13):
        return "mongoeco needs Python 3.13"
    if name == "real" and not os.environ.get("LEARNTRACK_TEST_MONGODB_URI"):
        return "LEARNTRACK_TEST_MONGODB_URI is not set"
    return None
