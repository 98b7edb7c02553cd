"""A transaction in one thread is stored or not as any other, and nobody else uses its session meanwhile."""

import asyncio
import gc
import threading
import time
from types import SimpleNamespace
from typing import Any

import pymongo
import pytest

from learntrack.documents import Touched, Writer
from learntrack.domain import moments
from learntrack.storage import transactions
from learntrack.storage.threads import InThread
from learntrack.storage.transactions import Tx
from tests.support import Api
from tests.wire import Wire, held


def name_of(tx: Tx) -> str:
    assert tx is not None
    return bytes(tx.session_id["id"]).hex()


def nothing_more(_: object) -> None:
    """No transaction follows."""


async def test_what_waits_for_something_else_is_a_mistake_and_changes_nothing(wired: Api) -> None:
    before = await wired.db.find(Writer, {})

    async def work(tx: Tx) -> None:
        await wired.db.remove(Writer, {}, tx)
        await asyncio.sleep(0)

    with pytest.raises(AssertionError, match="only through its `Tx`"):
        await wired.db.transactions(work, nothing_more)

    assert {row["_id"] for row in before} <= {row["_id"] for row in await wired.db.find(Writer, {})}


async def test_transactions_in_line_have_one_session_and_are_told_of_in_one_thread(wired: Api) -> None:
    used: list[str] = []
    threads: list[threading.Thread] = []

    async def work(tx: Tx) -> int:
        used.append(name_of(tx))
        await wired.db.remove(Writer, {"_id": "nobody"}, tx)
        return len(used)

    def then(answer: int) -> Any:
        threads.append(threading.current_thread())
        return work if answer < 3 else None

    await wired.db.transactions(work, then)

    assert len(used) == 3
    assert len({*used}) == len({*threads}) == 1
    assert threading.current_thread() not in threads


async def test_each_transaction_in_line_has_its_own_time(wired: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(now=0.0, monotonic=lambda: clock.now, sleep=time.sleep)
    monkeypatch.setattr(transactions, "time", clock)
    done: list[float] = []
    left: list[float] = []
    timeout = pymongo.timeout

    def limited(seconds: float) -> Any:
        left.append(seconds)
        return timeout(seconds)

    monkeypatch.setattr(transactions.pymongo, "timeout", limited)

    async def work(tx: Tx) -> int:
        await wired.db.remove(Writer, {"_id": "nobody"}, tx)
        clock.now += 100
        done.append(clock.now)
        return len(done)

    await wired.db.transactions(work, lambda count: work if count < 3 else None, patience=120)
    assert done == [100, 200, 300]
    assert left == [120, 20] * 3, "for each to be done, and to be stored"


async def test_what_fails_behind_a_stored_transaction_leaves_that_stored(wired: Api) -> None:
    told: list[None] = []

    async def fail(_: Tx) -> None:
        raise ValueError("a fault")

    async def mark(tx: Tx) -> None:
        await wired.db.write([Touched.by_moving(["somebody in line"], moments.now())], tx)

    def then(answer: None) -> Any:
        told.append(answer)
        return fail

    with pytest.raises(ValueError, match="a fault"):
        await wired.db.transactions(mark, then)

    assert told == [None]
    [mark_of] = await wired.db.find(Touched, {"moved": "somebody in line"})
    await wired.db.transaction(lambda tx: wired.db.remove(Touched, {"_id": mark_of["_id"]}, tx))


async def test_a_session_is_nobody_elses_until_the_thread_of_who_gave_up_has_ended(wire: Wire, wired: Api) -> None:
    used: list[str] = []

    async def work(tx: Tx) -> int:
        used.append(name_of(tx))
        return await wired.db.remove(Writer, {"_id": "nobody"}, tx)

    may_end = asyncio.Event()
    commit = wire.on("commitTransaction", do=held(may_end), times=1)
    given_up = asyncio.create_task(wired.db.transactions(work, nothing_more, patience=60))
    await commit.happens()
    given_up.cancel()
    await wired.db.transactions(work, nothing_more)

    assert not given_up.done()
    may_end.set()
    async with asyncio.timeout(20):
        await asyncio.wait([given_up])
    assert given_up.cancelled()
    first, second = used
    assert first != second


async def test_what_fails_when_nobody_waits_any_more_is_no_mistake_of_the_loops() -> None:
    """A time limit ends the thread and who waits for it at the same moment: each outage was logged as an error."""
    may_end = threading.Event()
    unheard: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unheard.append(context))

    def work() -> None:
        assert may_end.wait(60)
        raise TimeoutError

    waiting = asyncio.create_task(InThread(work).to_its_end())
    await asyncio.sleep(0)
    waiting.cancel()
    may_end.set()
    async with asyncio.timeout(60):
        await asyncio.wait([waiting])
    assert waiting.cancelled()
    del waiting
    gc.collect()
    await asyncio.sleep(0)

    # Tasks that other tests have left behind may be told of here, too.
    assert [context for context in unheard if "exception" in context] == []


async def test_what_is_cancelled_again_still_waits_for_its_thread() -> None:
    """Stopping cancels whatever there is, and what was cancelled before by its time limit."""
    may_end, over = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def work() -> None:
        asyncio.run_coroutine_threadsafe(may_end.wait(), loop).result(20)

    asked = InThread(work)
    asked.when_over(over.set)
    waiting = asyncio.create_task(asked.to_its_end())
    for _ in range(3):
        await asyncio.sleep(0)
        waiting.cancel()

    await asyncio.sleep(0)
    assert not waiting.done()
    may_end.set()
    async with asyncio.timeout(20):
        await asyncio.wait([waiting])
    assert waiting.cancelled()
    assert asked.is_over
