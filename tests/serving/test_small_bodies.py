"""What a small body is waited for before anybody works on it, and what is left of a connection that is lost."""

import asyncio
import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from learntrack.serving.protocol import PatientProtocol
from learntrack.web.limits import TOO_LATE, WHOLLY_HERE
from tests.serving.on_a_wire import WHOLE, Served, Wire, all_answered, answers

HEAD = b"POST /%d HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
CHUNKED = b"POST /%d HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNK = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"


async def test_who_answers_hears_of_a_request_when_its_small_body_is_there(
    protocol: Any, app: Served, wire: Wire
) -> None:
    """1,000 requests that were half there took 25 KB each, of which half stayed."""
    app.told.set()
    for sent in (HEAD[:20], HEAD[20:] % 9, b"12345", b"678"):
        protocol.data_received(sent.replace(b"%d", b"0"))
        await asyncio.sleep(0)
        assert app.asked == []
    protocol.data_received(b"9" + WHOLE % 1)
    await all_answered(protocol)

    assert answers(wire) == [0, 1]
    assert app.asked[0][WHOLLY_HERE]


async def test_of_parts_it_is_known_at_their_end_that_they_are_small(protocol: Any, app: Served, wire: Wire) -> None:
    app.told.set()
    protocol.data_received(CHUNKED % 0 + CHUNK)
    await asyncio.sleep(0)
    assert app.asked == []

    protocol.data_received(b"0\r\n\r\n")
    await all_answered(protocol)

    assert answers(wire) == [0]


@pytest.mark.parametrize(
    "sent",
    [
        HEAD % (0, 64 * 1024 + 1),
        HEAD % (0, 10**12),
        CHUNKED % 0 + CHUNK * 3,
        b"POST /0 HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n",
    ],
    ids=["just large", "very large", "large in parts", "waits to be asked for it"],
)
async def test_who_sends_it_is_asked_before_a_large_body_is_taken(protocol: Any, app: Served, sent: bytes) -> None:
    protocol.data_received(sent)
    await asyncio.sleep(0)

    assert len(app.asked) == 1
    assert WHOLLY_HERE not in app.asked[0]


async def test_half_a_small_body_behind_another_request_is_waited_for(protocol: Any, app: Served, wire: Wire) -> None:
    app.told.set()
    protocol.data_received(WHOLE % 0 + HEAD % (1, 9) + b"1234")
    await all_answered(protocol)
    assert answers(wire) == [0]
    assert wire.reading

    protocol.data_received(b"56789" + WHOLE % 2)
    await all_answered(protocol)

    assert answers(wire) == [0, 1, 2]


@pytest.mark.parametrize("before", [b"", WHOLE % 0])
async def test_what_does_not_come_whole_in_time_is_told_so_by_who_answers(
    protocol: Any, app: Served, monkeypatch: pytest.MonkeyPatch, before: bytes
) -> None:
    late: list[tuple[float, Any]] = []
    monkeypatch.setattr(protocol, "loop", _Clock(late))
    app.told.set()
    protocol.data_received(before + HEAD % (1, 9) + b"1234")
    await all_answered(protocol)
    [(seconds, look_again)] = [each for each in late if each[1] == protocol._is_too_late]
    assert seconds == protocol.limits.body_seconds

    look_again()
    asked = len(app.asked)
    late[-1][1]()  # nothing has come meanwhile
    await asyncio.sleep(0)

    assert len(app.asked) == asked + 1
    assert app.asked[-1][TOO_LATE]
    assert WHOLLY_HERE not in app.asked[-1]


class _Clock:
    """A loop whose timers go off when a test says so."""

    def __init__(self, timers: list[tuple[float, Any]]) -> None:
        self._timers = timers
        self._loop = asyncio.get_running_loop()

    def call_later(self, seconds: float, call: Any) -> asyncio.TimerHandle:
        self._timers.append((seconds, call))
        return self._loop.call_later(3600, call)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)


async def test_half_a_request_of_who_has_gone_is_not_begun(protocol: Any, app: Served) -> None:
    protocol.data_received(HEAD % (0, 9) + b"1234")
    protocol.connection_lost(None)
    await asyncio.sleep(0)

    assert app.asked == []


async def test_a_server_that_stops_answers_what_it_can(protocol: Any, app: Served) -> None:
    """Else a request that is half there would be cut off instead of being told to come again."""
    protocol.data_received(HEAD % (0, 9) + b"1234")
    protocol.shutdown()
    await asyncio.sleep(0)

    assert len(app.asked) == 1


async def test_half_a_request_at_the_end_of_what_is_sent_is_refused(protocol: Any, app: Served, wire: Wire) -> None:
    protocol.data_received(HEAD % (0, 9) + b"1234")
    protocol.eof_received()
    await asyncio.sleep(0)

    assert app.asked == []
    assert wire.written.startswith(b"HTTP/1.1 400 ")


@pytest.fixture
def uncollected() -> Iterator[None]:
    """The collector does nothing by itself."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("sent", [b"", WHOLE % 0, HEAD % (0, 9) + b"1"], ids=["nothing", "a request", "half of one"])
async def test_a_lost_connection_leaves_nothing_to_the_collector(sent: bytes) -> None:
    """It counts objects, not their bytes: until it looked, all of each request was kept."""
    app, wire = Served(), Wire()
    app.told.set()
    protocol: Any = PatientProtocol(Config(app, http=PatientProtocol, interface="asgi3"), ServerState(), {})
    protocol.connection_made(wire)
    protocol.data_received(sent)
    await all_answered(protocol)
    protocol.connection_lost(None)
    app.asked.clear()
    left = weakref.ref(protocol)
    del protocol
    await asyncio.sleep(0)

    assert left() is None, gc.get_referrers(left())
