"""What is written to the log, and how often."""

import logging

import pytest

from learntrack.serving.log_lines import NowAndThen, without_traceback


def line(message: str, level: int = logging.WARNING) -> logging.LogRecord:
    return logging.LogRecord("uvicorn.error", level, __file__, 1, message, None, None)


def test_what_strangers_send_fills_no_log() -> None:
    """Each connection with something else than HTTP was a line."""
    now = 0.0
    said = NowAndThen(lambda: now)

    assert [said.filter(line("nonsense")) for _ in range(3)] == [True, False, False]
    assert said.filter(line("something else"))
    assert said.filter(line("nonsense", logging.ERROR))
    now = 61.0
    assert said.filter(line("nonsense"))


def test_each_reason_of_an_outage_is_said() -> None:
    said = NowAndThen(lambda: 0.0)

    for reason in ("the disk is nearly full", "timed out"):
        record = logging.LogRecord("learntrack.outages", logging.WARNING, __file__, 1, "away: %s", (reason,), None)
        assert [said.filter(record) for _ in range(2)] == [True, False]


@pytest.mark.parametrize(
    ("last", "said"),
    [
        (
            "learntrack.storage.errors.StartError: No MongoDB answers at X: timed out",
            "No MongoDB answers at X: timed out",
        ),
        ("pymongo.errors.BulkWriteError: {'_id': 'of a learner'}", "pymongo.errors.BulkWriteError"),
        ("KeyboardInterrupt", "KeyboardInterrupt"),
    ],
)
def test_why_a_start_failed_is_one_line_without_documents(last: str, said: str) -> None:
    record = line(f"Traceback (most recent call last):\n  File x\n{last}\n", logging.ERROR)

    assert without_traceback(record)
    assert record.getMessage() == f"cannot start: {said}"


def test_other_lines_stay_as_they_are() -> None:
    record = line("worker 1 ended")

    assert without_traceback(record)
    assert record.getMessage() == "worker 1 ended"
