"""Converting in processes beside the one that stores, so that an import has more than one core."""

import os
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Converters:
    """Processes that convert.

    `made` is what becomes of all shares of the learners and of the anonymous, in whatever order they do it; they go on
    as it is taken, and it raises `StartError` where one of them cannot go on, or has ended. `end` ends them: whoever
    waits for more has that error.
    """

    made: Iterator[Made]
    end: Callable[[], None]


@contextmanager
def converting(order: Order, many: int) -> Iterator[Converters]:
    """So many processes that have begun.

    Raises:
        StartError: one of them has ended.

    """
    waiting: deque[Share | None] = deque([*SHARES, None])
    with ExitStack() as stack:
        begun = [stack.enter_context(_process()) for _ in range(many)]
        busy = [connection for connection, _ in begun]
        for each in busy:
            _send(each, order)
            _send(each, waiting.popleft())

        def end() -> None:
            for _, process in begun:
                process.kill()  # it only reads

        yield Converters(_made(busy, waiting), end)


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
    except (EOFError, OSError):  # also within a message
        raise StartError(_HAS_ENDED) from None
    if isinstance(made, Failed):
        raise StartError(made.why)
    return made


@contextmanager
def _process() -> Iterator[tuple[Connection, subprocess.Popen[bytes]]]:
    """A connection, and the process at its other end, which ends with it, and so with this process."""
    ours, theirs = socket.socketpair()
    with Connection(ours.detach()) as connection:
        with theirs:
            number = theirs.fileno()
            command = [sys.executable, "-P", "-c", _PROGRAM, str(number)]
            process = subprocess.Popen(command, pass_fds=[number], stdin=subprocess.DEVNULL)
        with process:
            try:
                yield connection, process
            finally:
                process.kill()  # it only reads
