"""Which connections are given up because their answers are not read."""

import asyncio
from dataclasses import dataclass

import pytest

from learntrack.serving import unread
from learntrack.serving.unread import Unread


@dataclass(eq=False)
class Caller:
    """A connection on which so many bytes wait."""

    address: str
    size: int
    given_up: bool = False

    def unread_bytes(self) -> int:
        return self.size

    def give_up(self) -> None:
        self.given_up = True


async def given_up(most: int, *callers: Caller) -> list[bool]:
    """Who is given up, once something waits for these, one after the other."""
    kept = Unread(most)
    for each in callers:
        kept.begin(each)
    for each in callers:
        assert (each in kept) is not each.given_up
        kept.end(each)
    return [each.given_up for each in callers]


async def test_where_too_much_waits_the_longest_waiting_of_who_has_most_goes() -> None:
    assert await given_up(100, Caller("a", 60), Caller("b", 40)) == [False, False]
    assert await given_up(100, Caller("a", 40), Caller("b", 30), Caller("a", 40)) == [True, False, False]
    assert await given_up(100, Caller("a", 45), Caller("b", 30), Caller("b", 30)) == [False, True, False]
    assert await given_up(100, Caller("a", 10), Caller("b", 500)) == [False, True]
    assert await given_up(100, *[Caller("a", 50) for _ in range(5)]) == [True, True, True, False, False]


async def test_what_has_been_read_makes_room() -> None:
    kept, first, second = Unread(100), Caller("a", 80), Caller("a", 80)
    kept.begin(first)
    kept.end(first)
    kept.begin(second)

    assert not first.given_up
    assert not second.given_up
    kept.end(second)


@pytest.mark.parametrize(("read", "goes"), [(unread._LEAST_BYTES, False), (unread._LEAST_BYTES - 1, True)])
async def test_who_reads_slowly_is_waited_for_and_who_hardly_reads_is_not(
    read: int, goes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to a bad network takes longer than a minute, of which some of it is read."""
    judged, judge = asyncio.Event(), Unread._judge

    def judging(self: Unread, reader: Caller, before: int) -> None:
        judge(self, reader, before)
        judged.set()

    monkeypatch.setattr(unread, "_LOOK_SECONDS", 0.0)
    monkeypatch.setattr(Unread, "_judge", judging)
    kept, caller = Unread(10**9), Caller("a", 10**6)
    kept.begin(caller)
    caller.size -= read
    monkeypatch.setattr(unread, "_LOOK_SECONDS", 3600.0)
    await judged.wait()

    assert caller.given_up is goes
    assert (caller in kept) is not goes
    kept.end(caller)


async def test_what_could_not_be_sent_while_the_process_stood_still_is_sent_before_anybody_is_given_up() -> None:
    """The loop looks at what is due before it sends: after a minute's standstill each reader was cut off."""
    kept, caller = Unread(10**9), Caller("a", 10**6)
    kept.begin(caller)
    kept._look(caller, caller.size)
    assert not caller.given_up

    caller.size -= unread._LEAST_BYTES
    kept._judge(caller, 10**6)
    assert not caller.given_up
    kept.end(caller)
