"""Told to stop, the service is gone within ten seconds, whatever hangs."""

import asyncio
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from learntrack.serving.protocol import PatientProtocol
from learntrack.web.limits import TimeLimits
from tests.pace import quickly
from tests.processes import Service, wait_until_gone
from tests.support import Person, new_id, video

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

BATCH = "/api/logger/contentsession/batch"
AS_IT_IS = {"LEARNTRACK_TRANSACTION_SECONDS": None}
"""As patient with its database as a service is by default."""


def seconds_to_stop(service: Service) -> float:
    began = time.monotonic()
    assert service.stop() == 0
    return time.monotonic() - began


def batch(items: int) -> dict[str, object]:
    at = datetime.now(UTC).isoformat()
    return {"items": [{"session_id": new_id(), "occurred_at": at, "start": video()} for _ in range(items)]}


@contextmanager
def under_way(service: Service, method: str, path: str, **more: object) -> Iterator[None]:
    """A request that nobody waits for."""

    def ask() -> None:
        try:
            httpx.request(
                method,
                service.address + path,
                headers=Person(new_id()).headers,
                timeout=30,
                verify=False,
                **more,  # type: ignore[arg-type]
            )
        except httpx.TransportError:
            return

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    yield
    asking.join(30)


@pytest.mark.parametrize("workers", [1, 2])
def test_an_engine_that_stands_still_with_a_batch_pending(data_dir: Path, workers: int) -> None:
    with Service(data_dir, workers=workers, **AS_IT_IS) as service:
        service.send("POST", "/api/logger/contentsession", Person(new_id()), json=video())

        def stopped() -> tuple[float, None]:
            if not service.engine_pids():
                service.start()
            engines = service.engine_pids()
            os.kill(engines[0], signal.SIGSTOP)
            with under_way(service, "POST", BATCH, json=batch(100)):
                seconds = seconds_to_stop(service)
            wait_until_gone(engines)
            return seconds, None

        quickly(10, stopped)


def test_a_database_elsewhere_that_stands_still(data_dir: Path) -> None:
    with Service(data_dir, **AS_IT_IS) as first:
        uri = first.uri()
        (data_dir.parent / "other").mkdir()
        with Service(data_dir.parent / "other" / "data", LEARNTRACK_MONGODB_URI=uri, **AS_IT_IS) as second:
            second.send("POST", "/api/logger/contentsession", Person(new_id()), json=video())
            [engine] = first.engine_pids()

            def stopped() -> tuple[float, None]:
                if second.process is not None and second.process.poll() is not None:
                    os.kill(engine, signal.SIGCONT)
                    second.start()
                os.kill(engine, signal.SIGSTOP)
                return seconds_to_stop(second), None

            quickly(10, stopped)


def test_open_class_pages_do_not_hold_it_up(data_dir: Path) -> None:
    superuser = Person(new_id(), superuser=True)
    with Service(data_dir, **AS_IT_IS) as service:
        room, facility = new_id(), new_id()
        roster = {"facilities": [{"id": facility, "name": "F"}]} | {
            "classrooms": [{"id": room, "name": "A", "facility_id": facility}]
        }
        assert service.send("PUT", "/api/roster", superuser, json=roster).status_code == 200
        token = superuser.headers["Authorization"].removeprefix("Bearer ")
        request = f"GET /reports/class/{room}/events HTTP/1.1\r\nHost: x\r\nCookie: learntrack_token={token}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", service.port), timeout=60) as page:
            page.sendall(request.encode())
            heard = b""
            while b"beat" not in heard:
                part = page.recv(4096)
                assert part, heard
                heard += part
            assert service.stop() == 0
            assert "graceful shutdown exceeded" not in service.log.read_text()


def test_a_request_that_is_never_sent_to_its_end(data_dir: Path) -> None:
    def stopped() -> tuple[float, None]:
        with Service(data_dir, **AS_IT_IS) as service, socket.create_connection(("127.0.0.1", service.port)) as client:
            client.sendall(b"POST /api/logger/contentsession HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
            service.send("GET", "/health/live", Person(new_id()))
            seconds = seconds_to_stop(service)
            assert client.recv(4096).startswith(b"HTTP/1.1 503 ")
            assert "Exception in ASGI application" not in service.log.read_text()
            return seconds, None

    quickly(10, stopped)


@pytest.mark.parametrize(("method", "status"), [("GET", 503), ("HEAD", 503), ("PUT", 200)])
async def test_who_only_reads_does_not_keep_a_server_from_stopping(
    monkeypatch: pytest.MonkeyPatch, method: str, status: int
) -> None:
    """A page that took long kept it for the whole grace; what is written is still waited for."""
    monkeypatch.setattr("learntrack.serving.protocol._READING_SECONDS", 0.01)
    asked, written = asyncio.Event(), asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        asked.set()
        await written.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})

    limited: Any = TimeLimits(app, request_seconds=300, body_seconds=300)
    server = uvicorn.Server(uvicorn.Config(limited, http=PatientProtocol, lifespan="off", port=0, log_config=None))
    monkeypatch.setattr(server, "capture_signals", nullcontext)
    listening = socket.create_server(("127.0.0.1", 0))
    serving = asyncio.create_task(server.serve([listening]))
    reader, writer = await asyncio.open_connection(*listening.getsockname())
    writer.write(f"{method} / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode())
    await asyncio.wait_for(asked.wait(), 60)
    server.should_exit = True
    if method == "PUT":
        while listening.fileno() != -1:  # noqa: ASYNC110 - it stops; nothing else tells so
            await asyncio.sleep(0.01)
        written.set()

    head = await asyncio.wait_for(reader.readline(), 60)
    await asyncio.wait_for(serving, 60)
    writer.close()

    assert int(head.split()[1]) == status
