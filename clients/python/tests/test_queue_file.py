"""The file of a queue: what can be wrong with it, by name, and what it takes over."""

import asyncio
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from played import VIDEO, Played, plain, problem

from learntrack_client import (
    AsyncClient,
    LearntrackError,
    QueueFull,
    QueueUnusable,
)
from learntrack_client.queue import Queue
from learntrack_client.queue_file import QueueFile


def damaged(queue: Path) -> Path:
    queue.write_bytes(b"no database " * 1000)
    return queue


def of_another_program(queue: Path) -> Path:
    with sqlite3.connect(queue) as other:
        other.execute("CREATE TABLE items (something)")
    return queue


OPENINGS: list[Callable[[Path], Path]] = [
    damaged,
    of_another_program,
    lambda queue: queue.parent / "no folder" / "queue",
    lambda queue: queue.parent,
]


@pytest.mark.parametrize("place", OPENINGS)
async def test_a_queue_that_cannot_be_opened_says_so_by_name(
    played: Played, queue: Path, place: Callable[[Path], Path]
) -> None:
    where = place(queue)
    for _ in range(2):
        with pytest.raises(QueueUnusable, match=str(where)):
            await played.client(where).__aenter__()
    with pytest.raises(QueueUnusable, match=str(where)):
        plain(where)


async def test_a_queue_without_its_folder_says_which_is_not_there(played: Played, queue: Path) -> None:
    with pytest.raises(QueueUnusable, match=f"there is no folder {queue.parent / 'none'}"):
        await played.client(queue.parent / "none" / "queue").__aenter__()


async def test_a_queue_of_an_earlier_release_is_taken_over(played: Played, queue: Path) -> None:
    played.judge = lambda item: 400 if "start" in item else 200
    async with played.client(queue) as app:
        await app.start(VIDEO)
        await app.sync(20)
    played.refuse = lambda _: problem(503)
    async with played.client(queue) as app:
        await (await app.start(VIDEO)).finish()
        before = await app.status()
        await app.close(0)
    with sqlite3.connect(queue) as file:  # as release 0.1 had left it
        for name in ("item_added", "item_removed", "item_judged"):
            file.execute(f"DROP TRIGGER {name}")
        file.execute("DROP TABLE totals")
        file.execute("DROP INDEX items_of_session")
        file.execute("PRAGMA user_version = 1")

    played.refuse, played.judge = (lambda _: None), (lambda _: 200)
    async with played.client(queue) as app:
        after = await app.status()
        assert (
            (after.waiting, after.aside, after.bytes)
            == (before.waiting, before.aside, before.bytes)
            == (2, 1, after.bytes)
        )
        assert (await app.sync(20)).waiting == 0
        assert await app.retry() == 1
        status = await app.sync(20)
        assert (status.waiting, status.aside, status.bytes) == (0, 0, 0)


