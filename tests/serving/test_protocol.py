"""Connections are bounded: what they send before a request is known, how long that takes, and how many there are."""

import asyncio
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from learntrack.serving.protocol import PatientProtocol
from learntrack.web.limits import ENDLESS
from learntrack.web.remains import CONNECTION_BYTES
from tests.pace import quickly
from tests.processes import Service, in_time

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

HALF = b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-Half: "
HALF_A_BODY = b"POST /api/logger/contentsession HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"
WHOLE = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that may open 256 files and is impatient."""
    data = tmp_path_factory.mktemp("protocol") / "data"
    limited = ["sh", "-c", 'ulimit -S -n 256; exec "$0" "$@"']
    impatient = {"LEARNTRACK_HEAD_SECONDS": "2", "LEARNTRACK_KEEP_ALIVE_SECONDS": "1"}
    with Service(data, anew=True, within=limited, **impatient) as running:
        yield running


def connected(service: Service) -> socket.socket:
    return socket.create_connection(("127.0.0.1", service.port), timeout=30)


def everything(connection: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    parts = []
    try:
        while part := connection.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        parts.append(b"")
    return b"".join(parts)


def send_on(connection: socket.socket, data: bytes, times: int) -> int:
    """Send until it is closed; how many bytes were."""
    sent = 0
    try:
        for _ in range(times):
            connection.sendall(data)
            sent += len(data)
    except (BrokenPipeError, ConnectionResetError):
        pass
    return sent


@pytest.mark.parametrize(
    ("head", "more"),
    [
        (HALF, b"x" * 65536),  # one header without end
        (b"GET /health/live HTTP/1.1\r\n", b"X-More: 1\r\n" * 4096),  # headers without end
        (b"GET /", b"x" * 65536),  # an address without end
    ],
)
def test_a_head_without_end_is_refused(service: Service, head: bytes, more: bytes) -> None:
    """209 MB of headers were accepted."""
    with connected(service) as connection:
        connection.sendall(head)
        assert send_on(connection, more, 3200) < 20_000_000
    with connected(service) as connection:
        connection.sendall((head + more + more)[:66_000])
        assert everything(connection).startswith((b"HTTP/1.1 431", b"HTTP/1.1 400"))


CHUNKED = b"POST /api/logger/contentsession HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("begun", "more"),
    [
        (b"2\r\n{}\r\n0\r\n", b"X-More: 1\r\n" * 4096),  # headers behind the body without end
        (b"2\r\n{}\r\n0\r\nX-More: ", b"x" * 65536),  # one header there without end
        (b"2;x=", b"x" * 65536),  # a part's extension without end
        (b"0", b"0" * 65536),  # a part's size without end
    ],
)
def test_what_is_around_a_body_has_an_end(service: Service, begun: bytes, more: bytes) -> None:
    """100 MB of headers behind a body were taken, and kept."""
    with connected(service) as connection:
        connection.sendall(CHUNKED + begun)
        assert send_on(connection, more, 1600) < 20_000_000


def test_a_body_in_the_smallest_parts_is_taken(service: Service) -> None:
    body = b'{"node_id":"' + b"x" * 20_000 + b'"}'
    parts = b"".join(b"1\r\n%c\r\n" % byte for byte in body)
    with connected(service) as connection:
        connection.sendall(CHUNKED + parts + b"0\r\nX-More: 1\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 400")


def test_a_connection_goes_on_after_head(service: Service) -> None:
    """The server missed the body that HEAD is answered without, and cut the connection."""
    with connected(service) as connection:
        connection.sendall(WHOLE.replace(b"GET", b"HEAD") + WHOLE)
        assert everything(connection).count(b"HTTP/1.1 200") == 2


async def test_a_connection_whose_answer_nobody_reads_makes_room_for_others() -> None:
    found = {"get_extra_info": lambda _: None, "abort": lambda: None, "get_write_buffer_size": lambda: 100_000}
    transport: Any = SimpleNamespace(**found)
    protocol = PatientProtocol(Config(lambda: None, http=PatientProtocol), ServerState(), {})
    protocol.connection_made(transport)
    protocol.cycle = SimpleNamespace(response_complete=False, message_event=asyncio.Event())  # type: ignore[assignment]

    assert not protocol.is_idle()
    protocol.pause_writing()
    assert protocol.is_idle()
    protocol.resume_writing()
    assert not protocol.is_idle()
    protocol.connection_lost(OSError())


async def test_what_closed_connections_leave_is_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    """2,000 idle ones at once took 34 MB for good."""
    left: list[int] = []
    monkeypatch.setattr(PatientProtocol, "remains", SimpleNamespace(add=left.append))
    under_way().connection_lost(OSError())

    assert left == [CONNECTION_BYTES]


async def test_connections_of_one_ipv6_network_are_counted_as_of_one_address() -> None:
    addresses = []
    for peer in ("2001:db8:1:2::1", "2001:db8:1:2::2", "::ffff:192.0.2.1"):
        found = {"socket": SimpleNamespace(getpeername=lambda peer=peer: (peer, 1, 0, 0), getsockname=lambda: ("", 1))}
        transport: Any = SimpleNamespace(get_extra_info=found.get, abort=lambda: None)
        protocol = PatientProtocol(Config(lambda: None, http=PatientProtocol), ServerState(), {})
        protocol.connection_made(transport)
        addresses.append(protocol.address)
        protocol.connection_lost(OSError())

    assert addresses == ["2001:db8:1:2::/64", "2001:db8:1:2::/64", "192.0.2.1"]


def test_a_whole_head_that_is_too_large_is_refused(service: Service) -> None:
    with connected(service) as connection:
        connection.sendall(WHOLE[:-2] + b"X-Large: " + b"x" * 70_000 + b"\r\n\r\n" + WHOLE)
        assert everything(connection).startswith(b"HTTP/1.1 431")


def test_a_large_head_is_answered(service: Service) -> None:
    with connected(service) as connection:
        connection.sendall(WHOLE[:-2] + b"X-Large: " + b"x" * 60_000 + b"\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")


def test_what_is_half_sent_ends(service: Service) -> None:
    with connected(service) as connection:
        connection.sendall(HALF)
        deadline = time.monotonic() + in_time(4)
        connection.settimeout(0.4)
        said = b""
        while not said:
            assert time.monotonic() < deadline
            with suppress(TimeoutError):
                said = connection.recv(4096)
            if not said:
                connection.sendall(b"x")  # a drop now and then does not prolong it
        assert said.startswith(b"HTTP/1.1 408")


def test_what_says_nothing_ends(service: Service) -> None:
    with connected(service) as new, connected(service) as used:
        used.sendall(WHOLE)
        assert everything(used).startswith(b"HTTP/1.1 200")
        assert everything(new) == b""


def test_the_second_request_of_a_connection_has_a_time_too(service: Service) -> None:
    said = b""
    for _ in range(5):  # it is closed as an idle one, without a word, where this process stands still between the two
        with connected(service) as connection:
            connection.sendall(WHOLE)
            assert connection.recv(4096).startswith(b"HTTP/1.1 200")
            connection.sendall(HALF)
            said = everything(connection)
        if said:
            break
    assert b"HTTP/1.1 408" in said


def test_a_body_that_is_refused_is_not_waited_for(service: Service) -> None:
    head = b"POST /reports/sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n"
    with connected(service) as connection:
        connection.sendall(head)
        assert connection.recv(4096).startswith(b"HTTP/1.1 413")
        began = time.monotonic()
        connection.settimeout(0.3)
        while time.monotonic() - began < in_time(8):
            try:
                connection.sendall(b"x")
                if connection.recv(4096) == b"":
                    break
            except TimeoutError:
                continue
            except (BrokenPipeError, ConnectionResetError):
                break
        assert time.monotonic() - began < in_time(8)


@pytest.mark.parametrize("sent", [b"", HALF, HALF_A_BODY], ids=["idle", "head", "body"])
def test_240_idle_connections_shut_nobody_out(service: Service, sent: bytes) -> None:
    def asked_beside_them() -> tuple[float, None]:
        with ExitStack() as stack:
            for _ in range(240):
                with suppress(OSError):
                    stack.enter_context(connected(service)).sendall(sent)
            began = time.monotonic()
            for _ in range(5):
                assert httpx.get(f"{service.address}/health/live", timeout=30, verify=False).status_code == 200
                assert httpx.get(f"{service.address}/health/ready", timeout=30, verify=False).status_code == 200
            return time.monotonic() - began, None

    quickly(1.9, asked_beside_them)  # not only because their time was up
    assert "too many connections" in service.log.read_text()


def test_what_is_sent_with_a_wish_for_an_upgrade_is_read(service: Service) -> None:
    """As Java's HTTP client sends it: it was answered as if nothing had been sent, and the body read as a request."""
    head = (
        b"POST /api/logger/contentsession HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\n"
        b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nContent-Length: %d\r\n\r\n"
    )
    bodies = [b'{"node_id": 7}', b"\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"]
    with connected(service) as connection:
        # The second head comes with the first body, so that the connection is never idle in between.
        for part in (head % len(bodies[0]), bodies[0] + head % len(bodies[1]), bodies[1]):
            connection.sendall(part)
        answers = everything(connection)
    assert answers.count(b"HTTP/1.1 400") == answers.count(b"HTTP/1.1 ") == 2
    assert b"node_id: Expected 'str" in answers
    assert b"Not valid JSON" in answers


