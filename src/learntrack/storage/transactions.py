"""Transactions: all of what is written is stored, or nothing, within a time that the caller sets."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pymongo
from motor.motor_asyncio import AsyncIOMotorClientSession
from pymongo import ReadPreference
from pymongo.errors import ExecutionTimeout, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from learntrack.storage.errors import DatabaseUnavailable, may_be_run_again, translated
from learntrack.storage.pauses import pauses
from learntrack.storage.writers import Writers

Tx = AsyncIOMotorClientSession | None
"""A transaction under way, handed to every read and write within it; None where the engine has none."""

T = TypeVar("T")

_DURABLE = WriteConcern(w="majority", j=True)
_UNKNOWN = "UnknownTransactionCommitResult"
_ABORT_SECONDS = 1.0
_FIRST_PAUSE_SECONDS = 0.005
_LONGEST_PAUSE_SECONDS = 0.5


class Transactions:
    """Runs work in transactions.

    The driver's own `with_transaction` is not used: Motor's tries again at once and without end, so that processes that
    write for the same owners spin. Here a further try waits as the drivers' specification demands, in vain no longer
    than the caller: https://github.com/mongodb/specifications/tree/master/source/transactions-convenient-api

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
            async with asyncio.timeout(patience) as limit:
                with translated():
                    return await (self._until_it_is_stored(work, limit) if self._available else work(None))
        except TimeoutError as error:
            raise DatabaseUnavailable("The database did not answer in time.") from error

    async def _until_it_is_stored(self, work: Callable[[Tx], Awaitable[T]], limit: asyncio.Timeout) -> T:
        async with self._writers.session() as session:
            for pause in pauses(_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS):
                try:
                    answer = await self._work(work, session, limit)
                    await self._commit(session, limit)
                except PyMongoError as error:
                    if not may_be_run_again(error):
                        raise
                    await asyncio.sleep(pause)
                else:
                    return answer
        raise AssertionError("pauses have no end")

    async def _work(self, work: Callable[[Tx], Awaitable[T]], session: Any, limit: asyncio.Timeout) -> T:
        session.start_transaction(
            read_concern=ReadConcern("snapshot"), write_concern=_DURABLE, read_preference=ReadPreference.PRIMARY
        )
        try:
            with pymongo.timeout(_left(limit)):
                return await work(session)
        except BaseException:
            if session.in_transaction:
                with pymongo.timeout(_ABORT_SECONDS):
                    await session.abort_transaction()
            raise

    async def _commit(self, session: Any, limit: asyncio.Timeout) -> None:
        """Commit, again as long as nobody knows whether it was, as in an election: a commit may be repeated."""
        for pause in pauses(_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS):
            try:
                with pymongo.timeout(_left(limit)):
                    await session.commit_transaction()
            except PyMongoError as error:
                if not error.has_error_label(_UNKNOWN) or isinstance(error, ExecutionTimeout):
                    raise
                await asyncio.sleep(pause)
            else:
                return

    async def end_those_left_behind(self) -> None:
        """End the transactions of processes of this host that are no more, so that their documents are free."""
        await self._writers.end_those_left_behind()

    async def close(self) -> None:
        """End the sessions."""
        await self._writers.close()


def _left(limit: asyncio.Timeout) -> float:
    """Seconds until the limit; the driver takes 0 for none."""
    when = limit.when()
    assert when is not None
    return max(when - asyncio.get_running_loop().time(), 0.001)
