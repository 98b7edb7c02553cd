"""What is read ahead comes in order, no more of it than may wait, and its thread ends."""

import asyncio
import threading
from collections.abc import Iterator
from threading import Event

import pytest

from learntrack.errors import StartError
from learntrack.importing.converting import Made
from learntrack.importing.read_ahead import ReadAhead
from learntrack.importing.report import ImportReport

MOST = 3


def some(many: int) -> list[Made]:
    return [Made(None, ImportReport().hand_over()) for _ in range(many)]


async def taken(ahead: ReadAhead, found: list[Made] | None = None) -> list[Made]:
    found = [] if found is None else found
    async for made in ahead.read():
        found.append(made)
    return found


def is_read() -> bool:
    return any(thread.name == "import" for thread in threading.enumerate())


@pytest.mark.parametrize("most", [1, MOST, 20])
async def test_all_of_it_comes_in_order(most: int) -> None:
    expected = some(9)
    ahead = ReadAhead(iter(expected), most)

    assert list(map(id, await taken(ahead))) == list(map(id, expected))

    ahead.close()
    assert not is_read()


async def test_before_it_is_asked_for_no_more_is_read_than_may_wait() -> None:
    taken_out, is_full = 0, Event()

    def counted() -> Iterator[Made]:
        nonlocal taken_out
        for made in some(9):
            taken_out += 1
            if taken_out == MOST + 1:
                is_full.set()
            yield made

    ahead = ReadAhead(counted(), MOST)
    ahead.start()

    assert await asyncio.to_thread(is_full.wait, 60)
    assert taken_out == MOST + 1  # the last one waits for room
    assert len(await taken(ahead)) == 9
    ahead.close()


async def test_what_goes_wrong_is_raised_behind_what_was_read_before() -> None:
    def broken() -> Iterator[Made]:
        yield from some(2)
        raise StartError("It has ended.")

    ahead, found = ReadAhead(broken(), MOST), list[Made]()
    with pytest.raises(StartError, match="It has ended"):
        await taken(ahead, found)

    assert len(found) == 2
    ahead.close()


@pytest.mark.parametrize("asked", [0, 1])
async def test_it_ends_though_nobody_wants_the_rest(asked: int) -> None:
    ahead = ReadAhead(iter(some(1000)), MOST)
    ahead.start()
    reading = ahead.read()
    for _ in range(asked):
        await anext(reading)
    await reading.aclose()

    ahead.close()

    assert not is_read()


def test_what_was_never_begun_ends_at_once() -> None:
    ReadAhead(iter(some(1)), MOST).close()

    assert not is_read()
