"""The same client for code without asyncio: a thread of its own runs the asynchronous one."""

import asyncio
import inspect
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from learntrack_client.client import MOST_BYTES, MOST_ITEMS, AsyncClient, AsyncSession
from learntrack_client.local_state import SessionState
from learntrack_client.reading import Filter, RosterKind
from learntrack_client.service import TokenFunction, TokenSource
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


class Client:
    """Records one learner's visits, as `AsyncClient` does; `with` closes it.

    `token` and `on_change` are called in other threads than the app's; `token` may take its time.
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
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="learntrack-client", daemon=True)
        self._thread.start()

        async def opened() -> AsyncClient:
            client = AsyncClient(
                address,
                queue=queue,
                learner=learner,
                token=_in_a_thread(token) if callable(token) else token,
                most_items=most_items,
                most_bytes=most_bytes,
                first_wait=first_wait,
                longest_wait=longest_wait,
                on_change=on_change,
                clock=clock,
            )
            return await client.__aenter__()

        try:
            self._client = self._do(opened())
        except BaseException:
            self._end()
            raise

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _each(self, rows: AsyncIterator[T]) -> Iterator[T]:
        async def next_row() -> list[T]:
            return [row] if (row := await anext(rows, None)) is not None else []

        while found := self._do(next_row()):
            yield from found

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(0 if error else 5)

    def close(self, seconds: float = 5) -> None:
        """Send what waits, for so many seconds at the most, and close. What still waits then is sent next time."""
        if not self._loop.is_closed():
            self._do(self._client.close(seconds))
            self._end()

    def start(self, content: Content, *, repeat: bool = False) -> "Session":
        """Begin a visit; see `AsyncClient.start`."""
        return Session(self._do, self._do(self._client.start(content, repeat=repeat)))

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

    def tries(self, *, page_size: int = 100, **filters: Filter) -> Iterator[Try]:
        """Tries at assessments, newest first."""
        return self._each(self._client.tries(page_size=page_size, **filters))

    def attempts(self, *, page_size: int = 100, **filters: Filter) -> Iterator[Attempt]:
        """Attempts at questions, by try, then by start."""
        return self._each(self._client.attempts(page_size=page_size, **filters))

    def diff(self, content: str, user: str, index: int = 0, **filters: Filter) -> Diff:
        """What has changed between a try (0: the latest, 1: the one before) and the one before it."""
        return self._do(self._client.diff(content, user, index, **filters))

    def total(self, user: str) -> Total:
        """How much somebody has finished."""
        return self._do(self._client.total(user))

    def reports(self) -> list[ReportName]:
        """Which reports there are."""
        return self._do(self._client.reports())

    def report(self, name: str, *, page_size: int = 1000, **filters: Filter) -> Iterator[JsonObject]:
        """The rows of a report."""
        return self._each(self._client.report(name, page_size=page_size, **filters))

    def roster(self, kind: RosterKind, *, page_size: int = 1000) -> Iterator[JsonObject]:
        """The people, classes or assignments that the caller may see."""
        return self._each(self._client.roster(kind, page_size=page_size))

    def me(self) -> JsonObject:
        """Who the caller is: user, roles, classes and groups."""
        return self._do(self._client.me())


def _in_a_thread(source: TokenFunction) -> TokenFunction:
    """The same in a thread of its own, since it may ask a server and wait."""

    async def current(refused: str | None) -> str | None:
        found = await asyncio.to_thread(source, refused)
        return await found if inspect.isawaitable(found) else found

    return current


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
