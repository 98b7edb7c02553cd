"""The client without asyncio: its threads, its processes, and how it ends."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from played import VIDEO, plain

from learntrack_client import (
    Closed,
    Status,
    Unreachable,
)


def test_the_client_without_asyncio_does_the_same(queue: Path) -> None:
    app = plain(queue, first_wait=0.01)
    session = app.start(VIDEO)
    assert session.update(progress=0.5).progress == 0.5
    assert session.finish().complete
    status = app.sync(0.05)
    assert (status.waiting, app.aside()) == (3, [])
    with pytest.raises(Unreachable):
        list(app.tries())
    app.close(0)
    app.close()  # a second time changes nothing


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
from pathlib import Path
from played import VIDEO, plain
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
from pathlib import Path
from played import VIDEO, plain
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
