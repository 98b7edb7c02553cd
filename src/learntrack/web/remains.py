"""What large requests leave behind: cycles, which only the collector frees, and it counts objects, not their bytes.

A refusal that waits in a future holds itself by its traceback, and with it the request: 300 refused updates of 4 MB
were 2 GB before the collector looked.
"""

import asyncio
import ctypes
import gc
from contextlib import suppress

_MOST_BYTES = 64 * 1024 * 1024


class Remains:
    """Counts the bytes of requests that are over, and has them collected when there are many."""

    def __init__(self) -> None:
        self._bytes = 0

    def add(self, size: int) -> None:
        """A request with a body of this size is over, or nearly."""
        self._bytes += size
        if self._bytes >= _MOST_BYTES:
            self._bytes = 0
            asyncio.get_running_loop().call_soon(_collect)


def _collect() -> None:
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)  # glibc keeps what lies below blocks that are used