async def test_a_queue_whose_file_another_program_makes_at_the_same_moment_is_opened(
    played: Played, queue: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = [True, True]

    class Contended(sqlite3.Connection):
        def execute(self, statement: str, *given: Any) -> sqlite3.Cursor:
            if "journal_mode" in statement and busy:
                busy.pop()
                error = sqlite3.OperationalError("database is locked")
                error.sqlite_errorcode = sqlite3.SQLITE_BUSY
                raise error
            return super().execute(statement, *given)

    monkeypatch.setattr("learntrack_client.queue_file.sqlite3.connect", partial(sqlite3.connect, factory=Contended))
    async with played.client(queue) as app:
        await app.start(VIDEO)
        assert (await app.sync(20)).waiting == 0
    assert busy == []


async def test_a_queue_whose_opening_is_given_up_is_closed_all_the_same(played: Played, queue: Path) -> None:
    async with played.client(queue) as app:
        await app.start(VIDEO)
    with sqlite3.connect(queue, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")  # so that the other one waits
        late, begun = played.client(queue), threading.Event()
        open_queue = late._open

        def begin() -> Queue:
            begun.set()
            return open_queue()

        late._open = begin  # type: ignore[method-assign]
        opening = asyncio.create_task(late.__aenter__())
        assert await asyncio.to_thread(begun.wait, 20)
        opening.cancel()
        other.execute("ROLLBACK")
    with pytest.raises(asyncio.CancelledError):
        await opening
    assert late._queue is not None
    with pytest.raises(QueueUnusable, match="closed"):
        late._queue.counts()


async def test_a_disk_without_room_is_a_full_queue_and_nothing_is_stored(played: Played, queue: Path) -> None:
    played.refuse = lambda _: problem(503)
    async with played.client(queue) as app:
        session = await app.start(VIDEO)
        await session.update(time_spent_delta=1)
        await _limit(app, 1)
        with pytest.raises(QueueFull):
            await session.update(extra_fields={"text": "x" * 100_000})
        assert (session.state.time_spent, session.state.extra_fields) == (1, {})
        await _limit(app, 2**30)
        await session.update(time_spent_delta=1)
        played.refuse = lambda _: None
        assert (await app.sync(20)).waiting == 0
    assert [item["update"] for item in played.items[1:]] == [{"time_spent_delta": 1}] * 2


async def test_what_has_been_sent_is_not_sent_again_where_there_is_no_room_to_remove_it(
    played: Played, queue: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = QueueFile.run

    def no_room(file: QueueFile, change: str, given: Sequence[Any] = ()) -> int:
        if change.startswith(("DELETE", "UPDATE")):
            raise QueueFull("There is no room on the disk: nothing was stored.")
        return run(file, change, given)

    async with played.client(queue) as app:
        session = await app.start(VIDEO)
        assert (await app.sync(20)).waiting == 0
        played.refuse = lambda _: problem(503)
        for number in range(150):
            await session.update(extra_fields={"n": number})
        monkeypatch.setattr(QueueFile, "run", no_room)
        played.judge = lambda item: 400 if item["update"]["extra_fields"]["n"] == 7 else 200
        played.refuse = lambda _: None
        async with asyncio.timeout(20):
            while "room" not in str((status := await app.sync(0.01)).trouble) or len(played.items) < 151:
                pass
        for _ in range(5):
            status = await app.sync(0.01)
        assert (status.waiting, status.nearly_full) == (150, True)
        assert status.trouble == "There is no room on the disk: what has been sent stays in the queue."
        monkeypatch.undo()
        status = await app.sync(20)
        assert (status.waiting, status.aside, status.nearly_full, status.trouble) == (0, 1, False, None)
    assert len(played.items) == 151, "each once"


async def _limit(app: AsyncClient, pages: int) -> None:
    """Let the file grow no further than so many pages, or than it is."""
    await app._in_queue(lambda queue: queue._file.run(f"PRAGMA max_page_count = {pages}"))


_COMMIT_THAT_FAILS = """
import asyncio, resource, signal, sys
sys.path[:0] = {path!r}
from pathlib import Path
from played import LEARNER, VIDEO, Played, plain, problem, token, until
from learntrack_client import LearntrackError

async def main():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    played, queue = Played(), Path({queue!r})
    played.refuse = lambda _: problem(503)
    async with played.client(queue) as app:
        session = await app.start(VIDEO)
        size = Path(f"{{queue}}-wal").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        failed = 0
        for _ in range(3):
            try:
                await session.update(extra_fields={{"text": "x" * 100_000}})
            except LearntrackError:
                failed += 1
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        await session.update(time_spent_delta=1)
        played.refuse = lambda _: None
        status = await app.sync(20)
    print(failed, status.waiting, [item.get("update") for item in played.items])

asyncio.run(main())
"""


def test_a_commit_that_fails_leaves_the_queue_usable(queue: Path) -> None:
    program = _COMMIT_THAT_FAILS.format(path=[str(Path(__file__).parent), *sys.path], queue=str(queue))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)

    assert done.stdout == "3 0 [None, {'time_spent_delta': 1}]\n", done.stderr


async def test_a_queue_that_another_program_holds_says_so_and_goes_on_when_it_is_free(
    played: Played, queue: Path
) -> None:
    async with played.client(queue) as app:
        session = await app.start(VIDEO)
        assert (await app.sync(20)).waiting == 0
        await app._in_queue(lambda queue: queue._file.run("PRAGMA busy_timeout = 1"))
        with sqlite3.connect(queue, isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(QueueUnusable, match="locked"):
                await session.update(time_spent_delta=1)
            other.execute("ROLLBACK")
        await session.update(time_spent_delta=2)
        assert (await app.sync(20)).waiting == 0
    assert [item["update"] for item in played.items[1:]] == [{"time_spent_delta": 2}]


async def test_a_queue_of_a_later_release_is_left_alone(played: Played, queue: Path) -> None:
    with sqlite3.connect(queue) as later:
        later.execute("PRAGMA user_version = 99")
    with pytest.raises(LearntrackError, match="a later release"):
        await played.client(queue).__aenter__()
