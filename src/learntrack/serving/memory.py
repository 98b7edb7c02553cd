"""Giving memory back: what a few large requests took is not kept for ever."""

import ctypes
import threading
from collections.abc import Callable
from contextlib import suppress

_ARENAS, _MAP_FROM = -8, -3  # M_ARENA_MAX and M_MMAP_THRESHOLD of glibc's malloc.h
_MAPPED_BYTES = 256 * 1024
_EVERY_SECONDS = 5.0


def give_back_what_is_large() -> None:
    """Have the C library map large blocks each for itself, so that they go back when freed, and keep few heaps.

    By itself glibc takes larger and larger blocks from its heaps once one has been freed, and has a heap for most
    threads; each keeps what lies below its last block. Other C libraries have no such choice.
    """
    with suppress(OSError, AttributeError):
        options = ctypes.CDLL(None).mallopt
        options(_ARENAS, 2)
        options(_MAP_FROM, _MAPPED_BYTES)


def give_back_what_is_free() -> None:
    """Begin to have the C library give back the pages between blocks that are used, now and then.

    By itself glibc gives back only what lies behind the last of them: after a series of attacks 29 MB of 45 were free
    and stayed. Giving back takes a millisecond or two, without Python's lock. What Python's own small blocks leave
    free (12 MB then) goes back only where a whole MiB is free: that is kept small by few of them being there at once.
    """
    with suppress(OSError, AttributeError):
        trim = ctypes.CDLL(None).malloc_trim
        repeatedly(lambda: trim(0), _EVERY_SECONDS)


def repeatedly(work: Callable[[], object], seconds: float) -> Callable[[], None]:
    """Do something every so many seconds, in a thread of its own that keeps no process; returns what ends that."""
    ended = threading.Event()

    def go_on() -> None:
        while not ended.wait(seconds):
            work()

    threading.Thread(target=go_on, name="memory", daemon=True).start()
    return ended.set
