"""Open pages hear of what has changed, at the price of one change stream a process."""

import asyncio

import pytest

from learntrack.pages.live import Live
from tests.support import Api, School, video


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
        deadline = asyncio.get_running_loop().time() + 20
        while not all(heard[number] for number in range(1, 30)):
            assert asyncio.get_running_loop().time() < deadline
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
