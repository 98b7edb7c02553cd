"""Waiting for a database that is away, and going on after whatever fails: for jobs, which nobody answers meanwhile."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from learntrack.storage.errors import DatabaseUnavailable, DiskNearlyFull
from learntrack.storage.pauses import pauses

PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds to wait before each further try where the database cannot be reached: an election takes some ten."""

_FIRST_PAUSE_SECONDS = 2.0
_LONGEST_PAUSE_SECONDS = 60.0

T = TypeVar("T")

logger = logging.getLogger("learntrack")


def end_if_cancelled() -> None:
    """Let a task that goes on after errors end where it was cancelled meanwhile.

    What is closed on the way out may fail, too, and its error then takes the place of the cancellation.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


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
            end_if_cancelled()
            await asyncio.sleep(pause)
    return await work()


async def until_done(name: str, work: Callable[[], Awaitable[object]]) -> None:
    """Do what is safe to repeat to its end: again, after a while, whatever made it fail.

    A task that nobody waits for would end with the first error that nobody thought of, and what it does would not be
    done until the next start.

    Args:
        name: What the log calls it.
        work: What is to be done.

    """
    for pause in pauses(_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS):
        try:
            await work()
        except DatabaseUnavailable as error:
            logger.warning("%s waits for the database: %s", name, error)
        except Exception:
            logger.exception("%s failed, and is begun again", name)
        else:
            return
        end_if_cancelled()
        await asyncio.sleep(pause)
