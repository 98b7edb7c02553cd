"""What the database answers for reasons of its own is no fault of the request's, and says so."""

import pytest
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ConfigurationError,
    InvalidOperation,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)

from learntrack.errors import InvalidFields
from learntrack.storage import DatabaseUnavailable
from learntrack.storage.errors import TRANSIENT, may_be_asked_again, may_be_run_again, translated

# Elections, network and overload, as members and mongos tell of them (MongoDB's error_codes.yml, drivers' retryable
# reads and writes specification).
PASSING = [
    6, 7, 24, 43, 50, 89, 91, 133, 134, 175, 189, 202, 237, 251, 262, 290, 365, 462,
    9001, 10058, 10107, 11600, 11601, 11602, 13388, 13435, 13436, 14031,
]  # fmt: skip
ASKED_AGAIN = {6, 7, 89, 91, 134, 189, 262, 9001, 10058, 10107, 11600, 11602, 13435, 13436}
"""https://github.com/mongodb/specifications/blob/master/source/retryable-reads/retryable-reads.md, and elections."""


@pytest.mark.parametrize("code", PASSING)
def test_what_passes_is_a_database_that_is_away(code: int) -> None:
    with pytest.raises(DatabaseUnavailable), translated():
        raise OperationFailure("as the test asks", code)


@pytest.mark.parametrize("code", PASSING)
def test_what_drivers_ask_again_after_is_asked_again(code: int) -> None:
    assert may_be_asked_again(OperationFailure("as the test asks", code)) is (code in ASKED_AGAIN)


@pytest.mark.parametrize("label", ["RetryableWriteError", "RetryableError"])
def test_so_is_what_a_later_release_calls_retryable(label: str) -> None:
    with pytest.raises(DatabaseUnavailable), translated():
        raise OperationFailure("as the test asks", 999_999, {"errorLabels": [label]})


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            OperationFailure("cursor id 9 not found, full error: {'ok': 0.0, '$clusterTime': {}}", 43),
            "cursor id 9 not found",
        ),
        (ServerSelectionTimeoutError("a:1: refused, Timeout: 3.0s, Topology Description: <…>"), "a:1: refused"),
        (AutoReconnect("a:1: connection closed"), "a:1: connection closed"),
    ],
)
def test_of_the_drivers_words_nobody_reads_the_whole_answer(error: PyMongoError, said: str) -> None:
    with pytest.raises(DatabaseUnavailable) as caught, translated():
        raise error

    assert str(caught.value) == said


def test_a_client_that_is_closed_already_is_a_service_that_stops() -> None:
    with pytest.raises(DatabaseUnavailable, match="stopped"), translated():
        raise InvalidOperation("Cannot use MongoClient after close")


@pytest.mark.parametrize(
    "error", [OperationFailure("$x is no operator", 9), InvalidOperation("Transaction in progress")]
)
def test_what_is_wrong_in_the_service_is_not_hidden(error: Exception) -> None:
    with pytest.raises(type(error)), translated():
        raise error


def test_a_time_zone_that_the_server_does_not_know_is_the_requests_to_change() -> None:
    with pytest.raises(InvalidFields) as refusal, translated():
        raise OperationFailure('unrecognized time zone identifier: "Europe/Kyiv"', 40485)

    assert list(refusal.value.errors) == ["timezone"]


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (OperationFailure("an election", 189, {"errorLabels": ["TransientTransactionError"]}), True),
        (OperationFailure("Plan executor error: write conflict", 112), True),
        (OperationFailure("Write conflict during transaction commit"), True),  # a server that labels nothing
        (OperationFailure("not authorized", 13), False),
        (ConfigurationError("write conflict"), False),
    ],
    ids=lambda given: str(given)[:40],
)
def test_what_another_writer_has_undone_is_run_again(error: PyMongoError, again: bool) -> None:
    assert may_be_run_again(error) is again


@pytest.mark.parametrize(
    ("code", "said", "labels"), [(11000, "E11000", []), (112, "conflict", [TRANSIENT]), (1, "no space left", [])]
)
def test_nothing_of_a_document_is_told(code: int, said: str, labels: list[str]) -> None:
    """What is told is logged; the driver tells the whole document that could not be written."""
    failed = {"code": code, "errmsg": f"{said} of Ada", "op": {"_id": "Ada", "answer": "a secret"}}
    error = BulkWriteError({"writeErrors": [failed], "errorLabels": labels})
    assert "a secret" in str(error)

    with pytest.raises(DatabaseUnavailable) as told, translated():
        raise error

    assert "Ada" not in str(told.value)
    assert "secret" not in str(told.value)
