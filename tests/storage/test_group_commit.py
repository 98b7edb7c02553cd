"""Jobs that arrive together share a transaction, in the order of their arrival."""

import asyncio
import gc
import weakref
from collections.abc import Sequence
from typing import Any

import pytest

from learntrack.errors import kept_without_frames
from learntrack.storage import DatabaseBusy, DatabaseUnavailable, TooMuchAtOnce, group_commit
from learntrack.storage.group_commit import GroupCommit, Stored
from tests.storage.groups import Answer, Job, Store, settled


async def test_what_arrives_while_a_group_is_stored_is_the_next_group() -> None:
    store = Store()
    store.open.clear()
    line = store.line()
    first = line.enqueue("a")
    await store.asked.wait()
    later = [line.enqueue(job) for job in "bcd"]
    store.open.set()

    assert await settled(first, *later) == ["A", "B", "C", "D"]
    assert store.groups == [["a"], ["b", "c", "d"]]


async def test_a_group_has_a_size() -> None:
    store = Store()
    line = store.line(most=2)

    assert await settled(*[line.enqueue(job) for job in "abcde"]) == list("ABCDE")
    assert store.groups == [["a", "b"], ["c", "d"], ["e"]]


async def test_a_full_house_is_done_in_halves_so_that_one_gathers_while_the_other_is_stored() -> None:
    store, people = Store(), 30
    line = store.line()

    async def one_after_the_other(job: Job) -> None:
        for _ in range(6):
            await line.submit(job)

    await asyncio.gather(*[one_after_the_other(f"job {number}") for number in range(people)])

    assert {len(group) for group in store.groups[:-1]} == {people // 2}


async def test_what_may_not_join_begins_the_next_group() -> None:
    store = Store()
    line = store.line(may_join=lambda group, job: job not in group)

    await settled(*[line.enqueue(job) for job in "abba"])

    assert store.groups == [["a", "b"], ["b", "a"]]


async def test_what_is_refused_alone_leaves_the_others() -> None:
    line = Store().line()

    kept, refused = await settled(line.enqueue("a"), line.enqueue("refused"))

    assert kept == "A"
    assert isinstance(refused, ValueError)


@pytest.mark.parametrize("error", [DatabaseBusy("conflict"), RuntimeError("a fault")], ids=repr)
async def test_who_spoils_it_for_all_is_found_by_doing_each_alone(error: Exception) -> None:
    store = Store(lambda jobs: error if "bad" in jobs else None)
    line = store.line()

    assert await settled(line.enqueue("a"), line.enqueue("bad"), line.enqueue("c")) == ["A", error, "C"]
    assert store.groups == [["a", "bad", "c"], ["a"], ["bad"], ["c"]]


async def test_without_a_database_nothing_is_tried_again() -> None:
    error = DatabaseUnavailable("gone")
    store = Store(lambda _: error)
    line = store.line()

    assert await settled(line.enqueue("a"), line.enqueue("b")) == [error, error]
    assert store.groups == [["a", "b"]]


@pytest.mark.parametrize("most", [1, 32])
@pytest.mark.parametrize("error", [DatabaseBusy("conflict"), DatabaseUnavailable("gone")], ids=repr)
async def test_behind_what_could_not_be_stored_just_now_nothing_that_follows_it_is_stored(
    error: Exception, most: int
) -> None:
    store = Store(lambda jobs: error if "bad" in jobs else None)
    line = store.line(most_bulk=most)
    answers = [line.enqueue("a", bulk=True)]
    for job in ("bad", "c", "d"):
        answers.append(line.enqueue(job, bulk=True, after=answers[-1]))
    another = line.enqueue("another's", bulk=True)

    assert (await settled(*answers, another))[1:4] == [error] * 3
    assert not any({"c", "d"} & set(group) and "bad" not in group for group in store.groups)
    assert most > 1 or await another == "ANOTHER'S"


async def test_behind_what_is_refused_what_follows_it_is_stored() -> None:
    line = Store().line()
    refused = line.enqueue("refused", bulk=True)

    assert await line.enqueue("b", bulk=True, after=refused) == "B"
    assert isinstance(refused.exception(), ValueError)


async def test_what_is_withdrawn_before_its_turn_is_not_done() -> None:
    store = Store()
    line = store.line()
    withdrawn, kept = line.enqueue("a"), line.enqueue("b")
    withdrawn.cancel()

    assert await kept == "B"
    assert store.groups == [["b"]]


async def test_what_nobody_gets_to_in_time_is_given_up() -> None:
    store = Store()
    store.open.clear()
    line = store.line(patience=0.01)

    with pytest.raises(DatabaseUnavailable, match="did not answer in time"):
        await line.submit("a")

    store.open.set()
    assert await line.enqueue("b") == "B"


async def test_what_is_live_waits_for_no_more_of_a_divided_group_of_bulk_than_is_done_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(group_commit, "PART_SECONDS", 0)
    live: list[asyncio.Future[Answer]] = []

    def refuse(jobs: Sequence[Job]) -> Exception | None:
        if not live:
            live.append(line.enqueue("live"))
        return TooMuchAtOnce() if len(jobs) > 2 else None

    store = Store(refuse)
    line = store.line()
    bulk = [line.enqueue(f"bulk {number:02}", bulk=True) for number in range(20)]

    assert await settled(*bulk) == [f"BULK {number:02}" for number in range(20)]
    assert live[0].done()
    done = [group for group in store.groups if len(group) <= 2]
    assert [job for group in done for job in group if job != "live"] == [f"bulk {number:02}" for number in range(20)]
    assert ["live"] in done[:-1]
    assert len(store.groups) < 35, "it is not tried with all of them again and again"


class _Work:
    """A job, or what belongs to one."""


@pytest.mark.parametrize("joined", [1, 3])
@pytest.mark.parametrize("error", [DatabaseUnavailable, ValueError])
async def test_a_refusal_leaves_nothing_to_the_collector(joined: int, error: type[Exception]) -> None:
    """It held itself by its traceback, and with it the whole group: 300 refused updates of 4 MB were 2 GB."""

    def refuse(at_hand: Any) -> None:
        try:
            {}[id(at_hand)]
        except KeyError as cause:
            raise error from cause

    async def run(jobs: Sequence[Any], stored: Stored[Any, Any]) -> None:
        group = list(jobs)
        try:
            refuse(group)
        except ValueError as refused:
            stored([kept_without_frames(refused)] * len(group))

    line: GroupCommit[Any, Any] = GroupCommit(run, may_join=lambda _, __: True, patience=20)
    gc.collect()
    gc.disable()
    try:
        jobs = [_Work() for _ in range(joined)]
        left = [weakref.ref(job) for job in jobs]
        await asyncio.gather(*map(line.submit, jobs), return_exceptions=True)
        del jobs
        await asyncio.sleep(0)
        assert [each() for each in left] == [None] * joined
    finally:
        gc.enable()
