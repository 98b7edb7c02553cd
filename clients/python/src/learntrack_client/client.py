"""The client: visits are stored in the queue first, and sent by its one sender."""

import asyncio
import hashlib
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4
from weakref import WeakSet

import httpx
import msgspec

from learntrack_client.checks import check_content, check_update
from learntrack_client.judging import Verdict
from learntrack_client.local_state import SessionState, after_update
from learntrack_client.problems import LearntrackError
from learntrack_client.queue import Queue, start_body
from learntrack_client.queue_thread import QueueThread
from learntrack_client.reading import Reading
from learntrack_client.sender import Sender
from learntrack_client.service import Service, TokenSource
from learntrack_client.shapes import Aside, Content, Interaction, JsonObject, Start, Status, Update, plain_id

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
        self.learner = None if learner is None else plain_id(learner)
        self._path = Path(queue)
        self._most_items, self._most_bytes = most_items, most_bytes
        self._waits = (first_wait, longest_wait)
        self._on_change, self._clock = on_change, clock
        self._http, self._own_http = http or httpx.AsyncClient(), http is None
        self._service = Service(address, self.learner, token if learner is not None else None, self._http)
        super().__init__(self._service)
        self._sessions: WeakSet[AsyncSession] = WeakSet()
        self._changes = asyncio.Condition()
        self._last: Status | None = None

    async def __aenter__(self) -> Self:
        self._thread = QueueThread()
        self._queue = await self._thread.do(self._open)
        digest = hashlib.sha256((self.learner or "").encode()).hexdigest()[:16]
        lock = self._path.with_name(f"{self._path.name}-{digest}.lock")
        self._sender = Sender(
            self._queue, self._service, lock, self._thread, self._waits, self._now, self._changed, self._settled
        )
        self._sending = asyncio.create_task(self._sender.run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close(0 if error else 5)

    async def close(self, seconds: float = 5) -> None:
        """Send what waits, for so many seconds at the most, and close. What still waits then is sent next time."""
        if self._sending.done():
            return
        if seconds:
            await self.sync(seconds)
        self._sending.cancel()
        with suppress(asyncio.CancelledError):
            await self._sending
        await self._thread.do(self._queue.close)
        self._thread.close()
        if self._own_http:
            await self._http.aclose()

    async def start(self, content: Content, *, repeat: bool = False) -> "AsyncSession":
        """Begin a visit. Its state is what this device knows; `await session.sync(2)` waits for the service's word.

        Args:
            content: What is visited.
            repeat: Start over.

        Raises:
            InvalidFields: something required is missing.
            QueueFull: there is no room in the queue.

        """
        check_content(content)
        session, body = uuid4().hex, start_body(Start(content, repeat))
        await self._thread.do(lambda: self._queue.add(content.name, session, "start", body, self._now))
        state = await self._thread.do(lambda: self._queue.state(content.name))
        begun = AsyncSession(self, session, content.name, state)
        self._sessions.add(begun)
        self._sender.wake()
        await self._changed()
        return begun

    async def status(self) -> Status:
        """How the queue is, and its sender."""
        waiting, aside, size, nearly = await self._thread.do(self._queue.counts)
        return Status(waiting, aside, size, nearly, self._sender.state, self._sender.trouble)

    async def sync(self, seconds: float) -> Status:
        """Send what waits now, and wait until it is sent, for so many seconds at the most."""
        await self._until_sent(None, seconds)
        return await self.status()

    async def aside(self) -> list[Aside]:
        """What the service has refused for good, with its answers, oldest first."""
        return await self._thread.do(self._queue.aside)

    async def retry(self, key: str | None = None) -> int:
        """Send again what was set aside, all or this item, with a start those of its session too; how many.

        What was refused for its moment alone (a device's clock that began in 1970) is sent with that of now.
        """
        count = await self._thread.do(lambda: self._queue.retry(key, self._now))
        self._sender.hurry()
        await self._changed()
        return count

    async def discard(self, key: str) -> bool:
        """Forget an item that was set aside; whether there was one."""
        found = await self._thread.do(lambda: self._queue.discard(key))
        await self._changed()
        return found

    async def _update(self, session: "AsyncSession", update: Update) -> SessionState:
        check_update(update)
        body = _encoded(update)
        await self._thread.do(lambda: self._queue.add(session.content, session.id, "update", body, self._now))
        for each in self._sessions:
            if each.content == session.content:
                each.state = after_update(each.state, update)
        self._sender.wake()
        await self._changed()
        return session.state

    async def _until_sent(self, session: str | None, seconds: float) -> None:
        self._sender.hurry()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds), self._changes:
                while await self._thread.do(lambda: self._queue.waiting(session)):
                    await self._changes.wait()
        await self._refresh()  # another process may have sent it

    async def _settled(self, verdict: Verdict) -> None:
        """Let sessions know what the service has told, where that can be other than what was expected."""
        started = any(item.kind == "start" for item, _ in verdict.recorded)
        if started or verdict.aside or not await self._thread.do(self._queue.waiting):
            await self._refresh()
        await self._changed()

    async def _refresh(self) -> None:
        for session in list(self._sessions):
            session.state = await self._thread.do(partial(self._queue.state, session.content))

    async def _changed(self) -> None:
        async with self._changes:
            self._changes.notify_all()
        if self._on_change is not None and (status := await self.status()) != self._last:
            self._last = status
            try:
                self._on_change(status)
            except Exception:
                logger.exception("on_change failed")

    def _open(self) -> Queue:
        return Queue(self._path, self.learner or "", most_items=self._most_items, most_bytes=self._most_bytes)

    def _now(self) -> str:
        moment = datetime.fromtimestamp(self._clock(), UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class AsyncSession:
    """A visit. `state` is what its content will be once all that waits is sent."""

    def __init__(self, client: AsyncClient, session_id: str, content: str, state: SessionState) -> None:
        self._client = client
        self.id = session_id
        self.content = content
        self.state = state

    async def update(
        self,
        *,
        progress: float | None = None,
        progress_delta: float | None = None,
        time_spent_delta: float | None = None,
        extra_fields: JsonObject | None = None,
        interactions: Sequence[Interaction] | None = None,
    ) -> SessionState:
        """Record what happened since the last update. Once it returns, it is on the disk.

        Args:
            progress: Progress reached, 0.0–1.0; not with progress_delta.
            progress_delta: Progress made.
            time_spent_delta: Seconds spent.
            extra_fields: Anything the app keeps with the content; replaces what was there.
            interactions: What was done at questions, in order.

        Returns:
            What the content will be once all is sent.

        Raises:
            InvalidFields: a field is out of its range.
            QueueFull: there is no room in the queue.

        """
        listed = None if interactions is None else list(interactions)
        update = Update(progress_delta, progress, time_spent_delta, extra_fields, listed)
        return await self._client._update(self, update)

    async def finish(self) -> SessionState:
        """Record that the content is done: an update with progress 1."""
        return await self.update(progress=1)

    async def sync(self, seconds: float) -> SessionState:
        """Send what waits now, and wait until this visit's part of it is sent, for so many seconds at the most."""
        await self._client._until_sent(self.id, seconds)
        return self.state


def _encoded(update: Update) -> bytes:
    try:
        return msgspec.json.encode(update)
    except (TypeError, ValueError) as error:
        raise LearntrackError(f"This is no JSON: {error}") from error
