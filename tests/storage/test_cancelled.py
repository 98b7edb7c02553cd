"""What is cancelled ends, whatever is closed on the way out fails of: errors there took the cancellation's place."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from learntrack.domain.ids import new_id
from learntrack.pages.live import Live
from learntrack.reports.upkeep import worker
from learntrack.reports.upkeep.worker import Upkeep
from learntrack.storage import DatabaseUnavailable, leases
from learntrack.storage.changes import changes_of
from learntrack.storage.leases import Holding
from learntrack.storage.patience import patiently, until_done
from learntrack.storage.reading import Reading
from tests.support import Api

ERRORS = [DatabaseUnavailable("gone"), KeyError("x")]


class Failing:
    """Work that never ends by itself, and fails when it is cancelled first; then it ends, so that the test does."""

    def __init__(self, error: Exception) -> None:
        self._errors = [error]
        self.begun = asyncio.Event()

    async def __call__(self, *_: object) -> Any:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.begun.clear()
            if self._errors:
                raise self._errors.pop()


async def ends(work: Callable[[], Awaitable[object]], begun: asyncio.Event) -> bool:
    """Whether a task of this work is cancelled when it is told so once it has begun."""
    task = asyncio.ensure_future(work())
    async with asyncio.timeout(20):
        await begun.wait()
        task.cancel()
        await asyncio.wait([task])
    return task.cancelled()


@pytest.mark.parametrize("error", ERRORS, ids=str)
async def test_a_job_that_is_begun_again_after_errors(error: Exception) -> None:
    work = Failing(error)
    assert await ends(lambda: until_done("job", work), work.begun)


async def test_a_job_that_waits_for_the_database() -> None:
    work = Failing(DatabaseUnavailable("gone"))
    assert await ends(lambda: patiently(work), work.begun)


@pytest.mark.engines("mongomock")
@pytest.mark.parametrize("error", ERRORS, ids=str)
@pytest.mark.parametrize("source", ["_from_stream", "_from_polling"])
async def test_what_open_pages_hear_from(
    api: Api, monkeypatch: pytest.MonkeyPatch, error: Exception, source: str
) -> None:
    live, watching = Live(api.db), Failing(error)
    monkeypatch.setattr(live, "_from_stream", watching if source == "_from_stream" else _away)
    monkeypatch.setattr(live, "_from_polling", watching)
    assert await ends(live._watch, watching.begun)


async def _away() -> None:
    raise DatabaseUnavailable("no streams")


@pytest.mark.engines("mongomock")
async def test_upkeep(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    upkeep, work = Upkeep(api.db, seconds=0.01), Failing(DatabaseUnavailable("gone"))
    monkeypatch.setattr(upkeep, "_work_off", work)
    monkeypatch.setattr(worker, "UPKEEP", new_id())
    assert await ends(upkeep.run, work.begun)


class Source:
    """A collection whose cursors and streams wait for ever, and cannot be closed."""

    name = "anything"
    alive = True
    codec_options = None

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.closed = False

    def __getitem__(self, _: str) -> "Source":
        return self

    def find(self, *_: object) -> "Source":
        return self

    def watch(self, _: object) -> "Source":
        return self

    def batch_size(self, _: int) -> "Source":
        return self

    def __aiter__(self) -> "Source":
        return self

    async def __anext__(self) -> Any:
        self.begun.set()
        await asyncio.Event().wait()

    async def to_list(self, many: int) -> list[dict[str, Any]]:
        return [{"_id": "x"}] * many

    async def close(self) -> None:
        self.closed = True
        raise AutoReconnect("connection closed")


async def test_a_stream_of_changes() -> None:
    source = Source()

    async def follow() -> None:
        async with aclosing(changes_of(source, "user_id")) as changes:
            async for _ in changes:
                pass

    assert await ends(follow, source.begun)
    assert source.closed


async def test_rows_that_are_read_one_by_one() -> None:
    source, begun = Source(), asyncio.Event()

    async def read() -> None:
        async with aclosing(Reading(source).each("anything", {})) as rows:  # type: ignore[type-var]
            async for _ in rows:
                begun.set()
                await asyncio.Event().wait()

    assert await ends(read, begun)
    assert source.closed


@pytest.mark.engines("mongomock")
async def test_who_leaves_a_lease(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """While its last beat ends: the cancellation was taken for the beat's."""
    holding, leaving, may_end = Holding(api.db, new_id()), asyncio.Event(), asyncio.Event()

    async def beat() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            leaving.set()
            await may_end.wait()

    async def work() -> None:
        async with holding.beating():
            await asyncio.sleep(0)
        await asyncio.Event().wait()

    monkeypatch.setattr(holding, "_beat", beat)
    task = asyncio.ensure_future(work())
    async with asyncio.timeout(20):
        await leaving.wait()
        task.cancel()
        await asyncio.sleep(0)
        may_end.set()
        await asyncio.wait([task])
    assert task.cancelled()


@pytest.mark.engines("mongomock")
async def test_a_beat_that_fails_is_not_the_last(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job went on without one, and after a while another process did it too."""
    monkeypatch.setattr(leases, "BEAT_SECONDS", 0.001)
    holding, beaten, failures = Holding(api.db, new_id()), asyncio.Event(), [KeyError("x"), DatabaseUnavailable("gone")]

    async def change(_: object) -> None:
        if failures:
            raise failures.pop()
        beaten.set()

    monkeypatch.setattr(holding, "_change", change)
    async with asyncio.timeout(20), holding.beating():
        await beaten.wait()
