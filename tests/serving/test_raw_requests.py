"""Header splitting, smuggling, what is half sent, and bodies that come too slowly, against the real server."""

import re
import socket
import time
from collections.abc import Iterator

import pytest

from tests.processes import Service, in_time
from tests.support import Person, new_id

pytestmark = pytest.mark.engines("embedded", "mongoeco")


WHOLE = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
HALF = WHOLE[:-2] + b"X-Half: "
HALF_A_BODY = b"POST /api/logger/contentsession HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"
CHUNKED = b"POST /api/logger/contentsession HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("raw") / "data", LEARNTRACK_BODY_SECONDS="1") as running:
        yield running


def raw(service: Service, request: bytes, *, no_more: bool = False) -> bytes:
    with socket.create_connection(("127.0.0.1", service.port), timeout=60) as connection:
        connection.sendall(request)
        if no_more:
            connection.shutdown(socket.SHUT_WR)
        parts = []
        try:
            while part := connection.recv(65536):
                parts.append(part)
        except TimeoutError:
            parts.append(b"(timeout)")
    return b"".join(parts)


def test_raw_requests(service: Service) -> None:
    """Header splitting, smuggling, and bodies that come too slowly, against the real server."""
    learner = Person(new_id())
    auth = learner.headers["Authorization"].encode()
    head = b"Host: x\r\nConnection: close\r\nAuthorization: " + auth + b"\r\n"

    split = raw(service, b"GET /health/live HTTP/1.1\r\nX-Request-ID: a\rSet-Cookie: evil=1\r\n" + head + b"\r\n")
    assert b"evil" not in split.split(b"\r\n\r\n")[0]
    encoded = raw(
        service,
        b"GET /health/live?x=%0d%0aSet-Cookie:%20evil=1 HTTP/1.1\r\nX-Request-ID: a%0d%0ax\r\n" + head + b"\r\n",
    )
    assert b"evil" not in encoded
    both = (
        b"POST /api/logger/contentsession HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n"
        + head
        + b"\r\n0\r\n\r\nGET /"
    )
    answer = raw(service, both)
    assert b" 5" not in answer[:13]
    twice = raw(
        service,
        b"POST /api/logger/contentsession HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 50\r\n" + head + b"\r\n{}",
    )
    assert b" 5" not in twice[:13]
    slow = b"POST /api/logger/contentsession HTTP/1.1\r\nContent-Length: 1000\r\n" + head + b"\r\n{"
    began = time.monotonic()
    assert b"408" in raw(service, slow)[:20]
    assert time.monotonic() - began < in_time(8)
    long = raw(service, b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n" + head + b"\r\n")
    assert b" 5" not in long[:13]
    assert service.send("GET", "/health/ready", learner).status_code == 200
    assert "Traceback" not in service.log.read_text()


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /health/live HTTP/1.1\r\n", b"400"),
        (b"GET /health/live HTTP/1.1\r\nHost: x\r\nhost: y\r\n", b"400"),
        (b"GET /health/live HTTP/1.1\r\nHost: x\r\nAuthorization: a\r\nauthorization: b\r\n", b"400"),
        (b"GET /health/live HTTP/1.0\r\n", b"200"),
        (b"GET /health/live HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n", b"400"),
        (b"GET /health/live HTTP/1.0\r\nTransfer-Encoding: chunked\r\n", b"400"),
        (b"GET /health/live HTTP/1.1\r\nHost: x\r\nX: a\r\nX: b\r\n", b"200"),
    ],
)
def test_what_a_proxy_may_read_otherwise_is_refused(service: Service, head: bytes, status: bytes) -> None:
    assert raw(service, head + b"Connection: close\r\n\r\n").startswith(b"HTTP/1.1 " + status)


@pytest.mark.parametrize("coding", [b"chunked", b" CHUNKED "])
def test_a_body_in_parts_is_read(service: Service, coding: bytes) -> None:
    head = b"POST /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding:%b\r\n\r\n" % coding
    assert raw(service, head + b"2\r\n{}\r\n0\r\n\r\n").startswith(b"HTTP/1.1 405")


STARTS = b"POST /api/logger/contentsession HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"


@pytest.mark.parametrize(
    ("sent", "statuses"),
    [
        (WHOLE, [b"200"]),
        (WHOLE + STARTS, [b"200", b"400"]),
        (STARTS + WHOLE * 3, [b"400", b"200", b"200", b"200"]),
        (HALF, [b"400"]),
        (HALF_A_BODY, [b"400"]),
        (CHUNKED + b"2\r\n{}\r\n", [b"400"]),
        (b"", []),
        (STARTS + HALF_A_BODY, [b"400", b"400"]),
        (WHOLE * 2 + HALF_A_BODY, [b"200", b"200", b"400"]),
        (WHOLE * 2 + HALF, [b"200", b"200", b"400"]),
    ],
    ids=[
        "one",
        "two",
        "more",
        "half a head",
        "half a body",
        "parts without end",
        "nothing",
        "a body behind one",
        "behind two",
        "a head",
    ],
)
def test_who_sends_no_more_is_answered_and_the_connection_ends(
    service: Service, sent: bytes, statuses: list[bytes]
) -> None:
    """As `printf … | nc -N` does it: nobody was answered whose request took longer than its sending."""
    answers = raw(service, sent, no_more=True)
    assert b"(timeout)" not in answers
    assert re.findall(rb"HTTP/1\.1 (\d+)", answers) == statuses


@pytest.mark.parametrize("number", [65, 500])
def test_many_requests_at_once_are_all_answered(service: Service, number: int) -> None:
    """More than 64 were not answered at all, not even the first."""
    answers = raw(service, WHOLE * number, no_more=True)
    assert re.findall(rb"HTTP/1\.1 (\d+)", answers) == [b"200"] * number


AMBIGUOUS = b"GET /health/live HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"
NO_CHUNK = CHUNKED + b"nonsense\r\n{}\r\n"
LARGE_HEAD = WHOLE[:-2] + b"X: " + b"x" * 70_000 + b"\r\n\r\n"


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        (b"nonsense\r\n\r\n" + WHOLE, b"400"),
        (b"GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n" + WHOLE, b"400"),
        (AMBIGUOUS + WHOLE, b"400"),
        (NO_CHUNK + WHOLE, b"400"),
        (LARGE_HEAD + WHOLE, b"431"),
        (LARGE_HEAD[:-4] + b"x" * 20_000, b"431"),
        (CHUNKED + b"0\r\nX: " + b"x" * 90_000, b"431"),
    ],
    ids=["no request", "no address", "two hosts", "no chunk", "a large head", "one without end", "behind a body"],
)
@pytest.mark.parametrize("before", [0, 1, 3, 100])
def test_what_cannot_be_read_is_said_behind_the_answers_before_it(
    service: Service, before: int, wrong: bytes, status: bytes
) -> None:
    """It was said at once: as if it answered the oldest, whose own answer never came."""
    answers = raw(service, STARTS * before + wrong)
    assert re.findall(rb"HTTP/1\.1 (\d+)", answers) == [b"400"] * before + [status]
