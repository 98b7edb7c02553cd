"""The client: visits are stored in the queue first, and sent by its one sender."""

import asyncio
import hashlib
import logging
import time
from collections.abc import Callable, Container
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar
from uuid import uuid4
from weakref import WeakSet

import httpx

from learntrack_client.bodies import start_body, stored, update_body
from learntrack_client.checks import check_address, check_content, check_update, checked_learner
from learntrack_client.judging import Verdict
from learntrack_client.local_state import SessionState, after_start, after_update
from learntrack_client.problems import Closed, LearntrackError
from learntrack_client.queue import Queue
from learntrack_client.queue_thread import QueueThread
from learntrack_client.reading import Reading
from learntrack_client.sender import Sender
from learntrack_client.service import Service, TokenSource
from learntrack_client.session import AsyncSession
from learntrack_client.shapes import Aside, Content, Start, Status, Update

T = TypeVar("T")

logger = logging.getLogger("learntrack_client")

MOST_ITEMS = 10_000
MOST_BYTES = 64 * 1024 * 1024


class AsyncClient(Reading):
    """Records one learner's visits; `async with` opens and closes it.

    Args:
        address: Where the service is.
        queue: The queue's file. Any number of processes and learners may share it.
        learner: The learner's id, a UUID; None: the visits are anonymous.
        token: The learner's token, or a function that returns one: called with the token that the service has refused
            (None: it has none yet), it returns a fresh one, or None where nobody is signed in.
        most_items: How many items of the learner the queue may hold.
        most_bytes: How many bytes they may have.
        first_wait: Seconds after which what could not be sent is sent again; twice as long each time.
        longest_wait: How long that gets at the most.
        on_change: Called with the `Status` whenever it has changed.
        http: What sends requests, where the app has its own httpx client.
        clock: The device's clock, in seconds since 1970.

    Raises:
        InvalidFields: the address or the learner is none.
        QueueUnusable, QueueFull: the queue cannot be opened.

    """

    def __init__(
        self,
        address: str,
        *,
        queue: str | Path,
        learner: str | None = None,
        token: TokenSource | None = None,
        most_items: int = MOST_ITEMS,
        most_bytes: int = MOST_BYTES,
        first_wait: float = 1.0,
        longest_wait: float = 60.0,
        on_change: Callable[[Status], None] | None = None,
        http: httpx.AsyncClient | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        check_address(address)
        self.learner = checked_learner(learner)
        self._path = Path(queue).resolve()  # its lock is beside it, however it is called, wherever the app goes
        self._most_items, self._most_bytes = most_items, most_bytes
        self._waits = (first_wait, longest_wait)
        self._on_change, self._clock = on_change, clock
        self._service = Service(address, self.learner, token, http)
        super().__init__(self._service)
        self._sessions: WeakSet[AsyncSession] = WeakSet()
        self._visits: dict[str, str] = {}
        """The latest of each content."""
        self._changes = asyncio.Condition()
        self._last: Status | None = None
        self._thread = QueueThread()
        self._queue: Queue | None = None
        self._opened = False
        self._sending: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        if self._opened:
            raise Closed("A client is opened once: make another one.")
        self._opened = True
        try:
            queue = await self._thread.do(self._open)
        except BaseException:
            await self._end()
            raise
        self._service.open()
        digest = hashlib.sha256((self.learner or "").encode()).hexdigest()[:16]
        lock = self._path.with_name(f"{self._path.name}-{digest}.lock")
        self._sender = Sender(
            queue, self._service, lock, self._thread, self._waits, self._now, self._changed, self._settled
        )
        self._sending = asyncio.create_task(self._sender.run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close(0 if error else 5)

    async def close(self, seconds: float = 5) -> None:
        """Send what waits, for so many seconds at the most, and close. What still waits then is sent next time."""
        sending, self._sending = self._sending, None
        if sending is None or self._thread.forked:
            return
        try:
            if seconds:
                with suppress(LearntrackError):  # then there is nothing to be sent from
                    await self.until_sent(None, seconds)
        finally:
            sending.cancel()
            with suppress(asyncio.CancelledError):
                await sending
            await self._end()

    async def _end(self) -> None:
        try:
            await self._service.close()
        finally:
            await self._thread.close(self._close_queue)

    async def start(self, content: Content, *, repeat: bool = False) -> AsyncSession:
        """Begin a visit. Its state is what this device knows; `await session.sync(2)` waits for the service's word.

        Args:
            content: What is visited.
            repeat: Start over.

        Raises:
            InvalidFields: something required is missing.
            QueueFull: there is no room in the queue, or on the disk.
            QueueUnusable: it cannot be written.

        """
        check_content(content)
        session, start = uuid4().hex, Start(content, repeat)
        # Nobody knows whether the next anonymous visitor is the same one: nothing is resumed.
        name = session if self.learner is None else content.name

        def begin(queue: Queue) -> SessionState:
            before = queue.state(name)  # looked up first: once it is stored nothing may fail any more
            queue.add(name, session, "start", start_body(start), self._now)
            return after_start(before, start)

        begun = AsyncSession(self, session, name, await self._in_queue(begin))
        self._sessions.add(begun)
        if name != session:
            self._visits[name] = session
        self._sender.wake()
        await self._changed()
        return begun

    async def state(self, content: Content) -> SessionState:
        """What a content will be once all that waits is sent, as this device knows it; no visit is begun.

        Raises:
            InvalidFields: something required is missing.

        """
        check_content(content)
        return await self._in_queue(lambda queue: queue.state(content.name))

    async def status(self) -> Status:
        """How the queue is, and its sender."""
        waiting, aside, size, nearly = await self._in_queue(Queue.counts)
        return Status(waiting, aside, size, nearly, True, self._sender.state, self._sender.trouble)

    async def sync(self, seconds: float) -> Status:
        """Send what waits now, and wait until it is sent, for so many seconds at the most."""
        await self.until_sent(None, seconds)
        return await self.status()

    async def aside(self) -> list[Aside]:
        """What the service has refused for good, with its answers, oldest first."""
        return await self._in_queue(Queue.aside)

    async def retry(self, key: str | None = None) -> int:
        """Send again what was set aside, all or this item, with a start those of its session too; how many.

        What was refused for its moment alone (a device's clock that began in 1970) is sent with that of now, and what
        belongs to a visit that the service has forgotten with the content's latest visit here.
        """
        count = await self._in_queue(lambda queue: queue.retry(key, self._now, self._visits))
        self._sender.hurry()
        await self._refresh()
        await self._changed()
        return count

    async def discard(self, key: str) -> bool:
        """Forget an item that was set aside; whether there was one."""
        found = await self._in_queue(lambda queue: queue.discard(key))
        await self._changed()
        return found

    async def update(self, session: AsyncSession, update: Update) -> SessionState:
        """What `AsyncSession.update` does."""
        check_update(update)
        body = update_body(update, anonymous=self.learner is None)
        # Once begun it is stored and seen in the state, even if nobody waits for it any more.
        return await asyncio.shield(self._store(session, body, stored(body, update)))

    async def _store(self, session: AsyncSession, body: bytes, update: Update) -> SessionState:
        await self._in_queue(lambda queue: queue.add(session.content, session.id, "update", body, self._now))
        for each in self._sessions:
            if each.content == session.content:
                each.state = after_update(each.state, update)
        self._sender.wake()
        await self._changed()
        return session.state

    async def until_sent(self, session: str | None, seconds: float) -> None:
        """Send what waits now, and wait until this session's part of it is sent, for so many seconds at the most."""
        self._sender.hurry()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds), self._changes:
                while await self._in_queue(lambda queue: queue.waiting(session)):
                    await self._changes.wait()
        await self._refresh()  # another process may have sent it

    async def _settled(self, verdict: Verdict) -> None:
        """Let sessions know what the service has told, where that can be other than what was expected."""
        told = {item.content for item, _ in verdict.recorded if item.kind == "start"}
        told |= {item.content for item, _ in verdict.aside}
        await self._refresh(told if await self._in_queue(Queue.waiting) else None)
        await self._changed()

    async def _refresh(self, contents: Container[str] | None = None) -> None:
        """Look up the state of these contents' sessions, or of all."""
        for session in list(self._sessions):
            if contents is None or session.content in contents:
                session.state = await self._in_queue(partial(Queue.state, content=session.content))

    async def _changed(self) -> None:
        """Tell who waits, and the app. What has been stored is: nothing that goes wrong here may deny it."""
        async with self._changes:
            self._changes.notify_all()
        if self._on_change is None:
            return
        try:
            if (status := await self.status()) != self._last:
                self._last = status
                self._on_change(status)
        except Exception:
            logger.exception("on_change failed")

    async def _in_queue(self, work: Callable[[Queue], T]) -> T:
        """Do this with the queue, in its thread.

        Raises:
            Closed: it is not open.

        """
        queue = self._queue
        if queue is None:
            raise Closed("The client is not open: use `async with`.")
        return await self._thread.do(lambda: work(queue))

    def _open(self) -> Queue:
        queue = Queue(self._path, self.learner or "", most_items=self._most_items, most_bytes=self._most_bytes)
        self._queue = queue  # here, so that it is closed where nobody waits for it any more
        return queue

    def _close_queue(self) -> None:
        if self._queue is not None:
            self._queue.close()

    def _now(self) -> str:
        seconds = self._clock()
        try:
            moment = datetime.fromtimestamp(seconds, UTC)
        except (OverflowError, OSError, ValueError) as error:
            raise LearntrackError("The device's clock tells no moment.") from error
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
