"""The threads in which the driver waits for the database.

Motor makes as many as five a processor, and reads another number from the environment only when it is imported, before
there are settings. Motor's last release is the one that is used here, so what it keeps where will not change.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator, Mapping, Sequence
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import Any, Generic, TypeVar

from motor.frameworks import asyncio as motor
from pymongo.client_session import ClientSession

from learntrack.storage.first_batch import all_of

T = TypeVar("T")


def use(count: int) -> None:
    """Use `count` threads from now on."""
    if motor.max_workers != count:
        motor.max_workers = count
        motor._reset_global_executor()  # type: ignore[no-untyped-call]


class InThread(Generic[T]):
    """What one of these threads does, begun at once; await it for what comes of it.

    Whoever gives up waiting does not stop the thread.

    Args:
        work: What it does, in the context of now.

    """

    def __init__(self, work: Callable[[], T]) -> None:
        self._future = motor._EXECUTOR.submit(copy_context().run, work)

    def __await__(self) -> Generator[Any, None, T]:
        return asyncio.wrap_future(self._future).__await__()

    async def to_its_end(self) -> T:
        """What comes of it. Who is cancelled waits for its end all the same: it has to have a limit of its own."""
        waiting = asyncio.wrap_future(self._future)
        try:
            return await asyncio.shield(waiting)
        except asyncio.CancelledError:
            while not waiting.done():
                with suppress(asyncio.CancelledError):
                    await asyncio.wait([waiting])
            waiting.exception()  # nobody hears of it any more, and it would be logged as if that were a mistake
            raise

    @property
    def is_over(self) -> bool:
        """Whether the thread has nothing to do with it any more."""
        return self._future.done()

    def when_over(self, then: Callable[[], object]) -> None:
        """Call this in the loop of now when the thread has nothing to do with it any more."""
        loop = asyncio.get_running_loop()

        def call(_: object) -> None:
            with suppress(RuntimeError):  # the loop is closed, and nobody waits any more
                loop.call_soon_threadsafe(then)

        self._future.add_done_callback(call)


def answered(source: Any, ask: Callable[[Any], Any]) -> Awaitable[Any]:
    """What comes of asking a collection or a database, all of it in one thread's turn.

    Motor's own cursors go back and forth between the thread and the loop, which costs a small question a tenth.

    Args:
        source: Motor's, whose driver's own is then asked, or mongomock's, which is asked itself.
        ask: What is asked; a session is to be the driver's own.

    """
    drivers_own = vars(source).get("delegate")
    return ask(source) if drivers_own is None else InThread(lambda: ask(drivers_own))


async def within(tx: Any, source: Any, ask: Callable[[Any, Any], Any]) -> Any:
    """What comes of asking a collection or a client within a transaction: at once where all of it is in one thread.

    Args:
        tx: The transaction: Motor's session, the driver's own where it is in one thread, or None.
        source: Motor's or mongomock's.
        ask: What is asked of the driver's own and with its own session.

    """
    if isinstance(tx, ClientSession):
        return ask(source.delegate, tx)
    session = None if tx is None else tx.delegate
    return await answered(source, lambda asked: ask(asked, session))


async def told(session: Any, tell: Callable[[Any], Any]) -> Any:
    """What comes of telling a session something, as `within` asks."""
    return tell(session) if isinstance(session, ClientSession) else await InThread(lambda: tell(session.delegate))


async def found(collection: Any, query: Mapping[str, Any], fields: Mapping[str, Any] | None, tx: Any) -> list[Any]:
    """The documents that match, read within a transaction: of each these fields, or all."""
    rows: list[Any] = await within(
        tx, collection, lambda asked, session: asked.find(query, fields, session=session).to_list(None)
    )
    return rows


async def aggregated(collection: Any, pipeline: Sequence[Mapping[str, Any]], tx: Any) -> list[Any]:
    """What an aggregation returns, read within a transaction."""
    rows: list[Any] = await within(
        tx,
        collection,
        lambda asked, session: all_of(partial(asked.aggregate, list(pipeline), session=session, allowDiskUse=True)),
    )
    return rows


def driven(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """The result of a coroutine whose every step is done as soon as it is asked for, as in one thread all are."""
    coroutine = work()
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    coroutine.close()
    raise AssertionError("a transaction in one thread may ask the database only through its `Tx`")
