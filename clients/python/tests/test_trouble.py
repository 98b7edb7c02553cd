"""Trouble with the queue's file, with threads and processes, and with what an app does: errors have names, nothing that
is stored is lost, and the sender goes on.
"""

import asyncio
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from played import LEARNER, VIDEO, Played, problem, token, until

from learntrack_client import (
    AsyncClient,
    Client,
    Closed,
    Interaction,
    LearntrackError,
    QueueFull,
    QueueUnusable,
    Status,
)
from learntrack_client.judging import Verdict
from learntrack_client.queue import Queue

UNREACHABLE = "http://127.0.0.1:9"


def plain(queue: Path, **more: Any) -> Client:
    return Client(UNREACHABLE, queue=queue, **{"learner": LEARNER, "token": token(), **more})


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


async def _limit(app: AsyncClient, pages: int) -> None:
    """Let the file grow no further than so many pages, or than it is."""
    await app._in_queue(lambda queue: queue._file.run(f"PRAGMA max_page_count = {pages}"))


_COMMIT_THAT_FAILS = """
import asyncio, resource, signal, sys
sys.path[:0] = {path!r}
from pathlib import Path
from played import VIDEO, Played, problem
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
        await app._in_queue(lambda queue: queue._file.run("PRAGMA busy_timeout = 1"))
        with sqlite3.connect(queue, isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(QueueUnusable, match="locked"):
                await session.update(time_spent_delta=1)
            other.execute("ROLLBACK")
        await session.update(time_spent_delta=2)
        assert (await app.sync(20)).waiting == 0
    assert [item["update"] for item in played.items[1:]] == [{"time_spent_delta": 2}]


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
        while app._sender.trouble != "The queue cannot be sent. disk I/O error":
            app._sender.wake()
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
        app._sender._lock = damaged(queue.parent / "lock")
        await app.start(VIDEO)
        assert "lock cannot be used" in str((await until(app, "waiting")).trouble)
        app._sender._lock.unlink()
        assert (await app.sync(20)).waiting == 0


async def test_what_another_process_settles_meanwhile_is_not_missing_in_a_state(
    played: Played, queue: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_queue() -> Queue:
        return Queue(queue, LEARNER, most_items=9, most_bytes=9999)

    one, other = open_queue(), open_queue()
    one.add("c", "s", "update", b'{"time_spent_delta":3}', lambda: "")
    told = Queue._told

    def settled_meanwhile(this: Queue, content: str) -> Any:
        found = told(this, content)
        if this is one:
            other.settle(Verdict(recorded=[(item, None) for item in other.next(9, 9999)]))
        return found

    monkeypatch.setattr(Queue, "_told", settled_meanwhile)
    assert one.state("c").time_spent == 3
    assert one.waiting() == 0
    for each in (one, other):
        each.close()


def test_what_is_known_of_a_content_is_not_forgotten_for_much_work_at_others(
    queue: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("learntrack_client.queue._STATES_KEPT", 2)
    mine, another = (Queue(queue, whose, most_items=99, most_bytes=99_999) for whose in (LEARNER, "d" * 32))

    def record(of: Queue, content: str) -> None:
        of.add(content, "s", "update", b'{"time_spent_delta":3}', lambda: "")
        of.settle(Verdict(recorded=[(item, None) for item in of.next(9, 9999)]))

    record(mine, "first")
    for _ in range(5):
        record(mine, "second")
        record(another, "first")
    assert mine.state("first").time_spent == 3
    record(mine, "third")
    assert [mine.state(content).time_spent for content in ("first", "second", "third")] == [0, 15, 3]
    for each in (mine, another):
        each.close()


async def test_what_cannot_be_read_any_more_is_sent_all_the_same(played: Played, queue: Path) -> None:
    played.refuse = lambda _: problem(503)
    async with played.client(queue) as app:
        session = await app.start(VIDEO)
        await app._in_queue(
            lambda queue: queue.add(session.content, session.id, "update", b'{"progress": true}', app._now)
        )
        await session.update(interactions=[Interaction("q", correct=True, time_spent=1, answer={})])
        assert session.state.attempts[0].correct == 1.0
        played.refuse = lambda _: None
        assert (await app.sync(20)).waiting == 0
        assert (await app.start(VIDEO)).state.known
    assert len(played.items) >= 3


async def test_a_client_that_is_not_open_says_so(played: Played, queue: Path) -> None:
    app = played.client(queue)
    with pytest.raises(Closed):
        await app.start(VIDEO)
    async with app:
        session = await app.start(VIDEO)
    for late in (session.finish(), app.start(VIDEO), app.status(), app.aside(), app.me(), session.sync(1)):
        with pytest.raises(Closed):
            await late
    assert len(played.items) == 1


def test_the_client_without_asyncio_that_is_closed_says_so(queue: Path) -> None:
    app = plain(queue)
    session = app.start(VIDEO)
    app.close(0)
    for late in (session.finish, app.status, app.me, lambda: list(app.tries())):
        with pytest.raises(Closed):
            late()


def test_a_client_that_closes_while_others_wait_leaves_nobody_waiting(queue: Path) -> None:
    app = plain(queue)
    app.start(VIDEO)
    with ThreadPoolExecutor() as threads:
        waiting = [threads.submit(app.sync, 60) for _ in range(3)]
        while threading.active_count() < 4:
            pass
        app.close(0)
        for each in waiting:
            assert isinstance(each.exception(20), Closed | None)


def test_a_with_block_that_raises_closes_at_once_and_keeps_what_waits(queue: Path) -> None:
    def fail() -> None:
        with plain(queue) as app:
            app.start(VIDEO)
            _ = 1 / 0

    with pytest.raises(ZeroDivisionError):
        fail()
    with plain(queue) as app:
        assert app.status().waiting == 1
        app.close(0)


def test_on_change_may_ask_the_client(queue: Path) -> None:
    said: list[Status] = []
    told = threading.Event()

    def changed(status: Status) -> None:
        said.append(app.status())
        app.aside()
        told.set()

    app = plain(queue, on_change=changed)
    app.start(VIDEO)
    assert told.wait(20)
    app.close(0)
    assert said[0].waiting == 1


def test_many_threads_may_use_one_client(queue: Path) -> None:
    with plain(queue) as app:
        session = app.start(VIDEO)
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda _: session.update(time_spent_delta=1), range(40)))
        assert (app.status().waiting, session.state.time_spent) == (41, 40)
        app.close(0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_process_is_told_to_make_a_client_of_its_own(queue: Path) -> None:
    program = f"""
import os, sys, warnings
warnings.simplefilter("ignore")
sys.path[:0] = {[str(Path(__file__).parent), *sys.path]!r}
from test_trouble import VIDEO, Path, plain
from learntrack_client import Closed
app = plain(Path({str(queue)!r}))
session = app.start(VIDEO)
if os.fork() == 0:
    try:
        session.finish()
    except Closed:
        app.close()
        os._exit(7)
    os._exit(1)
_, code = os.wait()
session.finish()
print(os.waitstatus_to_exitcode(code), app.status().waiting)
app.close(0)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)

    assert done.stdout == "7 2\n", done.stderr


def test_a_process_ends_though_its_token_never_comes(queue: Path) -> None:
    program = f"""
import sys, threading
sys.path[:0] = {[str(Path(__file__).parent), *sys.path]!r}
from test_trouble import VIDEO, Path, plain
asked = threading.Event()
def never(refused):
    asked.set()
    threading.Event().wait()
app = plain(Path({str(queue)!r}), token=never)
app.start(VIDEO)
asked.wait()
app.close(0)
print("closed")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)

    assert (done.stdout, done.returncode) == ("closed\n", 0), done.stderr


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
