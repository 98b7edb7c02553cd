"""What was acknowledged is there after a kill -9, once."""

import asyncio
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.examples import usually
from tests.processes import Service, when
from tests.support import Person, exercise, new_id, right

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

ROUNDS, CLIENTS = usually(2, thoroughly=6), 16
KILLS = usually(5, thoroughly=40)


@dataclass
class Tally:
    """What the clients sent: seconds and items that were acknowledged, and that went unanswered."""

    acknowledged: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    statuses: set[int] = field(default_factory=set)


def connection(address: str, learner: Person) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=address, headers=learner.headers, timeout=30, verify=False)


async def hammer(address: str, learner: Person, session: str, tally: Tally, stop: asyncio.Event) -> None:
    """Each update spends one second and answers one question of its own."""
    async with connection(address, learner) as client:
        while not stop.is_set():
            item = new_id()
            body = {"time_spent_delta": 1, "interactions": [right(item)]}
            try:
                answer = await client.put(f"/api/logger/contentsession/{session}", json=body)
            except httpx.TransportError:
                tally.unanswered.append(item)
                return
            tally.statuses.add(answer.status_code)
            (tally.acknowledged if answer.status_code == 200 else tally.unanswered).append(item)


async def some_more(count: Callable[[], int], at_least: int) -> None:
    """Wait until so many more are acknowledged, and up to as many again."""
    wanted = count() + at_least + random.randrange(at_least)
    await when(lambda: count() >= wanted)


async def round_of_load(service: Service, learner: Person, session: str, tally: Tally) -> None:
    stop = asyncio.Event()
    clients = [asyncio.create_task(hammer(service.address, learner, session, tally, stop)) for _ in range(CLIENTS)]
    await some_more(lambda: len(tally.acknowledged), at_least=100)
    await asyncio.to_thread(service.kill_everything)
    stop.set()
    await asyncio.gather(*clients)


@pytest.mark.parametrize("workers", [1, 2])
async def test_many_clients_on_one_session_and_kill_9(tmp_path: Path, workers: int) -> None:
    learner, body, tally = Person(new_id()), exercise({"type": "quiz"}), Tally()
    service = Service(tmp_path / "data", workers=workers)
    with service:
        session = service.send("POST", "/api/logger/contentsession", learner, json=body).json()["session_id"]
        for _ in range(ROUNDS if workers == 1 else usually(1, thoroughly=6)):  # two start more slowly
            await round_of_load(service, learner, session, tally)
            service.start()
            again = service.send("POST", "/api/logger/contentsession", learner, json=body).json()
            stored = {one["item"] for one in again["pastattempts"]}

            assert len(again["pastattempts"]) == len(stored) == again["totalattempts"]
            assert set(tally.acknowledged) <= stored <= set(tally.acknowledged) | set(tally.unanswered)
            assert again["time_spent"] == len(stored)
    assert tally.acknowledged
    assert tally.statuses <= {200, 503}


class Retrying:
    """A client that sends what went unanswered again, with the same key, until it is acknowledged."""

    def __init__(self, address: str, learner: Person, session: str) -> None:
        self.address, self.learner, self.session = address, learner, session
        self.acknowledged: list[str] = []
        self.pending: tuple[str, str] | None = None

    async def work(self, stop: asyncio.Event) -> None:
        """Until `stop`, or until the service is gone."""
        async with httpx.AsyncClient(
            base_url=self.address, headers=self.learner.headers, timeout=30, verify=False
        ) as client:
            while not stop.is_set():
                if not await self.deliver(client):
                    return

    async def settle(self) -> None:
        """Have what is pending acknowledged."""
        async with httpx.AsyncClient(
            base_url=self.address, headers=self.learner.headers, timeout=30, verify=False
        ) as client:
            while self.pending is not None:
                await self.deliver(client)

    async def deliver(self, client: httpx.AsyncClient) -> bool:
        item, key = self.pending = self.pending or (new_id(), new_id())
        body = {"time_spent_delta": 1, "interactions": [right(item)]}
        try:
            answer = await client.put(
                f"/api/logger/contentsession/{self.session}", json=body, headers={"Idempotency-Key": key}
            )
        except httpx.TransportError:
            return False
        assert answer.status_code in (200, 409, 503)
        if answer.status_code == 200:
            self.acknowledged.append(item)
            self.pending = None
        return True


async def test_with_keys_acknowledged_is_stored_exactly(tmp_path: Path) -> None:
    """Again and again kill -9 of everything under load; every fourth time of two workers, which start more slowly."""
    learners, body = [Person(new_id()) for _ in range(4)], exercise({"type": "quiz"})
    service = Service(tmp_path / "data")
    with service:
        sessions = [
            service.send("POST", "/api/logger/contentsession", learner, json=body).json()["session_id"]
            for learner in learners
        ]
        clients = [Retrying(service.address, learners[n % 4], sessions[n % 4]) for n in range(CLIENTS)]
        for number in range(KILLS):
            stop = asyncio.Event()
            tasks = [asyncio.create_task(client.work(stop)) for client in clients]
            await some_more(lambda: sum(len(client.acknowledged) for client in clients), at_least=30)
            await asyncio.to_thread(service.kill_everything)
            stop.set()
            await asyncio.gather(*tasks)
            service.workers = 2 if number % 4 == 0 else 1
            await asyncio.to_thread(service.start)
            await asyncio.gather(*(client.settle() for client in clients))
        for learner in learners:
            again = service.send("POST", "/api/logger/contentsession", learner, json=body).json()
            acknowledged = [item for client in clients if client.learner is learner for item in client.acknowledged]
            assert sorted(attempt["item"] for attempt in again["pastattempts"]) == sorted(acknowledged)
            assert again["time_spent"] == again["totalattempts"] == len(acknowledged) > KILLS
