"""What can go wrong with the database, in the service's own words."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pymongo.errors import (
    BulkWriteError,
    ClientBulkWriteException,
    ConnectionFailure,
    ExecutionTimeout,
    InvalidOperation,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
    WriteConcernError,
)

from learntrack.errors import field_error

NOT_IN_TIME = "The database did not answer in time."
TRANSIENT = "TransientTransactionError"
NO_SUCH_TRANSACTION = 251
_WRITE_CONFLICT = 112
_DUPLICATE_KEY = 11000
_UNKNOWN_ZONE = 40485
"""A time zone that is younger than the server's list of them."""

_NOT_THE_REQUESTS_FAULT = {
    # Elections, shutdowns and the network, as a member tells of itself, and as a mongos tells of its shards'.
    6,  # HostUnreachable
    7,  # HostNotFound
    89,  # NetworkTimeout
    91,  # ShutdownInProgress
    133,  # FailedToSatisfyReadPreference
    134,  # ReadConcernMajorityNotAvailableYet
    189,  # PrimarySteppedDown
    262,  # ExceededTimeLimit
    9001,  # SocketException
    10058,  # LegacyNotPrimary
    10107,  # NotWritablePrimary
    11600,  # InterruptedAtShutdown
    11601,  # Interrupted
    11602,  # InterruptedDueToReplStateChange
    13388,  # StaleConfig: a mongos that has to learn where the data is
    13435,  # NotPrimaryNoSecondaryOk
    13436,  # NotPrimaryOrSecondary
    # What was under way there is gone.
    43,  # CursorNotFound
    175,  # QueryPlanKilled
    237,  # CursorKilled
    NO_SUCH_TRANSACTION,
    290,  # TransactionExceededLifetimeLimitSeconds
    # Too much to do, or no room.
    24,  # LockTimeout
    50,  # MaxTimeMSExpired
    202,  # NetworkInterfaceExceededTimeLimit
    365,  # TemporarilyUnavailable
    462,  # IngressRequestRateLimitExceeded
    14031,  # OutOfDiskSpace
}
_PASSES_SOON = {6, 7, 89, 91, 134, 189, 262, 9001, 10058, 10107, 11600, 11602, 13435, 13436}
"""Those after which drivers ask again."""
_RETRYABLE = ("RetryableWriteError", "RetryableError")
_SOMEBODY_ELSE = "Somebody else has written the same documents meanwhile."
_AFTER_CLOSE = "Cannot use MongoClient after close"


class DatabaseUnavailable(Exception):
    """The database cannot be reached or cannot write just now. Nothing is known to be stored; try again."""


class DiskNearlyFull(DatabaseUnavailable):
    """There is too little room for another write. Nothing is stored; trying again helps only once there is room."""


class DatabaseBusy(DatabaseUnavailable):
    """Too many writers wanted the same documents for too long. Nothing is stored; try again."""


class TooMuchAtOnce(Exception):
    """A group of jobs has to be divided: it would change more than one transaction may write, or what one of its jobs
    does depends on what another has stored.
    """


@contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's errors that are not the request's fault into `DatabaseUnavailable` or `DatabaseBusy`.

    Raises:
        InvalidFields: the server does not know the time zone that is asked for.

    """
    try:
        yield
    except (ConnectionFailure, ExecutionTimeout, WaitQueueTimeoutError, WriteConcernError) as error:
        raise DatabaseUnavailable(_said(error)) from error
    except OperationFailure as error:
        if error.has_error_label(TRANSIENT) or _is_duplicate(error):
            raise DatabaseBusy(_SOMEBODY_ELSE) from error  # the driver tells documents and ids, and this is logged
        if error.code == _UNKNOWN_ZONE:
            raise field_error(
                "timezone", "The database knows no such time zone; take another of the same hours."
            ) from None
        if (
            error.code in _NOT_THE_REQUESTS_FAULT
            or any(map(error.has_error_label, _RETRYABLE))
            or storage_failed(error)
        ):
            raise DatabaseUnavailable(_said(error)) from error
        raise
    except InvalidOperation as error:
        if _AFTER_CLOSE not in str(error):
            raise
        raise DatabaseUnavailable("The service is being stopped.") from error


def _said(error: PyMongoError) -> str:
    """What is wrong, without the documents, the whole answer and all that it knows of servers, which the driver tells
    too.
    """
    if isinstance(error, BulkWriteError):
        return type(error).__name__
    return str(error).partition(", full error: ")[0].partition(", Timeout: ")[0]


def may_be_asked_again(error: PyMongoError) -> bool:
    """Whether a question would perhaps be answered if it were asked again: the server, or what leads to it, changes.

    Without any server at all the driver has waited already.
    https://github.com/mongodb/specifications/blob/master/source/retryable-reads/retryable-reads.md
    """
    if error.timeout or isinstance(error, ServerSelectionTimeoutError | WaitQueueTimeoutError):
        return False
    if isinstance(error, OperationFailure):
        return error.code in _PASSES_SOON or any(map(error.has_error_label, _RETRYABLE))
    return isinstance(error, ConnectionFailure)


def may_be_run_again(error: PyMongoError) -> bool:
    """Whether a transaction came to nothing that would perhaps be stored if it were run again: the server labels it so.

    Servers that only speak MongoDB's protocol may say that another has written the same documents without the label.
    """
    return error.has_error_label(TRANSIENT) or (
        isinstance(error, OperationFailure)
        and (error.code == _WRITE_CONFLICT or str(error).lower().startswith("write conflict"))
    )


def cause_of(error: ClientBulkWriteException) -> PyMongoError:
    """What has gone wrong in a write to several collections, as a write to one of them would have reported it."""
    if isinstance(error.error, PyMongoError):
        return error.error
    if not error.write_errors:
        return error
    found: list[Any] = error.write_errors
    conflicts = [each for each in found if each["code"] == _WRITE_CONFLICT]
    first = (conflicts or found)[0]
    return OperationFailure(first["errmsg"], first["code"], {"errorLabels": [TRANSIENT]} if conflicts else {})


def _is_duplicate(error: OperationFailure) -> bool:
    """Whether somebody else has stored a document of this id meanwhile; what was not there when it was read."""
    if isinstance(error, BulkWriteError):
        return any(each["code"] == _DUPLICATE_KEY for each in (error.details or {}).get("writeErrors", ()))
    return error.code == _DUPLICATE_KEY


def storage_failed(error: PyMongoError) -> bool:
    """Whether the engine says that its disk failed it (full, read-only), which has no code of its own everywhere."""
    text = str(error).lower()
    return any(
        sign in text
        for sign in ("no space left", "disk full", "enospc", "wt_panic", "read-only file system", "input/output error")
    )
