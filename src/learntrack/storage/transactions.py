"""Transactions: all of what is written is stored, or nothing, within a time that the caller sets."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

from motor.motor_asyncio import AsyncIOMotorClientSession
from pymongo import ReadPreference
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from learntrack.storage.errors import DatabaseUnavailable, translated
from learntrack.storage.writers import Writers

Tx = AsyncIOMotorClientSession | None
"""A transaction under way, handed to every read and write within it; None where the engine has none."""

T = TypeVar("T")

_DURABLE = WriteConcern(w="majority", j=True)


class Transactions:
    """Runs work in transactions.

    Args:
        client: A connected Motor client.
        database: Its database, in which the sessions that write are on record.
        available: Whether the engine has transactions; without them writes are made one by one.

    """

    def __init__(self, client: Any, database: Any, *, available: bool) -> None:
        self._writers = Writers(client, database)
        self._available = available

    async def run(self, work: Callable[[Tx], Awaitable[T]], patience: float) -> T:
        """Run `work` in a transaction, again where somebody else wrote the same documents meanwhile.

        Args:
            work: What reads and writes; it must have no outside effect.
            patience: Seconds that all of it may take.

        Raises:
            DatabaseUnavailable: no answer within `patience`; the writes may or may not have been stored.

        """
        try:
            async with asyncio.timeout(patience):
                return await (self._in_transaction(work) if self._available else work(None))
        except TimeoutError as error:
            raise DatabaseUnavailable("The database did not answer in time.") from error

    async def _in_transaction(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        with translated():
            async with self._writers.session() as session:
                return cast(
                    T,
                    await session.with_transaction(
                        work,
                        read_concern=ReadConcern("snapshot"),
                        write_concern=_DURABLE,
                        read_preference=ReadPreference.PRIMARY,
                    ),
                )

    async def end_those_left_behind(self) -> None:
        """End the transactions of processes of this host that are no more, so that their documents are free."""
        await self._writers.end_those_left_behind()

    async def close(self) -> None:
        """End the sessions."""
        await self._writers.close()
