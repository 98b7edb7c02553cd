"""Which connection has to go for a new one."""

from dataclasses import dataclass

import pytest

from learntrack.serving import connections
from learntrack.serving.connections import ConnectionLimits, RoomMaker
from learntrack.settings import Settings


@dataclass(eq=False)
class Conn:
    """A connection."""

    address: str
    last_used: float = 0.0
    idle: bool = True

    def is_idle(self) -> bool:
        return self.idle


def test_as_long_as_there_is_room_nobody_goes() -> None:
    everybody = [Conn("a"), Conn("a"), Conn("b")]

    assert RoomMaker(ConnectionLimits(in_all=3, per_address=2)).to_close(everybody[-1], everybody) is None


def test_whoever_has_most_loses_the_longest_idle_one() -> None:
    lonely, working = Conn("b", 0), Conn("a", 1, idle=False)
    everybody = [lonely, working, Conn("a", 3), oldest := Conn("a", 2), new := Conn("c", 4)]

    assert RoomMaker(ConnectionLimits(in_all=4)).to_close(new, everybody) is oldest


def test_an_address_with_too_many_loses_one_of_its_own() -> None:
    everybody = [Conn("b", 0), oldest := Conn("a", 1), Conn("a", 2), new := Conn("a", 3)]

    assert RoomMaker(ConnectionLimits(in_all=9, per_address=2)).to_close(new, everybody) is oldest


def test_where_all_are_at_work_the_new_one_goes() -> None:
    everybody = [Conn("a", idle=False), Conn("a", idle=False), new := Conn("b")]

    assert RoomMaker(ConnectionLimits(in_all=2)).to_close(new, everybody) is new


@pytest.mark.parametrize(("files", "most"), [(256, 176), (1024, 752), (1_000_000, 8192), (8, 1)])
def test_the_files_that_may_be_open_bound_the_connections(
    files: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_files", lambda: files)

    assert ConnectionLimits.of(Settings()).in_all == most
    assert ConnectionLimits.of(Settings(max_connections=7)).in_all == 7
