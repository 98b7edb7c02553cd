"""The version of the stored shapes: a release must not write beside documents that it does not understand."""

from pathlib import Path
from typing import Any

from beanie.executors.migrate import MigrationSettings, run_migrate
from beanie.migrations.models import RunningDirections
from pymongo import MongoClient

from learntrack.documents import Deployment, Unfinished
from learntrack.documents.base import SCHEMA_VERSION
from learntrack.errors import StartError
from learntrack.storage.errors import translated

MIGRATIONS = Path(__file__).parent.parent / "migrations"
_KEY = {"_id": "schema"}
_COLLECTION = Deployment.collection()


async def is_there(database: Any) -> bool:
    """Whether a release of learntrack has ever stored anything here.

    Raises:
        StartError: a restore or a move into it has not ended.

    """
    with translated():
        await _check_finished(database)
        return await database[_COLLECTION].find_one(_KEY) is not None


async def _check_finished(database: Any) -> None:
    """Raise `StartError` while a restore or a move into this database has not ended."""
    unfinished = await database[Unfinished.collection()].find_one({})
    if unfinished is not None:
        raise StartError(_told(unfinished))


def _told(unfinished: dict[str, Any]) -> str:
    return (
        f"The database is only filled in part, from {unfinished['source']}: run that `learntrack restore` or "
        "`learntrack move` again, which goes on where it was."
    )


async def require_version(database: Any, version: int = SCHEMA_VERSION) -> None:
    """Make sure that what is stored is of `version`; a new database is from now on.

    Raises:
        StartError: it is of another one, or a restore or a move into the database has not ended.

    """
    await _check_finished(database)
    new = {"version": version, "schema_version": SCHEMA_VERSION}  # by hand: no document is made before this is checked
    await database[_COLLECTION].update_one(_KEY, {"$setOnInsert": new}, upsert=True)
    stored = (await database[_COLLECTION].find_one(_KEY))["version"]
    if stored > version:
        raise StartError(
            f"The database has schema version {stored}, this release knows {version}: use the release that wrote it."
        )
    if stored < version:
        raise StartError(
            f"The database has schema version {stored}, this release needs {version}: run `learntrack migrate`."
        )


async def migrate(uri: str, database: str, *, version: int = SCHEMA_VERSION, path: Path = MIGRATIONS) -> None:
    """Bring what is stored to `version` by the migrations in `path` that have not been run yet; safe to repeat.

    Raises:
        StartError: it is newer already.

    """
    with translated(), MongoClient[dict[str, Any]](uri, w="majority") as client:
        unfinished = client[database][Unfinished.collection()].find_one({})
        if unfinished is not None:
            raise StartError(_told(unfinished))
        records = client[database][_COLLECTION]
        stored = records.find_one(_KEY)
        if stored is not None and stored["version"] > version:
            raise StartError(f"The database has schema version {stored['version']}, this release knows {version}.")
        if stored is not None and stored["version"] < version:
            settings = MigrationSettings(
                direction=RunningDirections.FORWARD, connection_uri=uri, database_name=database, path=str(path)
            )
            await run_migrate(settings)
        records.update_one(_KEY, {"$set": {"version": version, "schema_version": SCHEMA_VERSION}}, upsert=True)
