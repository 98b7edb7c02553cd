"""Connecting: from an address, or from the settings, to a finished `Database`."""

from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.errors import ConfigurationError, InvalidURI, PyMongoError

from learntrack.errors import StartError
from learntrack.settings import Settings
from learntrack.storage import threads
from learntrack.storage.capabilities import Capabilities, capabilities_of
from learntrack.storage.database import Database
from learntrack.storage.disk import DiskGuard
from learntrack.storage.errors import may_be_asked_again
from learntrack.storage.monitoring import CommandTimes, PoolSize
from learntrack.storage.reading import AGGREGATIONS_AT_ONCE
from learntrack.storage.report_reading import ReportReading

_SELECTION_MS = 3000
_URI_SETTING = "LEARNTRACK_MONGODB_URI"


async def connect_as_configured(
    settings: Settings, *, read_patience: float | None = None, called: str = _URI_SETTING
) -> Database:
    """Connect to the database that the settings name.

    Args:
        settings: Where it is, and how patient to be with it.
        read_patience: Seconds that one answer may take, instead of what the settings say.
        called: How its user has said where it is.

    Raises:
        StartError: it cannot be used.

    """
    if settings.mongodb_uri is None:
        raise StartError("LEARNTRACK_MONGODB_URI is not set; `learntrack serve` starts the embedded engine without it.")
    # What is written together for one shard has a thread until it is stored.
    threads.use(settings.database_threads + settings.shards - 1)
    return await connect(
        settings.mongodb_uri,
        settings.mongodb_database,
        patience=settings.transaction_seconds,
        read_patience=settings.read_seconds if read_patience is None else read_patience,
        aggregations_at_once=settings.database_threads // 2,
        reports=ReportReading(
            settings.reports_read_preference,
            settings.reports_max_staleness_seconds,
            at_once=settings.database_threads // 4,
            long_patience=settings.export_seconds,
        ),
        disk=None if settings.watched_disk is None else DiskGuard(settings.watched_disk),
        called=called,
    )


async def connect(
    uri: str,
    name: str,
    *,
    patience: float = 4.0,
    read_patience: float = 30.0,
    aggregations_at_once: int = AGGREGATIONS_AT_ONCE,
    reports: ReportReading | None = None,
    disk: DiskGuard | None = None,
    called: str = _URI_SETTING,
) -> Database:
    """Connect to the MongoDB at `uri` and find out what it can do. The other arguments are those of `Database`.

    `called` is how its user has given the URI.

    Raises:
        StartError: the URI is wrong, nothing answers there, or it has no transactions that the service could use.

    """
    client = _client(uri, called)
    try:
        capabilities = await _capabilities(client)
    except PyMongoError as error:
        client.close()
        raise StartError(f"No MongoDB answers at {called}: {_first_line(error)}") from error
    except StartError:
        client.close()
        raise
    return Database(
        client,
        name,
        capabilities,
        patience=patience,
        read_patience=read_patience,
        aggregations_at_once=aggregations_at_once,
        reports=reports,
        disk=disk,
    )


async def _capabilities(client: Any) -> Capabilities:
    """What the engine can do, asked again where it ended meanwhile: it may be started again at this moment."""
    try:
        return await capabilities_of(client)
    except PyMongoError as error:
        if not may_be_asked_again(error):
            raise
    return await capabilities_of(client)


def _client(uri: str, called: str) -> Any:
    try:
        return AsyncIOMotorClient(
            uri,
            tz_aware=True,
            serverSelectionTimeoutMS=_SELECTION_MS,
            connectTimeoutMS=_SELECTION_MS,
            retryWrites=True,
            retryReads=False,  # reading asks again by itself
            w="majority",
            journal=True,
            appname="learntrack",
            event_listeners=[CommandTimes(), PoolSize()],
        )
    except (InvalidURI, ConfigurationError, ValueError, TypeError) as error:
        raise StartError(f"{called} is not a MongoDB URI: {error}") from error


def _first_line(error: Exception) -> str:
    return str(error).split(", Timeout:")[0].splitlines()[0]
