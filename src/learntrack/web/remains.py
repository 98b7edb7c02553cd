"""What large requests leave behind: cycles, which only the collector frees, and it counts objects, not their bytes.

A refusal that waits in a future holds itself by its traceback, and with it the request: 300 refused updates of 4 MB
were 2 GB before the collector looked.
"""

import asyncio
import ctypes
import gc
from contextlib import suppress

CONNECTION_BYTES = 16 * 1024
"""What a connection leaves behind, about: the request that it was about to send among it."""
CUT_ANSWER_BYTES = 1024 * 1024
"""What an answer leaves behind that is not read to its end, at the least: what the database has sent for it."""
_MOST_BYTES = 64 * 1024 * 1024
"""How much may be left behind."""
_SOME_BYTES = 8 * 1024 * 1024
_SOON_SECONDS = 5.0
"""How long at the most what is more than a little."""


class Remains:
    """Counts the bytes of requests that are over, and has them collected when they are many, or a while later."""

    def __init__(self) -> None:
        self._bytes = 0
        self._later: asyncio.TimerHandle | None = None

    def add(self, size: int) -> None:
        """A request with a body of this size is over, or nearly."""
        self._bytes += size
        loop = asyncio.get_running_loop()
        if self._bytes >= _MOST_BYTES:
            self._bytes = 0
            loop.call_soon(_collect)
        elif self._bytes >= _SOME_BYTES and self._later is None:
            self._later = loop.call_later(_SOON_SECONDS, self._end)

    def _end(self) -> None:
        self._later = None
        if self._bytes >= _SOME_BYTES:
            self._bytes = 0
            _collect()


def _collect() -> None:
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)  # glibc keeps what lies below blocks that are used
