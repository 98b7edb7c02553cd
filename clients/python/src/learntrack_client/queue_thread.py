"""The thread in which a queue's file is read and written, so that the app's event loop never waits for a disk."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from learntrack_client.problems import Closed

T = TypeVar("T")


class QueueThread:
    """One thread: what it is given is done one after the other."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="learntrack-queue")
        self._closed = False
        self._process = os.getpid()

    @property
    def forked(self) -> bool:
        """Whether this process was forked from the one whose thread it is: here there is none."""
        return os.getpid() != self._process

    async def do(self, work: Callable[[], T]) -> T:
        """Have this done there. Once begun it is done to its end, even if nobody waits for it any more.

        Raises:
            Closed: it has ended.

        """
        if self.forked:
            raise Closed("The client was made before this process was forked: make one in each process.")
        if self._closed:
            raise Closed("The client is closed.")
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def close(self, last: Callable[[], None]) -> None:
        """End it, once what was given is done, and this at last."""
        self._closed = True
        await asyncio.get_running_loop().run_in_executor(self._thread, last)
        self._thread.shutdown(wait=True)