def under_way(*, endless: bool = False) -> Any:
    """A connection whose request is being answered, by a route that goes on for as long as somebody listens."""
    protocol: Any = PatientProtocol(Config(lambda: None, http=PatientProtocol), ServerState(), {})
    protocol.connection_made(
        SimpleNamespace(get_extra_info=lambda _: None, abort=lambda: None, is_closing=lambda: False)
    )
    handler = SimpleNamespace(opt={ENDLESS: endless})
    protocol.cycle = SimpleNamespace(
        response_complete=False, keep_alive=True, message_event=asyncio.Event(), scope={"route_handler": handler}
    )
    return protocol


async def test_what_goes_on_for_ever_ends_with_its_listener() -> None:
    """Who has closed looks like who only sends no more, and would be written to for ever."""
    for endless in (True, False):
        protocol = under_way(endless=endless)
        assert protocol.eof_received() is not endless
        protocol.connection_lost(OSError())


@pytest.mark.parametrize("behind", [b"\r\n", b"\r\n\r\n"])
async def test_a_blank_line_behind_a_request_does_not_cost_its_answer(behind: bytes) -> None:
    """Some clients send one behind a body (RFC 9112, 2.2)."""
    protocol = under_way()
    protocol.data_received(behind)

    assert protocol.eof_received()
    assert not protocol.cycle.keep_alive
    protocol.connection_lost(OSError())
