"""Requests of one connection are taken in as they are answered, and answered in their order."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from learntrack.serving.protocol import PatientProtocol
from learntrack.web.limits import GONE
from learntrack.web.remains import CUT_ANSWER_BYTES
from tests.serving.on_a_wire import WHOLE, Served, Wire, all_answered, answers

ROOM = 64 + 20
"""Requests that may wait: as many as are let in, and those of one piece."""


async def test_many_requests_at_once_wait_unread_and_are_answered_in_order(
    protocol: Any, app: Served, wire: Wire
) -> None:
    """Of more than 64 none was answered. Before that they were piled up: 8 MB of them took 150 MB."""
    protocol.data_received(b"".join(WHOLE % number for number in range(1000)))
    await asyncio.sleep(0)
    assert len(protocol.pipeline) <= ROOM
    assert not wire.reading, "though the first one asks for a body"

    most = 0
    app.told.set()
    while len(app.asked) < 1000:
        await asyncio.sleep(0)
        most = max(most, len(protocol.pipeline))
    await all_answered(protocol)

    assert answers(wire) == list(range(1000))
    assert most <= ROOM
    assert wire.reading


async def all_but_resting(protocol: Any) -> None:
    while protocol.tasks:
        await asyncio.gather(*protocol.tasks)
        await asyncio.sleep(0)


@pytest.fixture
def long_rests(monkeypatch: pytest.MonkeyPatch, protocol: Any) -> None:
    """Rests that end when a test says so; `protocol` is asked for to come before, as it has none."""
    monkeypatch.setattr("learntrack.serving.orderly._REST_SECONDS", 3600)


@pytest.mark.usefixtures("long_rests")
async def test_a_connection_that_sends_and_sends_rests_now_and_then(protocol: Any, app: Served, wire: Wire) -> None:
    """One kept the loop busy: updates of others took 2 s, as their threads hardly came to run."""
    app.told.set()
    protocol.data_received(b"".join(WHOLE % number for number in range(1000)))
    await all_but_resting(protocol)
    assert 64 <= len(answers(wire)) <= 64 + ROOM
    assert not wire.reading

    while protocol._rests:
        protocol._has_rested()
        await all_but_resting(protocol)
    assert answers(wire) == list(range(1000))
    assert wire.reading


@pytest.mark.usefixtures("long_rests")
@pytest.mark.parametrize("left", [9, 1500])
async def test_what_ends_within_a_request_is_read_on_after_a_rest(
    protocol: Any, app: Served, wire: Wire, left: int
) -> None:
    """Where half a request was all that a rest had kept waiting, nothing was read any more."""
    app.told.set()
    for many in range(100, 160):
        wire.written = b""
        last = b"GET /%d HTTP/1.1\r\nHost: x\r\nX-Long: %b\r\n\r\n" % (many, b"x" * 2000)
        protocol.data_received(b"".join(WHOLE % number for number in range(many)) + last[:-left])
        await all_but_resting(protocol)
        while protocol._rests:
            protocol._has_rested()
            await all_but_resting(protocol)
        assert wire.reading, many
        protocol.data_received(last[-left:])
        await all_but_resting(protocol)
        assert answers(wire) == list(range(many + 1))


async def test_many_bodies_at_once_are_read_as_they_were_sent(protocol: Any, app: Served, wire: Wire) -> None:
    bodies = [b"\r\n\r\n" * number for number in range(150)]
    post = b"POST /%d HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b"
    app.told.set()
    protocol.data_received(b"".join(post % (number, len(body), body) for number, body in enumerate(bodies)))
    await all_answered(protocol)

    assert answers(wire) == list(range(150))


async def test_of_bodies_that_wait_few_bytes_are_read(protocol: Any, app: Served, wire: Wire) -> None:
    """300 connections with 80 bodies of 60 KB each took 630 MB."""
    body = b"x" * 60_000
    post = b"POST /%d HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n%b"
    most = 0
    for number in range(64):
        protocol.data_received(post % (number, body))
        most = max(most, sum(len(cycle.body) for cycle, _ in protocol.pipeline))
    assert most < 64 * 1024 + 16 * 1024
    assert not wire.reading

    app.told.set()
    await all_answered(protocol)

    assert answers(wire) == list(range(64))
    assert wire.reading


async def test_a_large_body_that_waits_is_read_when_its_turn_comes(protocol: Any, app: Served, wire: Wire) -> None:
    """Read no further for the bytes of it that wait, it would never have come whole."""
    app.told.set()
    head = b"POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
    protocol.data_received(WHOLE % 0 + head + b"x" * 200_000)
    await asyncio.sleep(0)
    protocol.data_received(b"x" * 800_000 + WHOLE % 2)
    await all_answered(protocol)

    assert answers(wire) == [0, 1, 2]


async def test_what_waits_to_be_read_is_collected(protocol: Any, app: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its memory was kept for good: it was never counted."""
    left: list[int] = []
    monkeypatch.setattr(PatientProtocol, "remains", SimpleNamespace(add=left.append))
    protocol.data_received(WHOLE % 0)
    assert left == []

    protocol.data_received(WHOLE % 1)
    protocol.data_received(b"POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n" + b"x" * 200_000)
    assert sum(left) > 200_000


