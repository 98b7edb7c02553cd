"""The one sender of a learner's queue: sends what waits, oldest first, and waits longer each time that it cannot."""

import asyncio
import contextlib
import logging
import random
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path

from learntrack_client.judging import Item, Verdict, judge
from learntrack_client.problems import LearntrackError, QueueFull, QueueUnusable, SignedOut
from learntrack_client.queue import Queue, batch
from learntrack_client.queue_file import code_of
from learntrack_client.queue_thread import QueueThread
from learntrack_client.service import Service
from learntrack_client.shapes import SenderState

BATCH_ITEMS = 100
BATCH_BYTES = 512 * 1024
"""Less than the smallest body that the service takes by default, an anonymous one."""
_LOOK_AGAIN = 30.0
"""How often an idle sender looks whether another process has left something."""
_LOCK_POLL = 0.25
_PATH = "/api/logger/contentsession/batch"

logger = logging.getLogger("learntrack_client")


class Sender:
    """Sends a queue.

    Args:
        queue: What is sent.
        service: Where to.
        lock: The file that only one sender holds at a time, whatever process it is of.
        thread: Where the queue is read and written.
        waits: The first wait, and the longest, in seconds.
        now: The device's clock, as the API writes moments.
        changed: Called whenever the sender is in another state.
        settled: Called with what became of a batch.

    """

    def __init__(
        self,
        queue: Queue,
        service: Service,
        lock: Path,
        thread: QueueThread,
        waits: tuple[float, float],
        now: Callable[[], str],
        changed: Callable[[], Awaitable[None]],
        settled: Callable[[Verdict], Awaitable[None]],
    ) -> None:
        self._queue, self._service, self._lock = queue, service, lock
        self._thread, self._waits, self._now = thread, waits, now
        self._changed, self._settled = changed, settled
        self._woken = asyncio.Event()
        self._hurried = asyncio.Event()
        self._failures = 0
        self._due = 0.0
        self._most = BATCH_ITEMS
        self.state: SenderState = "idle"
        self.trouble: str | None = None

    def wake(self) -> None:
        """There is something new to send. It does not shorten a wait."""
        self._woken.set()

    def hurry(self) -> None:
        """Send now, for example because the network is back. A Retry-After is kept all the same."""
        self._hurried.set()
        self._woken.set()

    async def run(self) -> None:
        """Send until cancelled; what is under way then is sent again by the next sender, with the same keys."""
        while True:
            try:
                signed_out = None
                if await self._thread.do(self._queue.waiting):
                    async with self._alone():
                        signed_out = await self._drain()
                if signed_out is None:
                    await self._turn("idle", None)
                    await _set_within(self._woken, _LOOK_AGAIN)
                else:  # while another process of this learner may have a token that is taken
                    await self._pause(signed_out.trouble, signed_out.retry_after, "signed_out")
            except Exception as error:
                if self._failures == 0:
                    logger.exception("the queue could not be sent")
                await self._pause(_trouble(error), None)

    async def _drain(self) -> Verdict | None:
        """Send until nothing waits; the verdict on what was sent last where the token was refused."""
        while items := await self._thread.do(lambda: self._queue.next(self._most, BATCH_BYTES)):
            if self._failures == 0:
                await self._turn("sending", None)
            verdict = await self._sent(items)
            with contextlib.suppress(LearntrackError):  # the queue keeps it in mind, and the rest is sent
                await self._thread.do(partial(self._queue.settle, verdict))
            await self._settled(verdict)
            self._most = max(1, len(items) // 2) if verdict.narrower else min(BATCH_ITEMS, self._most * 2)
            if verdict.signed_out:
                return verdict
            if verdict.wait:
                await self._pause(verdict.trouble, verdict.retry_after)
            else:
                self._failures = 0
        await self._thread.do(self._queue.settle)
        return None

    async def _sent(self, items: list[Item]) -> Verdict:
        hurried = time.monotonic() < self._due
        try:
            answer = await self._service.send("POST", _PATH, body=batch(items, self._now()))
            verdict = judge(items, answer, hurried=hurried)
            if verdict.unheard and len(items) == 1 and await self._heard():
                return judge(items, answer, hurried=hurried, heard_else=True)
        except SignedOut as error:
            return Verdict(signed_out=True, wait=True, trouble=str(error))
        return verdict

    async def _heard(self) -> bool:
        """Whether the service itself answers: that a batch without items is none."""
        answer = await self._service.send("POST", _PATH, body=batch([], self._now()))
        return answer is not None and answer.problem is not None and "items" in answer.problem.errors

    async def _pause(self, trouble: str | None, retry_after: float | None, state: SenderState = "waiting") -> None:
        """Wait: twice as long each time up to the longest, a random part of it less, so that devices that lost the
        service together do not come back together. A hurry ends it, but not before Retry-After.
        """
        self._failures += 1
        first, longest = self._waits
        seconds = min(longest, first * 2.0 ** min(self._failures - 1, 20)) * random.uniform(0.5, 1)  # noqa: S311
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + seconds
        await self._turn(state, trouble)
        await asyncio.sleep(retry_after or 0)
        await _set_within(self._hurried, max(0.0, seconds - (retry_after or 0)))

    async def _turn(self, state: SenderState, trouble: str | None) -> None:
        self.state, self.trouble = state, trouble
        await self._changed()

    @contextlib.asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """As the only sender: an exclusive transaction on a file beside the queue, which ends with its process."""
        held: sqlite3.Connection | None = None
        try:
            while True:
                try:
                    held = held or sqlite3.connect(self._lock, timeout=0, isolation_level=None, check_same_thread=False)
                    held.execute("BEGIN EXCLUSIVE")
                    break
                except sqlite3.Error as error:
                    if code_of(error) != sqlite3.SQLITE_BUSY:
                        raise QueueUnusable(f"{self._lock} cannot be used: {error}.") from error
                    if self.state != "elsewhere":
                        await self._turn("elsewhere", None)
                    await asyncio.sleep(_LOCK_POLL)
            yield
        finally:
            if held is not None:
                held.close()


def _trouble(error: Exception) -> str:
    if isinstance(error, QueueFull):
        return "There is no room on the disk: what has been sent stays in the queue."
    reason = f" {error}" if isinstance(error, LearntrackError) else ""
    return f"The queue cannot be sent.{reason}"


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    """Wait until the event is set, or the time is over; it is not set any more then."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    event.clear()
