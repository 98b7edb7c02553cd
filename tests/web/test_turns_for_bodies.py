"""Who waits for room for a large body, and that many bodies of some keep nobody else out."""

import asyncio
from contextlib import suppress

import pytest
from litestar.exceptions import HTTPException

from learntrack.web.room_for_bodies import Place, RoomForBodies
from tests.web.test_room_for_bodies import inside, waiting


async def test_few_of_one_caller_wait() -> None:
    room = RoomForBodies(16)
    await inside(room, "a", 16)
    tasks = [await waiting(room, "b", 16) for _ in range(16)]
    with pytest.raises(HTTPException):
        await asyncio.wait_for(room.enter(Place("b", 16)), 5)
    for each in tasks:
        each.cancel()


async def test_many_bodies_of_some_leave_turns_to_others() -> None:
    """16 callers with 8 each took all turns, and a 17th was refused at once."""
    room = RoomForBodies(16)
    await inside(room, "a", 16)
    crowd = [await waiting(room, f"b{number % 16}", 16) for number in range(128)]
    others = [await waiting(room, f"c{number}", 16) for number in range(112)]
    while sum(each.done() for each in crowd) < 112:  # noqa: ASYNC110 - nothing tells when
        await asyncio.sleep(0)
    assert not any(each.done() for each in others)
    late = asyncio.create_task(room.enter(Place("d", 16)))
    with pytest.raises(HTTPException):
        await asyncio.wait_for(late, 5)
    for each in (*crowd, *others):
        each.cancel()
    await asyncio.gather(*crowd, *others, return_exceptions=True)


async def test_who_was_told_to_come_back_has_kept_their_place() -> None:
    room = RoomForBodies(16)
    first = await inside(room, "a", 16)
    tasks = [await waiting(room, f"b{number}", 16) for number in range(128)]
    with pytest.raises(HTTPException):
        await asyncio.wait_for(room.enter(Place("c", 16)), 5)

    room.leave(first)
    had = await asyncio.wait_for(tasks[0], 20)
    again = await waiting(room, "b0", 16)
    back = await waiting(room, "c", 16)

    with pytest.raises(HTTPException):
        await asyncio.wait_for(again, 5)
    assert not back.done()
    room.leave(had)
    for each in (*tasks[1:], back):
        each.cancel()
    await asyncio.gather(*tasks, back, return_exceptions=True)


async def test_everybody_has_a_turn_in_each_round_however_many_bodies_others_send() -> None:
    """All those of 16 callers that had come before were let in before the one of a 17th."""
    room, turns = RoomForBodies(8), 0

    async def body(caller: str) -> None:
        nonlocal turns
        while turns < 1000:
            place = Place(caller, 1)
            with suppress(HTTPException):
                await room.enter(place)
                turns += 1
                await asyncio.sleep(0)
            room.leave(place)
            await asyncio.sleep(0)

    crowd = [asyncio.create_task(body(f"a{number % 16}")) for number in range(128)]
    for _ in range(10):
        await asyncio.sleep(0)
    before = turns
    honest = await inside(room, "honest", 1)
    assert turns - before <= 32
    room.leave(honest)
    turns = 1000
    await asyncio.gather(*crowd)
