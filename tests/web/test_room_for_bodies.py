"""How many bytes of bodies are held at once, and who waits."""

import asyncio
from contextlib import ExitStack, suppress
from types import SimpleNamespace
from typing import Any

import pytest
from litestar.exceptions import HTTPException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge

from learntrack.access.actor import ANONYMOUS, Actor
from learntrack.web import room_for_bodies
from learntrack.web.afterwards import once_answered
from learntrack.web.bodies import JsonRequest
from learntrack.web.room_for_bodies import SMALL_BYTES, Place, RoomForBodies
from tests.conftest import settings

MIB = 1024 * 1024


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who sends slowly is given up at once where others wait."""
    monkeypatch.setattr(room_for_bodies, "_HURRY_SECONDS", 0.0)
    monkeypatch.setattr(room_for_bodies, "_LOOK_SECONDS", 0.01)


@pytest.fixture
def impatient(hurried: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who finds no room soon is refused."""
    monkeypatch.setattr(room_for_bodies, "_WAIT_SECONDS", 0.2)


async def inside(room: RoomForBodies, caller: str, size: int) -> Place:
    place = Place(caller, size)
    await asyncio.wait_for(room.enter(place), 20)
    return place


async def waiting(room: RoomForBodies, caller: str, size: int) -> "asyncio.Task[Place]":
    """Somebody who has asked for room, and has none yet."""
    place = Place(caller, size)

    async def enter() -> Place:
        await room.enter(place)
        return place

    task = asyncio.create_task(enter())
    await asyncio.sleep(0)
    assert not place.turn.done()
    return task


async def test_never_more_is_held_than_there_is_room_for_and_everybody_has_a_turn() -> None:
    """100 queues of 16 MiB at once were 1.6 GB."""
    room, held, most = RoomForBodies(128), 0, 0

    async def body(number: int) -> None:
        nonlocal held, most
        place = await inside(room, f"learner {number}", 16)
        held += 16
        most = max(most, held)
        for _ in range(3):
            await asyncio.sleep(0)
        held -= 16
        room.leave(place)

    await asyncio.gather(*map(body, range(100)))

    assert most == 128


async def test_one_caller_has_a_quarter_of_the_room_and_others_do_not_wait_for_the_rest() -> None:
    room = RoomForBodies(128)
    mine = [await inside(room, "a", 16) for _ in range(2)]
    third = await waiting(room, "a", 16)

    for number in range(6):
        await inside(room, f"b{number}", 16)
    others = await waiting(room, "c", 16)
    room.leave(mine[0])

    await asyncio.wait_for(others, 20)  # who has least, though they came later
    room.leave(mine[1])
    await asyncio.wait_for(third, 20)


async def test_a_body_larger_than_the_room_has_all_of_it() -> None:
    room = RoomForBodies(16)
    large = await inside(room, "a", 100)
    other = await waiting(room, "b", 1)

    room.leave(large)

    await asyncio.wait_for(other, 20)


async def test_a_large_body_has_its_turn_though_small_ones_would_find_room_before() -> None:
    room = RoomForBodies(16)
    first, _ = await inside(room, "a", 10), await inside(room, "b", 4)
    large = await waiting(room, "c", 12)
    small = await waiting(room, "d", 1)

    room.leave(first)

    await asyncio.wait_for(large, 20)
    small.cancel()


async def test_what_is_known_to_be_smaller_than_it_might_have_been_makes_room() -> None:
    room = RoomForBodies(16)
    unknown = await inside(room, "a", 16)
    other = await waiting(room, "b", 8)

    room.arrived(unknown, 2)

    await asyncio.wait_for(other, 20)


@pytest.mark.usefixtures("impatient")
async def test_who_finds_no_room_soon_is_told_when_to_come_back_and_waits_no_more() -> None:
    room = RoomForBodies(16)
    large = await inside(room, "a", 16)
    large.arriving = False
    late = Place("b", 16)

    with pytest.raises(HTTPException) as refused:
        await room.enter(late)

    assert refused.value.status_code == 503
    assert refused.value.headers == {"Retry-After": "5"}
    room.leave(late)
    room.leave(large)
    await inside(room, "c", 16)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("comes", [True, False])
async def test_bodies_of_one_caller_end_each_other_only_where_nothing_comes_any_more(comes: bool) -> None:
    """12 queues that shared a slow line were all given up: none came whole."""
    room = RoomForBodies(32)
    slow = await inside(room, "a", 8)
    slow.came = float("inf") if comes else 0.0
    with pytest.raises(HTTPException):
        await room.enter(Place("a", 8))

    assert slow.hurried is not comes


