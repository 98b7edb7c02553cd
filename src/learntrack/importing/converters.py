"""Converting in processes beside the one that stores, so that an import has more than one core."""

import os
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection, wait
from pathlib import Path

from learntrack.errors import StartError
from learntrack.importing.converter import Failed, Order
from learntrack.importing.converting import Made
from learntrack.importing.kolibri.sql import SHARES, Share

MOST = 3
"""Processes at the most: then the database is what an import waits for."""
_PROGRAM = """
import gc, signal
gc.disable()  # a history has no cycles, and looking for them in vain takes an eighth of the time
signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever stores says when to stop, also to one that only just starts
from learntrack.importing.converter import main
main()
"""
_HAS_ENDED = "A process that reads Kolibri's database has ended. What is stored is sound; run the import again."
_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def cores() -> int:
    """How many cores this process may use, also in a container with a limit of its own."""
    found = _usable()
    try:
        quota, period = _QUOTA.read_text().split()
    except (OSError, ValueError):
        return found
    return found if quota == "max" else min(found, max(1, int(quota) // int(period)))


def _usable() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


@contextmanager
def converting(order: Order, many: int) -> Iterator[Iterator[Made]]:
    """What becomes of all shares of the learners and of the anonymous, in whatever order so many processes do it.
    They begin at once, and go on as what they make is taken.

    Raises:
        StartError: one of them cannot go on, or has ended; also what they make raises it.

    """
    waiting: deque[Share | None] = deque([*SHARES, None])
    with ExitStack() as stack:
        busy = [stack.enter_context(_process()) for _ in range(many)]
        for each in busy:
            _send(each, order)
            _send(each, waiting.popleft())
        yield _made(busy, waiting)


def _made(busy: list[Connection], waiting: deque[Share | None]) -> Iterator[Made]:
    while busy:
        ready = wait(busy)
        for each in [converter for converter in busy if converter in ready]:
            made = _received(each)
            if made.batch is None:
                if waiting:
                    _send(each, waiting.popleft())
                else:
                    busy.remove(each)
            yield made


def _send(converter: Connection, what: Order | Share | None) -> None:
    try:
        converter.send(what)
    except ConnectionError:
        _received(converter)  # which says why it has ended, if it has said so
        raise StartError(_HAS_ENDED) from None


def _received(converter: Connection) -> Made:
    try:
        made: Made | Failed = converter.recv()
    except (EOFError, ConnectionError):
        raise StartError(_HAS_ENDED) from None
    if isinstance(made, Failed):
        raise StartError(made.why)
    return made


@contextmanager
def _process() -> Iterator[Connection]:
    """A process at the other end of a connection. It ends with that, and so with this process."""
    ours, theirs = socket.socketpair()
    with Connection(ours.detach()) as connection:
        with theirs:
            number = theirs.fileno()
            command = [sys.executable, "-P", "-c", _PROGRAM, str(number)]
            process = subprocess.Popen(command, pass_fds=[number], stdin=subprocess.DEVNULL)
        with process:
            try:
                yield connection
            finally:
                process.kill()  # it only reads
