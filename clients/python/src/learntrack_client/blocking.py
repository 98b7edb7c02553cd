"""The same client for code without asyncio: a thread of its own runs the asynchronous one."""

import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

from learntrack_client.client import MOST_BYTES, MOST_ITEMS, AsyncClient
from learntrack_client.filters import AttemptFilters, DiffFilters, ReportFilters, TryFilters
from learntrack_client.local_state import SessionState
from learntrack_client.loop_thread import LoopThread, Teller, in_a_thread
from learntrack_client.people import Me
from learntrack_client.problems import Closed
from learntrack_client.reading import RosterKind
from learntrack_client.service import TokenSource
from learntrack_client.session import AsyncSession
from learntrack_client.shapes import (
    Aside,
    Attempt,
    Content,
    Diff,
    Interaction,
    JsonObject,
    ReportName,
    Status,
    Total,
    Try,
)

T = TypeVar("T")

logger = logging.getLogger("learntrack_client")


class Client:
    """Records one learner's visits, as `AsyncClient` does; `with` closes it.

    Any thread may use it, but only of the process that made it: after a fork make another one. `token` and `on_change`
    are called in threads of their own; `token` may take its time.

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
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._teller = None if on_change is None else Teller(on_change, _log_on_change)
        self._thread = LoopThread()
        self._do = self._thread.do

        async def opened() -> AsyncClient:
            client = AsyncClient(
                address,
                queue=queue,
                learner=learner,
                token=in_a_thread(token) if callable(token) else token,
                most_items=most_items,
                most_bytes=most_bytes,
                first_wait=first_wait,
                longest_wait=longest_wait,
                on_change=None if self._teller is None else self._teller.tell,
                clock=clock,
            )
            return await client.__aenter__()

        try:
            self._client = self._do(opened())
        except BaseException:
            self._end()
            raise

    @property
    def learner(self) -> str | None:
        """Whose work it is: a UUID as 32 lowercase hex digits; None: the visits are anonymous."""
        return self._client.learner

    def _each(self, rows: AsyncIterator[T]) -> Iterator[T]:
        async def next_row() -> list[T]:
            return [row] if (row := await anext(rows, None)) is not None else []

        while found := self._do(next_row()):
            yield from found

    def _end(self) -> None:
        self._thread.end()
        if self._teller is not None:
            self._teller.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(0 if error else 5)

    def close(self, seconds: float = 5) -> None:
        """Send what waits, for so many seconds at the most, and close. What still waits then is sent next time."""
        try:
            with suppress(Closed):
                self._do(self._client.close(seconds))
        finally:
            self._end()

    def start(self, content: Content, *, repeat: bool = False) -> "Session":
        """Begin a visit; see `AsyncClient.start`."""
        return Session(self._do, self._do(self._client.start(content, repeat=repeat)))

    def state(self, content: Content) -> SessionState:
        """What a content will be once all that waits is sent, as this device knows it; no visit is begun."""
        return self._do(self._client.state(content))

    def status(self) -> Status:
        """How the queue is, and its sender."""
        return self._do(self._client.status())

    def sync(self, seconds: float) -> Status:
        """Send what waits now, and wait until it is sent, for so many seconds at the most."""
        return self._do(self._client.sync(seconds))

    def aside(self) -> list[Aside]:
        """What the service has refused for good, with its answers, oldest first."""
        return self._do(self._client.aside())

    def retry(self, key: str | None = None) -> int:
        """Send again what was set aside, all or this item, with a start those of its session too; how many."""
        return self._do(self._client.retry(key))

    def discard(self, key: str) -> bool:
        """Forget an item that was set aside; whether there was one."""
        return self._do(self._client.discard(key))

    def tries(self, *, page_size: int = 100, **filters: Unpack[TryFilters]) -> Iterator[Try]:
        """Tries at assessments, newest first; further fields with `include="user,content"`."""
        return self._each(self._client.tries(page_size=page_size, **filters))

    def attempts(self, *, page_size: int = 100, **filters: Unpack[AttemptFilters]) -> Iterator[Attempt]:
        """Attempts at questions, by try, then by start."""
        return self._each(self._client.attempts(page_size=page_size, **filters))

    def diff(self, content: str, user: str, index: int = 0, **filters: Unpack[DiffFilters]) -> Diff:
        """What has changed between a try (0: the latest, 1: the one before) and the one before it."""
        return self._do(self._client.diff(content, user, index, **filters))

    def total(self, user: str) -> Total:
        """How much somebody has finished."""
        return self._do(self._client.total(user))

    def reports(self) -> list[ReportName]:
        """Which reports there are."""
        return self._do(self._client.reports())

    def report(self, name: str, *, page_size: int = 1000, **filters: Unpack[ReportFilters]) -> Iterator[JsonObject]:
        """The rows of a report; `reports` tells their columns."""
        return self._each(self._client.report(name, page_size=page_size, **filters))

    def roster(self, kind: RosterKind, *, page_size: int = 1000) -> Iterator[JsonObject]:
        """The people, classes or assignments that the caller may see."""
        return self._each(self._client.roster(kind, page_size=page_size))

    def me(self) -> Me:
        """Who the caller is: user, roles, classes and groups."""
        return self._do(self._client.me())


def _log_on_change() -> None:
    logger.exception("on_change failed")


class Session:
    """A visit. `state` is what its content will be once all that waits is sent."""

    def __init__(
        self, do: "Callable[[Coroutine[Any, Any, SessionState]], SessionState]", session: AsyncSession
    ) -> None:
        self._do = do
        self._session = session
        self.id = session.id

    @property
    def state(self) -> SessionState:
        """What the content will be once all that waits is sent."""
        return self._session.state

    def update(
        self,
        *,
        progress: float | None = None,
        progress_delta: float | None = None,
        time_spent_delta: float | None = None,
        extra_fields: JsonObject | None = None,
        interactions: Sequence[Interaction] | None = None,
    ) -> SessionState:
        """Record what happened since the last update; see `AsyncSession.update`."""
        return self._do(
            self._session.update(
                progress=progress,
                progress_delta=progress_delta,
                time_spent_delta=time_spent_delta,
                extra_fields=extra_fields,
                interactions=interactions,
            )
        )

    def finish(self) -> SessionState:
        """Record that the content is done: an update with progress 1."""
        return self._do(self._session.finish())

    def sync(self, seconds: float) -> SessionState:
        """Send what waits now, and wait until this visit's part of it is sent, for so many seconds at the most."""
        return self._do(self._session.sync(seconds))
