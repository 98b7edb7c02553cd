"""What a SIGHUP does where there are no workers to replace: one process serves, or the service only just starts.

By default it would end the process at once, requests under way included: a reload in the wrong moment was an outage.
"""

import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

logger = logging.getLogger("learntrack")


def heed_hang_up() -> None:
    """Let a SIGHUP end the service only where its terminal closes, and then as SIGTERM does; `nohup` keeps its word."""
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        has_terminal = sys.stdin is not None and sys.stdin.isatty()
        signal.signal(signal.SIGHUP, _stop if has_terminal else _go_on)


def leave_hang_up_to_parent() -> None:
    """Let a SIGHUP to all processes of the service, as `systemctl kill` sends it, be heard by the parent alone."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


@contextmanager
def hang_ups_held_back() -> Iterator[None]:
    """Whatever is started meanwhile hears of no SIGHUP until it has said what it does of one: it would end of it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _stop(_: int, __: FrameType | None) -> None:
    signal.raise_signal(signal.SIGTERM)


def _go_on(_: int, __: FrameType | None) -> None:
    logger.warning("a SIGHUP replaces workers, and there are none to replace: nothing is done")
