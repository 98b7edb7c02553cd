"""The database that the settings name."""

from learntrack.settings import Settings
from learntrack.storage.database import Database, connect
from learntrack.storage.disk import DiskGuard
from learntrack.storage.errors import StartError


async def connect_as_configured(settings: Settings) -> Database:
    """Connect to it.

    Raises:
        StartError: it cannot be used.

    """
    if settings.mongodb_uri is None:
        raise StartError("LEARNTRACK_MONGODB_URI is not set; `learntrack serve` starts the embedded engine without it.")
    db = await connect(settings.mongodb_uri, settings.mongodb_database, patience=settings.transaction_seconds)
    db.read_patience = settings.read_seconds
    if settings.watched_disk is not None:
        db.disk = DiskGuard(settings.watched_disk)
    return db
