"""Giving memory back: what a few large requests took is not kept for ever."""

import ctypes
from contextlib import suppress

_ARENAS, _MAP_FROM = -8, -3  # M_ARENA_MAX and M_MMAP_THRESHOLD of glibc's malloc.h
_MAPPED_BYTES = 256 * 1024


def give_back_what_is_large() -> None:
    """Have the C library map large blocks each for itself, so that they go back when freed, and keep few heaps.

    By itself glibc takes larger and larger blocks from its heaps once one has been freed, and has a heap for most
    threads; each keeps what lies below its last block. Other C libraries have no such choice.
    """
    with suppress(OSError, AttributeError):
        options = ctypes.CDLL(None).mallopt
        options(_ARENAS, 2)
        options(_MAP_FROM, _MAPPED_BYTES)
