"""Structured logs: one JSON object a line, with the request's id, and never a token, an answer or a name.

Of an error its class and where it happened are told, not its message: drivers put whole documents into theirs.
"""

import logging
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

import msgspec
import structlog
from structlog.stdlib import ProcessorFormatter

from learntrack.errors import StartError

_SAME_SECONDS = 60.0
"""How long after a warning the same one is not said again."""

_MOST_SAID = 1000
"""How many different ones are remembered."""


def configure(level: str) -> None:
    """Send every log of this process, the web server's too, to stderr as JSON lines from `level` on."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        where_it_happened,
    ]
    formatter = ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer(_json)],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in ("learntrack", "uvicorn"):
        logging.getLogger(name).setLevel(level.upper())
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    # What strangers send to the web server fills no disk, nor does what they send while the database is away.
    for name in ("uvicorn.error", "learntrack.outages"):
        logging.getLogger(name).filters[:] = [without_traceback, NowAndThen()]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def without_traceback(record: logging.LogRecord) -> bool:
    """Let only the reason stand of a traceback that is a log's text, as the web server tells that a start failed."""
    said = record.getMessage()
    if said.startswith("Traceback"):
        name, _, message = said.rstrip().rsplit("\n", 1)[-1].partition(": ")
        # What ours say is made to be read; others put documents into theirs.
        record.msg = f"cannot start: {message if name.endswith(StartError.__name__) else name}"
        record.args = ()
    return True


class NowAndThen(logging.Filter):
    """Lets the same warning through once a minute.

    Args:
        clock: Seconds, from whenever.

    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._said: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is to be said; what is worse than a warning always is."""
        if record.levelno > logging.WARNING:
            return True
        now, said = self._clock(), record.getMessage()
        before = self._said.get(said)
        if before is not None and now - before < _SAME_SECONDS:
            return False
        if len(self._said) >= _MOST_SAID:
            self._said.clear()
        self._said[said] = now
        return True


def where_it_happened(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    """Replace an exception by its class and the places in the code that led to it."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        frames = traceback.extract_tb(error.__traceback__)
        event["error"] = type(error).__name__
        event["where"] = [
            f"{frame.filename.rsplit('site-packages/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in frames
        ]
    return event


def _json(event: Any, **_: Any) -> str:
    return msgspec.json.encode(event, enc_hook=str).decode()
