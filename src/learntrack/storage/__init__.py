"""The database: connecting, transactions, the embedded engine. Nothing else knows the driver's errors."""

from learntrack.errors import StartError
from learntrack.storage.connecting import connect
from learntrack.storage.database import Database
from learntrack.storage.errors import DatabaseBusy, DatabaseUnavailable, TooMuchAtOnce

__all__ = ["Database", "DatabaseBusy", "DatabaseUnavailable", "StartError", "TooMuchAtOnce", "connect"]
