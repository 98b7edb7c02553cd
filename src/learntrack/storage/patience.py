"""Waiting for a database that is away: for jobs, which nobody answers in the meantime."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from learntrack.storage.errors import DatabaseUnavailable, DiskNearlyFull

PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds to wait before each further try where the database cannot be reached: an election takes some ten."""

T = TypeVar("T")


async def patiently(work: Callable[[], Awaitable[T]]) -> T:
    """What `work` returns, which is safe to repeat: again, after a while, where the database is away.

    Raises:
        DatabaseUnavailable: the disk is nearly full, or the database did not come back within a minute.

    """
    for pause in PAUSES:
        try:
            return await work()
        except DiskNearlyFull:
            raise
        except DatabaseUnavailable:
            await asyncio.sleep(pause)
    return await work()
