"""What is asked of the database has its time, here and on the server."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from itertools import chain
from math import inf
from types import TracebackType
from typing import Any

import pymongo
from pymongo.errors import PyMongoError

from learntrack.storage.errors import NOT_IN_TIME, DatabaseUnavailable, may_be_asked_again, translated
from learntrack.storage.pauses import pauses

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.1, 1.0


class within:  # named as what it is used as: a statement, like `asyncio.timeout`
    """Wait no longer than so many seconds: `async with within(seconds):`.

    No generator, which takes a small read two hundredths.

    Raises:
        DatabaseUnavailable: it took longer, or as of `translated`.

    """

    __slots__ = ("_timeout",)

    def __init__(self, seconds: float) -> None:
        self._timeout = asyncio.timeout(_finite(seconds))

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._timeout.__aexit__(kind, error, trace)
            if isinstance(error, TimeoutError):
                raise error
        except TimeoutError as late:
            raise DatabaseUnavailable(NOT_IN_TIME) from late
        if isinstance(error, PyMongoError):
            with translated():
                raise error


async def limited(ask: Callable[[], Awaitable[Any]], seconds: float, *, again: bool = True) -> Any:
    """Ask with a limit that the driver and the server keep to; again where the server is on its way to answer.

    The driver's own retries are switched off: within a limit it asks again at once and without end, which keeps a
    processor busy with each question as long as a server says no.

    Args:
        ask: What asks.
        seconds: The limit.
        again: Whether it may ask again: the rest of an answer cannot be asked for twice.

    """
    waits: Iterator[float] | None = None
    with pymongo.timeout(_finite(seconds)):
        while True:
            try:
                return await ask()
            except PyMongoError as error:
                if not (again and may_be_asked_again(error)):
                    raise
            # Once more at once: mostly a connection had gone while nobody used it.
            waits = waits or chain((0.0,), pauses(_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS))
            await asyncio.sleep(next(waits))


def _finite(seconds: float) -> float | None:
    return None if seconds == inf else seconds
