"""Converting in processes beside the one that stores, so that an import has more than one core."""

import os
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from multiprocessing.connection import Connection, wait
from pathlib import Path

from learntrack.errors import StartError
from learntrack.importing.converter import Failed, Made, Order
from learntrack.importing.kolibri.sql import SHARES, Share
from learntrack.importing.prepared import PreparedBatch
from learntrack.importing.report import ImportReport

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


MadeByProcesses = Callable[[ImportReport], Iterator[PreparedBatch]]
"""What becomes of all shares of the learners and of the anonymous, in whatever order it is done; a report is told what
is noticed.
"""


@contextmanager
def converting(order: Order, many: int) -> Iterator[MadeByProcesses]:
    """So many processes that have begun to convert, and go on as what they make is taken.

    Raises:
        StartError: one of them cannot go on, or has ended; also what they make raises it.

    """
    waiting: deque[Share | None] = deque([*SHARES, None])
    with ExitStack() as stack:
        busy = [stack.enter_context(_process()) for _ in range(many)]
        for each in busy:
            _send(each, order)
            _send(each, waiting.popleft())
        yield partial(_made, busy, waiting)


def _made(busy: list[Connection], waiting: deque[Share | None], report: ImportReport) -> Iterator[PreparedBatch]:
    while busy:
        ready = wait(busy)
        for each in [converter for converter in busy if converter in ready]:
            made = _received(each)
            report.take_in(made.told)
            if made.batch is not None:
                yield made.batch
            elif waiting:
                _send(each, waiting.popleft())
            else:
                busy.remove(each)


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
