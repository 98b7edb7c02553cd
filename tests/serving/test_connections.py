"""Which connection has to go for a new one."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from learntrack.serving import connections
from learntrack.serving.connections import ConnectionLimits, Room
from learntrack.settings import Settings


@dataclass(eq=False)
class Conn:
    """A connection."""

    address: str
    idle: bool = True
    page: bool = False

    def is_idle(self) -> bool:
        return self.idle

    def comes_again(self) -> bool:
        return self.page


def room(limits: ConnectionLimits, present: Sequence[Conn]) -> Room[Conn]:
    """A room with these connections, the longest unused first."""
    found: Room[Conn] = Room(limits)
    for each in present:
        assert found.enter(each) is None
    return found


def test_as_long_as_there_is_room_nobody_goes() -> None:
    assert room(ConnectionLimits(in_all=3, per_address=2), [Conn("a"), Conn("b")]).enter(Conn("a")) is None


def test_whoever_has_most_loses_the_longest_idle_one() -> None:
    lonely, working, oldest = Conn("b"), Conn("a", idle=False), Conn("a")
    present = room(ConnectionLimits(in_all=4), [lonely, working, oldest, Conn("a")])

    assert present.enter(Conn("c")) is oldest


def test_who_has_just_been_used_stays() -> None:
    used, unused = Conn("a"), Conn("a")
    present = room(ConnectionLimits(in_all=2), [used, unused])
    present.use(used)

    assert present.enter(Conn("a")) is unused


def test_an_address_with_too_many_loses_one_of_its_own() -> None:
    oldest = Conn("a")
    present = room(ConnectionLimits(in_all=9, per_address=2), [Conn("b"), oldest, Conn("a")])

    assert present.enter(Conn("a")) is oldest


def test_where_all_are_at_work_the_new_one_goes() -> None:
    present = room(ConnectionLimits(in_all=2), [Conn("a", idle=False), Conn("a", idle=False)])

    assert present.enter(new := Conn("a")) is new


def test_open_pages_make_room_where_all_are_at_work() -> None:
    """As many of them as there may be connections shut everybody out."""
    page = Conn("a", idle=False, page=True)
    present = room(ConnectionLimits(in_all=3), [Conn("a", idle=False), page, Conn("a", idle=False, page=True)])

    assert present.enter(Conn("a")) is page


def test_idle_connections_make_room_before_open_pages() -> None:
    idle = Conn("a")
    present = room(ConnectionLimits(in_all=2), [Conn("a", idle=False, page=True), idle])

    assert present.enter(Conn("a")) is idle


def test_who_has_gone_makes_room_and_counts_once() -> None:
    gone = Conn("a")
    present = room(ConnectionLimits(in_all=2), [gone, Conn("a")])
    present.leave(gone)
    present.leave(gone)
    present.use(gone)

    assert present.enter(Conn("a")) is None
    assert present.enter(Conn("a")) is not None


@pytest.mark.parametrize("many", [1, 7000])
def test_a_newcomer_looks_at_no_more_connections_where_there_are_many(many: int) -> None:
    """Each of thousands that came looked at all that were there, and who was at work waited."""
    looked: list[Conn] = []

    @dataclass(eq=False)
    class Watched(Conn):
        def is_idle(self) -> bool:
            looked.append(self)
            return super().is_idle()

    present = room(ConnectionLimits(in_all=many + 3), [Watched("a", idle=False) for _ in range(3)])
    for _ in range(many):
        present.enter(Watched("a"))
    for _ in range(100):
        leaving = present.enter(Watched("a"))
        assert leaving is not None
        present.leave(leaving)

    assert len(looked) <= 500


@pytest.mark.parametrize(("files", "most"), [(256, 176), (1024, 752), (1_000_000, 8192), (8, 1)])
def test_the_files_that_may_be_open_bound_the_connections(
    files: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_files", lambda: files)

    assert ConnectionLimits.of(Settings()).in_all == most
    assert ConnectionLimits.of(Settings(max_connections=7)).in_all == 7


@pytest.mark.parametrize(
    ("limits", "setting"),
    [
        (ConnectionLimits(in_all=1), "LEARNTRACK_MAX_CONNECTIONS"),
        (ConnectionLimits(in_all=9, per_address=1), "LEARNTRACK_MAX_CONNECTIONS_PER_ADDRESS"),
    ],
)
def test_the_log_names_the_setting_that_closed_one(
    limits: ConnectionLimits, setting: str, caplog: pytest.LogCaptureFixture
) -> None:
    room(limits, [Conn("a")]).enter(Conn("a"))

    assert caplog.messages == [f"too many connections (2) for {setting}: 1 closed to make room for others"]
