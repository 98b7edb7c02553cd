"""Transactions: all of what is written is stored, or nothing, within a time that the caller sets."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from typing import Any, TypeVar

import pymongo
from motor.motor_asyncio import AsyncIOMotorClientSession
from pymongo import ReadPreference
from pymongo.client_session import ClientSession
from pymongo.errors import ExecutionTimeout, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from learntrack.storage.capabilities import Capabilities
from learntrack.storage.errors import (
    NO_SUCH_TRANSACTION,
    NOT_IN_TIME,
    DatabaseUnavailable,
    may_be_run_again,
    translated,
)
from learntrack.storage.pauses import pauses
from learntrack.storage.threads import InThread, driven, told
from learntrack.storage.writers import Writers

Tx = AsyncIOMotorClientSession | ClientSession | None
"""A transaction under way, handed to every read and write within it: the driver's own session where all of it is done
in one thread, None where the engine has none.
"""

T = TypeVar("T")
Work = Callable[[Tx], Coroutine[Any, Any, T]]
Then = Callable[[T], Work[T] | None]
"""Is told what came of a transaction once it is stored; returns what is to be done in the next one, if there is one."""
Sleep = Callable[[float], Awaitable[None]]

_DURABLE = WriteConcern(w="majority", j=True)
_UNKNOWN = "UnknownTransactionCommitResult"
_FORGOTTEN = "The database has been restarted, and does not know whether this was stored."
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
        capabilities: What the engine can do; without transactions writes are made one by one.

    """

    def __init__(self, client: Any, database: Any, capabilities: Capabilities) -> None:
        self._writers = Writers(client, database)
        self._available = capabilities.transactions
        self._remembers_commits = capabilities.remembers_commits

    async def run(self, work: Work[T], patience: float) -> T:
        """Run `work` in a transaction, again where somebody else wrote the same documents meanwhile.

        Args:
            work: What reads and writes; it must have no outside effect.
            patience: Seconds that all of it may take.

        Raises:
            DatabaseUnavailable: no answer within `patience`; the writes may or may not have been stored.

        """
        end = time.monotonic() + patience
        with _in_time():
            async with asyncio.timeout(patience):
                if not self._available:
                    return await work(None)
                async with self._writers.session() as session:
                    return await self._until_it_is_stored(work, session, end, asyncio.sleep)

    async def run_in_line(self, work: Work[T], then: Then[T], patience: float) -> None:
        """Run transactions one after the other in one thread, which costs less, and leaves no time between them.

        Args:
            work: What the first one does, as for `run`; it may wait for nothing but what it asks of its transaction.
            then: Is asked in that thread.
            patience: Seconds that each may take; of the first, and until it begins.

        Raises:
            DatabaseUnavailable: no answer within `patience`. Of that transaction the writes may or may not have been
                stored; `then` has been told of those before.

        """
        following: Work[T] | None = work
        end = time.monotonic() + patience
        with _in_time():
            if not self._available:
                while following is not None:
                    async with asyncio.timeout(patience):
                        answer = await following(None)
                    following = then(answer)
                return
            async with self._session(patience) as session:
                # Until the thread has ended nobody else uses its session; each step of it has a limit of its own.
                await InThread(partial(self._in_line, work, then, session.delegate, end, patience)).to_its_end()

    def _in_line(self, work: Work[T], then: Then[T], session: Any, end: float, patience: float) -> None:
        following: Work[T] | None = work
        while following is not None:
            following = then(driven(partial(self._until_it_is_stored, following, session, end, _sleep)))
            end = time.monotonic() + patience

    async def _until_it_is_stored(self, work: Work[T], session: Any, end: float, sleep: Sleep) -> T:
        for pause in pauses(_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS):
            try:
                answer = await _worked(work, session, end)
                await self._commit(session, end, sleep)
            except PyMongoError as error:
                if not may_be_run_again(error):
                    raise
                await _wait(pause, end, sleep)
            else:
                return answer
        raise AssertionError("pauses have no end")

    async def _commit(self, session: Any, end: float, sleep: Sleep) -> None:
        """Commit, again as long as nobody knows whether it was, as in an election: a commit may be repeated.

        Raises:
            DatabaseUnavailable: the engine knows of no such transaction, and forgets on a restart which it has
                committed: the driver may have repeated the commit after one. Run again, it might be stored twice.

        """
        for pause in pauses(_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS):
            try:
                with pymongo.timeout(_left(end)):
                    await told(session, ClientSession.commit_transaction)
            except PyMongoError as error:
                if getattr(error, "code", None) == NO_SUCH_TRANSACTION and not self._remembers_commits:
                    raise DatabaseUnavailable(_FORGOTTEN) from error
                if not error.has_error_label(_UNKNOWN) or isinstance(error, ExecutionTimeout):
                    raise
                await _wait(pause, end, sleep)
            else:
                return

    @asynccontextmanager
    async def _session(self, patience: float) -> AsyncIterator[Any]:
        """A session, which is there within `patience`, and has no end by it."""
        async with AsyncExitStack() as stack:
            async with asyncio.timeout(patience):
                session = await stack.enter_async_context(self._writers.session())
            yield session

    async def end_those_left_behind(self) -> None:
        """End the transactions of processes of this host that are no more, so that their documents are free."""
        await self._writers.end_those_left_behind()

    async def close(self) -> None:
        """End the sessions."""
        await self._writers.close()


@contextmanager
def _in_time() -> Iterator[None]:
    try:
        with translated():
            yield
    except TimeoutError as error:
        raise DatabaseUnavailable(NOT_IN_TIME) from error


async def _worked(work: Work[T], session: Any, end: float) -> T:
    session.start_transaction(
        read_concern=ReadConcern("snapshot"), write_concern=_DURABLE, read_preference=ReadPreference.PRIMARY
    )
    try:
        with pymongo.timeout(_left(end)):
            return await work(session)
    except BaseException:
        if session.in_transaction:
            with pymongo.timeout(_ABORT_SECONDS):
                await told(session, ClientSession.abort_transaction)
        raise


async def _wait(seconds: float, end: float, sleep: Sleep) -> None:
    """Wait before a further try.

    Raises:
        TimeoutError: there is no time for one.

    """
    if time.monotonic() + seconds >= end:
        raise TimeoutError
    await sleep(seconds)


async def _sleep(seconds: float) -> None:
    """Let a thread sleep, as `asyncio.sleep` does with a task."""
    time.sleep(seconds)  # noqa: ASYNC251 - nothing else is done in this thread


def _left(end: float) -> float:
    """Seconds until then; the driver takes 0 for none."""
    return max(end - time.monotonic(), 0.001)
