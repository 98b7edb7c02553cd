"""What is written to the log, and how often."""

import logging

from learntrack.serving.log_lines import NowAndThen


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