@pytest.mark.parametrize("begun", [True, False])
async def test_what_an_answer_that_nobody_reads_to_its_end_leaves_is_collected(
    protocol: Any, app: Served, monkeypatch: pytest.MonkeyPatch, begun: bool
) -> None:
    """What 60 slow readers of 18 MB had had read for them was kept for good, 360 MB of it."""
    left: list[int] = []
    monkeypatch.setattr(PatientProtocol, "remains", SimpleNamespace(add=left.append))
    protocol.data_received(WHOLE % 0)
    await asyncio.sleep(0)
    protocol.cycle.response_started = begun
    protocol.connection_lost(ConnectionResetError())

    assert (sum(left) >= CUT_ANSWER_BYTES) is begun


async def test_what_is_no_request_is_said_behind_the_answers_to_those_before(
    protocol: Any, app: Served, wire: Wire
) -> None:
    protocol.data_received(WHOLE % 0 + WHOLE % 1 + b"nonsense\r\n\r\n" + WHOLE % 2)
    await asyncio.sleep(0)
    assert wire.written == b""

    app.told.set()
    await all_answered(protocol)

    assert answers(wire) == [0, 1]
    assert b";HTTP/1.1 400 " in wire.written
    assert wire.written.endswith(b"(end)")
    assert wire.reading, "so that its sender comes to read that"


async def test_a_body_that_cannot_be_read_is_no_answer_to_the_request_before(
    protocol: Any, app: Served, wire: Wire
) -> None:
    chunked = b"POST /1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n"
    protocol.data_received(WHOLE % 0 + chunked)
    app.told.set()
    await all_answered(protocol)

    assert [scope["path"] for scope in app.asked] == ["/0"]
    assert answers(wire) == [0]
    assert b";HTTP/1.1 400 " in wire.written


async def test_nobody_is_too_slow_whose_requests_are_not_read(protocol: Any, wire: Wire) -> None:
    protocol.data_received(b"".join(WHOLE % number for number in range(100)))
    await asyncio.sleep(0)
    protocol._has_been_too_slow()

    assert wire.written == b""
    assert not wire.closed


@pytest.mark.parametrize(("sent", "closed"), [(WHOLE % 0, True), (WHOLE % 0 + b"GET /1 HT", False)])
async def test_a_connection_of_which_nothing_comes_is_closed_and_not_one_with_half_a_request(
    protocol: Any, app: Served, wire: Wire, sent: bytes, closed: bool
) -> None:
    """What has begun to come has its own time."""
    app.told.set()
    protocol.data_received(sent)
    await all_answered(protocol)
    protocol._has_been_idle()

    assert wire.closed is closed


async def test_for_who_has_gone_nothing_is_read_any_longer(protocol: Any, app: Served) -> None:
    """A report was worked out to its end for nobody."""
    protocol.data_received(WHOLE % 0 + WHOLE % 1)
    await asyncio.sleep(0)
    protocol.connection_lost(ConnectionResetError())
    await asyncio.gather(*protocol.tasks, return_exceptions=True)
    assert app.ended == ["/0"]
    assert [GONE in scope for scope in app.asked] == [True], "so that nothing is sent, nor logged as an error"


async def test_what_is_recorded_goes_on_though_its_sender_has_gone(protocol: Any, app: Served) -> None:
    protocol.data_received(b"POST /0 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
    await asyncio.sleep(0)
    protocol.connection_lost(ConnectionResetError())
    app.told.set()
    await all_answered(protocol)
    assert app.ended == []


@pytest.mark.parametrize(
    ("sent", "looks"),
    [
        (WHOLE % 0, True),
        (b"GET /0 HTTP/1.0\r\n\r\n", False),
        (b"POST /0 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", False),
    ],
)
async def test_who_sends_no_more_is_asked_whether_they_listen_while_an_answer_is_worked_out(
    protocol: Any, app: Served, wire: Wire, monkeypatch: pytest.MonkeyPatch, sent: bytes, looks: bool
) -> None:
    """Who has closed looks like who only sends no more; what is written to them fails."""
    monkeypatch.setattr("learntrack.serving.protocol._LISTENS_SECONDS", 0)
    protocol.data_received(sent)
    await asyncio.sleep(0)
    assert protocol.eof_received()
    for _ in range(5):
        await asyncio.sleep(0)

    assert wire.written.startswith(b"HTTP/1.1 100 Continue\r\n\r\n") is looks
    app.told.set()
    await all_answered(protocol)
    assert answers(wire) == [0]
    assert wire.closed


async def test_who_sends_no_more_is_asked_once_at_a_time_whether_they_listen(
    protocol: Any, app: Served, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is heard again whenever reading begins again, and was asked once more a second each time."""
    looks: list[object] = []
    protocol.data_received(WHOLE % 0)
    monkeypatch.setattr(protocol, "loop", SimpleNamespace(call_later=lambda _, look: looks.append(look)))
    for _ in range(3):
        assert protocol.eof_received()
    assert len(looks) == 1
    looks.clear()
    protocol._look_who_listens()
    assert len(looks) == 1


@pytest.mark.parametrize(("version", "asks"), [(b"1.1", True), (b"1.0", False)])
async def test_no_interim_answer_is_sent_to_who_knows_none(
    protocol: Any, app: Served, wire: Wire, version: bytes, asks: bool
) -> None:
    """A client of HTTP/1.0 takes it for the answer (RFC 9110, 10.1.1 and 15.2)."""
    head = b"POST /0 HTTP/%b\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    protocol.data_received(head % version)
    await asyncio.sleep(0)
    assert wire.written.startswith(b"HTTP/1.1 100 ") is asks

    protocol.data_received(b"{}")
    app.told.set()
    await all_answered(protocol)
    assert answers(wire) == [0]
