"""What breaks, breaks honestly: 503 and a retry, never a lie, and the service mends itself."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from math import inf
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.pace import quickly
from tests.processes import Service, kill, wait_until_gone, when
from tests.support import Person, exercise, new_id, right, video

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

CONTENT = "/api/logger/contentsession"
AS_IT_IS = {"LEARNTRACK_TRANSACTION_SECONDS": None}
"""As patient with its database as a service is by default."""


class Client:
    """A learner who sends an update again, with the same key, until it is answered."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.learner = Person(new_id())
        self.sent = 0
        self.statuses: set[int] = set()

    async def work(self, session: str, stop: asyncio.Event) -> None:
        async with httpx.AsyncClient(headers=self.learner.headers, timeout=30, verify=False) as http:
            while not stop.is_set():
                await self.deliver(http, session)

    async def deliver(self, http: httpx.AsyncClient, session: str) -> None:
        body, key = {"time_spent_delta": 1, "interactions": [right(f"item {self.sent}")]}, new_id()
        deadline = time.monotonic() + 120
        while True:
            assert time.monotonic() < deadline, f"not recorded within 120 s; answered until then: {self.statuses}"
            address = self.addresses[self.sent % len(self.addresses)]
            try:
                answer = await http.put(f"{address}{CONTENT}/{session}", json=body, headers={"Idempotency-Key": key})
            except httpx.TimeoutException:
                raise  # what cannot be answered is answered so, and not left waiting
            except httpx.TransportError:
                await asyncio.sleep(0.05)
                continue
            self.statuses.add(answer.status_code)
            if answer.status_code == 200:
                self.sent += 1
                return
            assert int(answer.headers["retry-after"]) >= 1, answer.text
            await asyncio.sleep(0.05)


def start(service: Service, learner: Person, body: Any) -> Any:
    deadline = time.monotonic() + 60
    while (answer := service.send("POST", CONTENT, learner, json=body)).status_code != 200:
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.05)
    return answer.json()


def send_engines(service: Service, how: signal.Signals) -> None:
    for engine in service.engine_pids():
        with contextlib.suppress(ProcessLookupError):  # it may have been given up by then
            os.kill(engine, how)


def check(service: Service, clients: list[Client], body: Any) -> None:
    """Acknowledged is stored, exactly."""
    for client in clients:
        stored = start(service, client.learner, body)
        assert stored["totalattempts"] == len(stored["pastattempts"]) == client.sent
        assert stored["time_spent"] == client.sent
        assert client.sent > 0
        assert client.statuses <= {200, 409, 503}


async def each_sent(clients: list[Client], more: int) -> None:
    """Wait until each client has had so many more updates recorded."""
    wanted = [client.sent + more for client in clients]
    await when(lambda: all(client.sent >= enough for client, enough in zip(clients, wanted, strict=True)), 120)


async def _amid_the_work(clients: list[Client], fault: Any, updates: int, stop: asyncio.Event) -> None:
    await each_sent(clients, updates)
    await asyncio.to_thread(fault)
    await each_sent(clients, updates)
    stop.set()


async def under_load(service: Service, clients: list[Client], body: Any, fault: Any, updates: int = 20) -> None:
    """Clients at work, and a fault in the midst of it."""
    sessions = [start(service, client.learner, body)["session_id"] for client in clients]
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as both:
        both.create_task(_amid_the_work(clients, fault, updates, stop))
        for client, session in zip(clients, sessions, strict=True):
            both.create_task(client.work(session, stop))


@pytest.fixture
def body() -> dict[str, Any]:
    return exercise({"type": "quiz"})


async def test_the_engine_alone_is_killed(tmp_path: Path, body: Any) -> None:
    with Service(tmp_path / "data", **AS_IT_IS) as service:
        clients = [Client(service.address) for _ in range(8)]
        [engine] = service.engine_pids()

        def fault() -> None:
            kill(engine)
            wait_until_gone([engine])

        await under_load(service, clients, body, fault)

        check(service, clients, body)
        assert service.engine_pids() != [engine]


def test_while_the_engine_stands_still_a_write_is_503_within_5_seconds(tmp_path: Path) -> None:
    with Service(tmp_path / "data", LEARNTRACK_READ_SECONDS="2", **AS_IT_IS) as service:
        learner = Person(new_id())
        session = start(service, learner, video())["session_id"]
        try:
            for method, path, more in (
                ("PUT", f"{CONTENT}/{session}", {"json": {"time_spent_delta": 1}}),
                ("GET", "/api/logger/masterylog?page_size=10", {}),
                ("GET", "/api/logger/attemptlog", {}),
            ):
                # Bound, since the next one asks for something else.
                ask = partial(service.send, method, path, learner, **more)

                def asked(ask: Callable[[], httpx.Response] = ask) -> tuple[float, None]:
                    send_engines(service, signal.SIGCONT)
                    start(service, learner, video())  # it answers, so that it is not given up meanwhile
                    send_engines(service, signal.SIGSTOP)
                    began = time.monotonic()
                    answer = ask()
                    if answer.status_code == 200:  # it has been given up all the same, and another one answered
                        return inf, None
                    assert answer.status_code == 503
                    assert answer.headers["retry-after"]
                    return time.monotonic() - began, None

                quickly(5.5, asked)
        finally:
            send_engines(service, signal.SIGCONT)
        assert start(service, learner, video())["session_id"]


