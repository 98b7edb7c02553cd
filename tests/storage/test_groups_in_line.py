"""Groups follow each other in the thread in which the one before was stored."""

import asyncio
import threading
from collections.abc import Callable, Sequence

import pytest

from learntrack.storage import DatabaseUnavailable, group_commit
from learntrack.storage.group_commit import GroupCommit, Stored
from tests.storage.groups import Answer, Job, Store, settled


@pytest.fixture
def long_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is."""
    monkeypatch.setattr(group_commit, "_TURN_SECONDS", 3600)


class InLine(Store):
    """A store that notes which groups it was handed on by the one before, without being asked anew."""

    def __init__(self, refuse: Callable[[Sequence[Job]], Exception | None] = lambda _: None) -> None:
        super().__init__(refuse)
        self.turns: list[int] = []

    async def run(self, jobs: Sequence[Job], stored: Stored[Answer, Job]) -> None:
        self.turns.append(len(self.groups))
        await super().run(jobs, stored)


@pytest.mark.usefixtures("long_turns")
async def test_what_has_gathered_is_begun_before_anybody_is_answered() -> None:
    store = InLine()
    line = store.line(most=1)
    first, *later = [line.enqueue(job) for job in "abc"]
    answered: list[int] = []
    first.add_done_callback(lambda _: answered.append(len(store.groups)))

    assert await settled(first, *later) == ["A", "B", "C"]
    assert store.turns == [0]
    assert answered == [2]


@pytest.mark.usefixtures("long_turns")
async def test_what_goes_wrong_behind_what_is_stored_is_not_the_stored_ones_fault() -> None:
    error = DatabaseUnavailable("gone")
    store = InLine(lambda jobs: error if "b" in jobs else None)
    line = store.line(most=1)

    assert await settled(*[line.enqueue(job) for job in "abc"]) == ["A", error, "C"]
    assert store.groups == [["a"], ["b"], ["c"]]
    assert store.turns == [0, 2]


@pytest.mark.usefixtures("long_turns")
async def test_bulk_has_its_turn_between_groups_that_follow_each_other() -> None:
    store = InLine()
    line = store.line(most=1)
    live = [line.enqueue(job) for job in "abc"]
    bulk = line.enqueue("bulk", bulk=True)

    await settled(bulk, *live)
    assert store.groups == [["a"], ["bulk"], ["b"], ["c"]]


@pytest.mark.usefixtures("long_turns")
async def test_groups_follow_each_other_in_the_thread_that_stores_them() -> None:
    threads: list[threading.Thread] = []

    async def run(jobs: Sequence[Job], stored: Stored[Answer, Job]) -> None:
        def work() -> None:
            following = jobs
            while following:
                threads.append(threading.current_thread())
                following = stored([job.upper() for job in following])

        await asyncio.to_thread(work)

    line: GroupCommit[Job, Answer] = GroupCommit(run, may_join=lambda _, __: True, patience=20, most=1)
    assert await settled(*[line.enqueue(job) for job in "abc"]) == ["A", "B", "C"]
    assert len(threads) == 3
    assert len({*threads}) == 1


async def test_groups_do_not_follow_each_other_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions grow old, and disks full, which is looked at before a turn."""
    monkeypatch.setattr(group_commit, "_TURN_SECONDS", 0)
    store = InLine()
    line = store.line(most=1)

    await settled(*[line.enqueue(job) for job in "abc"])
    assert store.turns == [0, 1, 2]
