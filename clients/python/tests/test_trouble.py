"""Trouble while sending, and with what an app does: errors have names, and the sender goes on."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from played import VIDEO, Played, problem, until

from learntrack_client import (
    AsyncClient,
    Closed,
    LearntrackError,
    QueueFull,
    QueueUnusable,
)
from learntrack_client.queue import Queue


async def test_what_is_stored_is_not_denied_and_the_sender_goes_on_when_the_queue_cannot_be_read(
    played: Played, queue: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(_: Queue) -> Any:
        raise QueueUnusable("disk I/O error")

    played.refuse = lambda _: problem(503)
    async with played.client(queue, on_change=lambda _: None) as app:
        session = await app.start(VIDEO)
        monkeypatch.setattr(Queue, "counts", unreadable)
        await session.update(time_spent_delta=1)
        async with asyncio.timeout(20):
            while app._sender.trouble != "The queue cannot be sent. disk I/O error":
                app._sender.hurry()
                await asyncio.sleep(0)
        monkeypatch.undo()
        played.refuse = lambda _: None
        assert (await app.sync(20)).waiting == 0
    assert len(played.items) == 2


async def test_a_lock_that_cannot_be_had_is_no_other_sender(played: Played, queue: Path) -> None:
    async with played.client(queue) as app:
        app._sender._lock, lock = queue.parent / "no folder" / "lock", app._sender._lock
        await app.start(VIDEO)
        status = await until(app, "waiting")
        assert "lock cannot be used" in str(status.trouble)
        app._sender._lock = lock
        assert (await app.sync(20)).waiting == 0


async def test_a_damaged_lock_says_so(played: Played, queue: Path) -> None:
    async with played.client(queue) as app:
        app._sender._lock = queue.parent / "lock"
        app._sender._lock.write_bytes(b"no database " * 1000)
        await app.start(VIDEO)
        assert "lock cannot be used" in str((await until(app, "waiting")).trouble)
        app._sender._lock.unlink()
        assert (await app.sync(20)).waiting == 0


class Counted(httpx.AsyncClient):
    """What sends requests; counts those that were made, and those that were closed."""

    made = closed = 0

    def __init__(self) -> None:
        super().__init__()
        Counted.made += 1

    async def aclose(self) -> None:
        Counted.closed += 1
        await super().aclose()


async def test_a_client_that_was_never_opened_or_could_not_be_leaves_nothing_open(
    queue: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("learntrack_client.service.httpx.AsyncClient", Counted)
    never = AsyncClient("http://learntrack", queue=queue)
    with pytest.raises(Closed, match="not open"):
        await never.me()
    with pytest.raises(QueueUnusable):
        await AsyncClient("http://learntrack", queue=queue.parent / "no folder" / "queue").__aenter__()
    assert Counted.made == Counted.closed == 0
    async with AsyncClient("http://learntrack", queue=queue):
        pass
    assert Counted.made == Counted.closed == 1


async def test_a_client_is_opened_once(played: Played, queue: Path) -> None:
    async with played.client(queue) as app:
        with pytest.raises(Closed, match="once"):
            await app.__aenter__()
        await app.start(VIDEO)
        assert (await app.sync(20)).waiting == 0
    with pytest.raises(Closed, match="once"):
        await app.__aenter__()
    assert len(played.items) == 1


async def test_a_client_that_is_not_open_says_so(played: Played, queue: Path) -> None:
    app = played.client(queue)
    with pytest.raises(Closed):
        await app.start(VIDEO)
    async with app:
        session = await app.start(VIDEO)
        assert (await app.sync(20)).waiting == 0
    for late in (session.finish(), app.start(VIDEO), app.status(), app.aside(), app.me(), session.sync(1)):
        with pytest.raises(Closed):
            await late
    assert len(played.items) == 1


async def test_an_iterator_that_is_left_midway_leaves_nothing_behind(played: Played, queue: Path) -> None:
    played.refuse = lambda _: None if _.method == "POST" else _page()
    async with played.client(queue) as app:
        async for row in app.report("progress"):
            assert row == {"row": 1}
            break
        assert (await app.status()).state == "idle"


def _page() -> Any:
    import httpx

    return httpx.Response(200, json={"total_pages": 9, "results": [{"row": 1}, {"row": 2}]})


def test_everything_that_is_raised_is_of_this_package() -> None:
    assert all(issubclass(each, LearntrackError) for each in (Closed, QueueFull, QueueUnusable))