async def test_an_engine_that_stands_still_for_good_is_replaced(tmp_path: Path, body: Any) -> None:
    """Where it hangs in its cache, nothing but another one helps."""
    with Service(tmp_path / "data", **AS_IT_IS) as service:
        clients = [Client(service.address) for _ in range(4)]
        [engine] = service.engine_pids()

        def fault() -> None:
            os.kill(engine, signal.SIGSTOP)
            wait_until_gone([engine], seconds=40)

        await under_load(service, clients, body, fault)

        check(service, clients, body)
        assert service.engine_pids() != [engine]
        assert "has not answered for 10 s" in service.log.read_text()


async def test_a_worker_is_killed(tmp_path: Path, body: Any) -> None:
    with Service(tmp_path / "data", workers=2, **AS_IT_IS) as service:
        clients = [Client(service.address) for _ in range(8)]
        await under_load(service, clients, body, lambda: kill(service.worker_pids()[0]))

        check(service, clients, body)
        assert "it is started again" in service.log.read_text()


async def test_two_services_on_one_database(tmp_path: Path, body: Any) -> None:
    with Service(tmp_path / "data", **AS_IT_IS) as first:
        uri = json.loads((first.data_dir / "engine.json").read_text())["uri"]
        (tmp_path / "other").mkdir()
        with Service(tmp_path / "other" / "data", LEARNTRACK_MONGODB_URI=uri, **AS_IT_IS) as second:
            clients = [Client(first.address, second.address) for _ in range(4)]
            # The same learners through both at once: each has three more clients that write to the same try.
            crowd = [Client(first.address, second.address) for _ in range(8)]
            for number, client in enumerate(crowd):
                client.learner = clients[number % 4].learner
            everybody = [*clients, *crowd]
            await under_load(first, everybody, body, lambda: None)

            for client in clients:
                stored = start(second, client.learner, body)
                sent = sum(each.sent for each in everybody if each.learner == client.learner)
                assert (stored["totalattempts"], stored["time_spent"]) == (sent, sent)
                assert all(each.statuses <= {200, 503} for each in everybody)


def test_a_client_that_cuts_the_connection(tmp_path: Path) -> None:
    with Service(tmp_path / "data", **AS_IT_IS) as service:
        learner, visited = Person(new_id()), video()
        session = start(service, learner, visited)["session_id"]
        content = json.dumps({"time_spent_delta": 1}).encode()
        token = learner.headers["Authorization"]
        keys = [new_id() for _ in range(30)]
        for number, key in enumerate(keys):
            head = (
                f"PUT {CONTENT}/{session} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nIdempotency-Key: {key}\r\n"
                f"Content-Length: {len(content)}\r\n\r\n"
            ).encode()
            whole = head + content
            with socket.create_connection(("127.0.0.1", service.port)) as raw:
                raw.sendall(
                    whole[: len(whole) - (number % 3) * 5]
                )  # every third is complete, and its answer is not waited for

        headers = learner.headers
        for key in keys:
            answer = None
            deadline = time.monotonic() + 60
            while answer is None or answer.status_code in (409, 503):
                assert time.monotonic() < deadline, f"the request of {key} is under way for ever"
                answer = httpx.put(
                    f"{service.address}{CONTENT}/{session}",
                    content=content,
                    headers=headers | {"Idempotency-Key": key},
                    timeout=20,
                    verify=False,
                )
            assert answer.status_code == 200

        assert start(service, learner, visited)["time_spent"] == len(keys)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    if os.geteuid() != 0 or mount is None:
        pytest.skip("only root may mount a small disk")
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_no_lie(small_disk: Path, tmp_path: Path) -> None:
    learner, body = Person(new_id()), exercise({"type": "quiz"})
    with Service(small_disk / "data", **AS_IT_IS) as service:
        session = start(service, learner, body)["session_id"]
        acknowledged, refused = [], 0
        fill = "x" * 20_000
        for number in range(3000):
            try:
                answer = service.send(
                    "PUT",
                    f"{CONTENT}/{session}",
                    learner,
                    json={"interactions": [right(f"item {number}", answer={"value": fill})]},
                )
            except httpx.TransportError:
                refused += 1
            else:
                assert answer.status_code in (200, 503), answer.text
                if answer.status_code == 200:
                    acknowledged.append(answer.json()["attempts"][0]["id"])
                else:
                    assert answer.headers["retry-after"]
                    refused += 1
            if refused >= 3:
                break
        assert refused, "the disk did not fill"
        assert service.send("GET", "/api/logger/masterylog", learner).status_code == 200
        service.kill_everything()
    roomy = tmp_path / "roomy"
    shutil.copytree(small_disk / "data", roomy)
    with Service(roomy) as service:
        stored = {attempt["id"] for attempt in start(service, learner, body)["pastattempts"]}
    assert set(acknowledged) <= stored
