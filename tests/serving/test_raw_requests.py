"""Header splitting, smuggling, and bodies that come too slowly, against the real server."""

import socket
import time
from pathlib import Path

import pytest

from tests.processes import Service, in_time
from tests.support import Person, new_id

pytestmark = pytest.mark.engines("embedded", "mongoeco")


def raw(service: Service, request: bytes, *, wait: float = 10) -> bytes:
    with socket.create_connection(("127.0.0.1", service.port), timeout=wait) as connection:
        connection.sendall(request)
        parts = []
        try:
            while part := connection.recv(65536):
                parts.append(part)
        except TimeoutError:
            parts.append(b"(timeout)")
    return b"".join(parts)


def test_raw_requests(tmp_path: Path) -> None:
    """Header splitting, smuggling, and bodies that come too slowly, against the real server."""
    with Service(tmp_path / "data", LEARNTRACK_BODY_SECONDS="1") as service:
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
            b"POST /api/logger/contentsession HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 50\r\n"
            + head
            + b"\r\n{}",
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