@pytest.mark.usefixtures("hurried")
async def test_who_sends_slowly_keeps_others_waiting_for_a_while_only() -> None:
    """Eight halves of queues would shut out everybody else's for as long as their bodies may take."""
    room = RoomForBodies(16)
    slow, quick = [await inside(room, name, 8) for name in ("slow", "quick")]
    room.arrived(quick, 8)

    async def arrives() -> None:
        try:
            async with slow.in_time():
                await asyncio.Event().wait()
        finally:
            room.leave(slow)

    arriving = asyncio.create_task(arrives())
    await inside(room, "other", 8)

    with pytest.raises(HTTPException) as given_up:
        await arriving
    assert (given_up.value.status_code, given_up.value.headers) == (408, {"Retry-After": "5"})


@pytest.mark.usefixtures("hurried")
async def test_who_sends_slowly_while_nobody_waits_may() -> None:
    room = RoomForBodies(16)
    slow = await inside(room, "slow", 8)
    await inside(room, "other", 8)

    assert not slow.hurried


@pytest.mark.usefixtures("impatient")
async def test_a_slow_body_is_given_up_only_for_whom_its_room_is_enough_for() -> None:
    room = RoomForBodies(32)
    slow = [await inside(room, str(number), 8) for number in range(4)]
    with suppress(HTTPException):
        await room.enter(Place("other", 16))

    assert [each.hurried for each in slow] == [True, True, False, False]


def request(room: RoomForBodies, *parts: bytes, length: int | None = None, user: Actor = ANONYMOUS) -> JsonRequest:
    """A request with this body, by a caller whose body may have 1 MiB."""
    messages = iter([{"type": "http.request", "body": each, "more_body": True} for each in parts])

    async def receive() -> Any:
        return next(messages, {"type": "http.request", "body": b"", "more_body": False})

    scope: Any = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "headers": [] if length is None else [(b"content-length", str(length).encode())],
        "client": ("192.0.2.1", 1),
        "state": {},
        "user": user,
        "litestar_app": SimpleNamespace(state=SimpleNamespace(settings=settings(), room_for_bodies=room)),
        "route_handler": SimpleNamespace(parsed_data_field=None, resolve_request_max_body_size=lambda: 5 * MIB),
    }
    return JsonRequest(scope, receive)


async def test_small_bodies_need_no_room() -> None:
    room = RoomForBodies(16)
    await inside(room, "a", 16)

    for length in (SMALL_BYTES, None):
        assert len(await asyncio.wait_for(request(room, b"x" * SMALL_BYTES, length=length).body(), 20)) == SMALL_BYTES


@pytest.mark.parametrize("length", [2 * SMALL_BYTES, None], ids=["announced", "in parts"])
async def test_a_large_body_waits_and_keeps_its_room_until_its_answer_begins(length: int | None) -> None:
    room = RoomForBodies(MIB)
    other = await inside(room, "other", MIB)
    sent = request(room, b"x" * SMALL_BYTES, b"y" * SMALL_BYTES, length=length)
    body = asyncio.create_task(sent.body())
    with ExitStack() as stack:
        stack.callback(once_answered(sent.scope).close)
        while not room._waiting:  # noqa: ASYNC110 - nothing tells when
            await asyncio.sleep(0)

        room.leave(other)

        assert len(await asyncio.wait_for(body, 20)) == 2 * SMALL_BYTES
        assert [each.size for each in room._inside] == [2 * SMALL_BYTES]
    assert not room._inside
    assert await sent.body() == b"{}", "it takes memory for as long as the answer is read"


async def test_too_large_a_body_waits_for_nothing() -> None:
    room = RoomForBodies(16)
    await inside(room, "a", 16)

    with pytest.raises(RequestEntityTooLarge):
        await asyncio.wait_for(request(room, length=10**12, user=Actor("a" * 32)).body(), 20)


async def test_what_is_held_is_that_of_those_inside_and_nobody_who_left_is_remembered() -> None:
    room = RoomForBodies(128)
    first, second, other = [await inside(room, caller, 16) for caller in ("a", "a", "b")]
    room.arrived(first, 4)
    room.leave(other)
    late = Place("b", 16)
    room.arrived(late, 8)  # it has not come in

    assert room._held == {"a": 20}
    for place in (first, second, second):
        room.leave(place)
    assert not room._held
