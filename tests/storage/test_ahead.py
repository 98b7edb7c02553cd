"""The next step is on its way while one is looked at."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from learntrack.storage.ahead import one_ahead


class Steps:
    """Steps from 1 on, which fail at `fails_at`; `begun` and `ended` count them, `closed` says that no more is asked.

    The second and later ones wait until they are `let_go`; `waits` says that one does.
    """

    def __init__(self, many: int, fails_at: int = 0) -> None:
        self.begun = self.ended = 0
        self.closed = False
        self.waits, self.let_go = asyncio.Event(), asyncio.Event()
        self._many, self._fails_at = many, fails_at

    async def __call__(self) -> AsyncGenerator[int, None]:
        try:
            for step in range(1, 1 + self._many):
                self.begun = step
                if step > 1:
                    self.waits.set()
                    await self.let_go.wait()
                if step == self._fails_at:
                    raise KeyError(step)
                self.ended = step
                yield step
        finally:
            self.closed = True


async def test_the_next_is_asked_for_before_one_is_handed_on() -> None:
    steps = Steps(3)
    found = one_ahead(steps())

    assert await anext(found) == 1
    assert (steps.begun, steps.ended) == (2, 1)
    steps.let_go.set()
    assert [step async for step in found] == [2, 3]
    assert steps.closed


async def test_who_ends_early_waits_for_no_more() -> None:
    """A step that takes a report's time would else keep who has given up."""
    steps = Steps(9)
    found = one_ahead(steps())
    await anext(found)
    await steps.waits.wait()

    async with asyncio.timeout(20):
        await found.aclose()
    assert (steps.begun, steps.ended, steps.closed) == (2, 1, True)


async def test_who_is_cancelled_between_steps_ends_too() -> None:
    steps, at_work = Steps(9), asyncio.Event()

    async def read() -> None:
        async with aclosing(one_ahead(steps())) as found:
            async for _ in found:
                at_work.set()
                await asyncio.Event().wait()

    reading = asyncio.ensure_future(read())
    async with asyncio.timeout(20):
        await at_work.wait()
        reading.cancel()
        await asyncio.wait([reading])
    assert reading.cancelled()
    assert steps.closed


async def test_an_error_comes_where_its_step_would() -> None:
    steps = Steps(3, fails_at=2)
    steps.let_go.set()
    async with aclosing(one_ahead(steps())) as found:
        assert await anext(found) == 1
        with pytest.raises(KeyError):
            await anext(found)


async def test_who_is_cancelled_ends() -> None:
    steps = Steps(3)

    async def read() -> None:
        async with aclosing(one_ahead(steps())) as found:
            async for _ in found:
                pass

    reading = asyncio.ensure_future(read())
    async with asyncio.timeout(20):
        await steps.waits.wait()
        reading.cancel()
        await asyncio.wait([reading])
    assert reading.cancelled()
    assert steps.closed
