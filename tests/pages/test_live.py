"""Open pages hear of what has changed, at the price of one change stream a process."""

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from learntrack.pages import live as live_pages
from learntrack.pages.live import Live
from tests.support import Api, Person, School, new_id, video
from tests.wire import Document, Wire, error, passed_on


@pytest.mark.engines("embedded", "mongoeco", "mongomock")
async def test_thirty_open_pages_cost_one_stream_and_hear_of_their_class_only(api: Api, school: School) -> None:
    mine, other = await school.learner("A1"), await school.learner("A2")
    live = Live(api.db)
    heard = dict.fromkeys(range(30), 0)

    async def watch(number: int, learners: frozenset[str]) -> None:
        async for changed in live.changes(learners, beat=0.2):
            heard[number] += changed

    tasks = [
        asyncio.create_task(watch(number, frozenset({(mine if number else other).id or ""}))) for number in range(30)
    ]
    try:
        deadline = asyncio.get_running_loop().time() + 60
        while not all(heard[number] for number in range(1, 30)):
            assert asyncio.get_running_loop().time() < deadline, heard
            session = await api.start(mine, **video())
            await api.update(mine, session, time_spent_delta=1)
            await asyncio.wait(tasks, timeout=0.5)
        assert heard[0] == 0
        assert live.streams_opened == 1
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await live.close()


@pytest.mark.engines("mongomock")
async def test_a_page_that_opens_just_when_the_last_one_closes_hears_too(api: Api, school: School) -> None:
    learner = await school.learner()
    live = Live(api.db)
    mine = frozenset({learner.id or ""})
    last = live.changes(mine, beat=0.01)
    await anext(last)

    await last.aclose()
    heard = False
    async with asyncio.timeout(20):
        async for changed in live.changes(mine, beat=0.2):
            if changed:
                heard = True
                break
            session = await api.start(learner, **video())
            await api.update(learner, session, time_spent_delta=1)

    assert heard
    await live.close()


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits does not."""
    monkeypatch.setattr(live_pages, "_GATHER_SECONDS", 0.01)
    monkeypatch.setattr(live_pages, "_POLL_SECONDS", 0.01)
    monkeypatch.setattr(live_pages, "_POLLS", 3)


async def hears(live: Live, api: Api, learner: Person, visited: Any) -> None:
    """An open page hears of an update."""
    mine = frozenset({learner.id or ""})
    async with asyncio.timeout(20), aclosing(live.changes(mine, beat=0.1)) as changes:
        async for changed in changes:
            if changed:
                return
            await api.update(learner, visited, time_spent_delta=1)


@pytest.mark.usefixtures("at_once")
@pytest.mark.engines("embedded", "mongoeco", "mongomock")
async def test_an_open_page_hears_after_a_failure_that_nobody_thought_of(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    learner = Person(new_id())
    live, visited = Live(api.db), await api.start(learner, **video())
    works, failed = Live._tell, asyncio.Event()

    def fails_once(self: Live, users: set[str]) -> None:
        if not failed.is_set():
            failed.set()
            raise KeyError("nobody thought of this")
        works(self, users)

    monkeypatch.setattr(Live, "_tell", fails_once)
    await hears(live, api, learner, visited)

    assert failed.is_set()
    await live.close()


@pytest.mark.usefixtures("at_once")
async def test_after_an_election_an_open_page_finds_back_to_the_stream(wire: Wire, wired: Api) -> None:
    learner, live = Person(new_id()), Live(wired.db)
    visited = await wired.start(learner, **video())
    other = asyncio.create_task(stays_open(live))
    await hears(live, wired, learner, visited)

    with wire.election() as noticed:
        wire.break_connections()
        await noticed.happens()
    refused = wire.on("aggregate", do=error(133, name="FailedToSatisfyReadPreference"), times=1, where=is_stream)
    await refused.happens()
    await wire.on("aggregate", do=passed_on, times=1, where=is_stream).happens()
    wire.seen.clear()
    await hears(live, wired, learner, visited)

    assert [each for each in wire.of("find") if "end_timestamp" in each["filter"]] == []
    other.cancel()
    await asyncio.wait([other])
    await live.close()


async def stays_open(live: Live) -> None:
    """Another page."""
    async for _ in live.changes(frozenset({new_id()})):
        pass


@pytest.mark.usefixtures("at_once")
async def test_the_server_looks_no_document_up_for_the_stream_and_the_service_each_once(wire: Wire, wired: Api) -> None:
    learner, live = Person(new_id()), Live(wired.db)
    visited = await wired.start(learner, **video())

    for _ in range(3):
        await hears(live, wired, learner, visited)

    assert all(
        "fullDocument" not in each["pipeline"][0]["$changeStream"] for each in wire.of("aggregate") if is_stream(each)
    )
    asked = [each for each in wire.of("find") if each["find"] == "content_summaries"]
    assert len([each for each in asked if each.get("projection") == {"user_id": 1}]) == 1  # recording reads it whole
    await live.close()


def is_stream(command: Document) -> bool:
    return "$changeStream" in command.get("pipeline", [{}])[0]
