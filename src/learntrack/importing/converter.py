"""A process that converts, for one that stores (`converters`).

Over a socket, whose number is its argument, it is told what it needs once, and then share after share, until that is
closed.
"""

import ctypes
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection

from learntrack.errors import StartError
from learntrack.importing.converting import Conversion
from learntrack.importing.kolibri.source import Kolibri, OpensAgain
from learntrack.importing.kolibri.sql import Share

_NICE = 5
"""By how much it stands back: behind the database, and a class that is at work meanwhile."""
_TRIM_FROM, _MAP_FROM = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of glibc's malloc.h


@dataclass(slots=True, frozen=True)
class Order:
    """What to convert; with `tells_all`, every skipped record is named."""

    source: OpensAgain
    conversion: Conversion
    tells_all: bool


@dataclass(slots=True, frozen=True)
class Failed:
    """Why it cannot go on."""

    why: str


def main() -> None:
    """Convert what is asked for."""
    os.nice(_NICE)
    _keep_memory()
    with Connection(int(sys.argv[1])) as asked, suppress(EOFError, ConnectionError):
        order: Order = asked.recv()
        try:
            with order.source.opened() as source:
                while True:
                    _convert(source, asked.recv(), order, asked)
        except StartError as error:
            asked.send(Failed(str(error)))


def _convert(source: Kolibri, share: Share | None, order: Order, asked: "Connection") -> None:
    for made in order.conversion.made(source, share, tells_all=order.tells_all):
        asked.send(made)


def _keep_memory() -> None:
    """Have glibc keep what one batch has freed for the next, which takes as much: a fiftieth of what a process does."""
    with suppress(OSError, AttributeError):
        option = ctypes.CDLL(None).mallopt
        option(_TRIM_FROM, 64 * 2**20)
        option(_MAP_FROM, 32 * 2**20)
