"""A thread with an event loop of its own, so that code without asyncio can use what is written for it."""

import asyncio
import inspect
import os
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

from learntrack_client.problems import Closed
from learntrack_client.service import TokenFunction
from learntrack_client.shapes import Status

T = TypeVar("T")


class LoopThread:
    """The thread. What it is given may come from any other thread, but of this process only."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._process = os.getpid()
        self._turn = threading.Lock()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="learntrack-client", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        self._loop.run_forever()
        self._loop.run_until_complete(_give_up_the_rest())
        self._loop.close()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Have this done there, and wait for it.

        Raises:
            Closed: the thread has ended, or ends meanwhile; or it is of the process that this one was forked from.

        """
        if os.getpid() != self._process:
            work.close()
            raise Closed("The client was made before this process was forked: make one in each process.")
        with self._turn:
            if self._ended:
                work.close()
                raise Closed("The client is closed.")
            done = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return done.result()
        except CancelledError:
            raise Closed("The client was closed meanwhile.") from None

    def end(self) -> None:
        """End it; what is under way there is given up."""
        if os.getpid() != self._process:
            return
        with self._turn:
            if not self._ended:
                self._ended = True
                self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()


async def _give_up_the_rest() -> None:
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()


class Teller:
    """Tells an app how the queue is, in a thread of its own, in which it may ask the client whatever it likes."""

    def __init__(self, on_change: Callable[[Status], None], failed: Callable[[], None]) -> None:
        self._on_change, self._failed = on_change, failed
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="learntrack-on-change")

    def tell(self, status: Status) -> None:
        """Tell it this, after what came before."""
        with suppress(RuntimeError):  # it has ended
            self._thread.submit(self._call, status)

    def _call(self, status: Status) -> None:
        try:
            self._on_change(status)
        except Closed:
            pass
        except Exception:
            self._failed()

    def end(self) -> None:
        """Tell it nothing more."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def in_a_thread(source: TokenFunction) -> TokenFunction:
    """The same in a thread of its own, since it may ask a server and wait, even for ever: no process waits for it."""

    async def current(refused: str | None) -> str | None:
        loop = asyncio.get_running_loop()
        told: asyncio.Future[str | Awaitable[str | None] | None] = loop.create_future()

        def tell(found: str | Awaitable[str | None] | None, error: BaseException | None) -> None:
            if not told.done():
                told.set_result(found) if error is None else told.set_exception(error)

        def ask() -> None:
            found, error = None, None
            try:
                found = source(refused)
            except Exception as raised:
                error = raised
            with suppress(RuntimeError):  # nobody waits any more
                loop.call_soon_threadsafe(tell, found, error)

        threading.Thread(target=ask, name="learntrack-token", daemon=True).start()
        found = await told
        return await found if inspect.isawaitable(found) else found

    return current
