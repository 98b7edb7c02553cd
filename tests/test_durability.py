"""What was acknowledged is there after a kill -9, once."""

import asyncio
import random
import sys
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.processes import Service
from tests.support import Person, exercise, new_id, right

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

ROUNDS, CLIENTS = 4, 16


@dataclass
class Tally:
    """What the clients sent: seconds and items that were acknowledged, and that went unanswered."""

    acknowledged: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    statuses: set[int] = field(default_factory=set)


async def hammer(address: str, learner: Person, session: str, tally: Tally, stop: asyncio.Event) -> None:
    """Each update spends one second and answers one question of its own."""
    async with httpx.AsyncClient(base_url=address, headers=learner.headers, timeout=10) as client:
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


async def round_of_load(service: Service, learner: Person, session: str, tally: Tally, seconds: float) -> None:
    stop = asyncio.Event()
    clients = [asyncio.create_task(hammer(service.address, learner, session, tally, stop)) for _ in range(CLIENTS)]
    await asyncio.sleep(seconds)
    await asyncio.to_thread(service.kill_everything)
    stop.set()
    await asyncio.gather(*clients)


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_many_clients_on_one_session_and_kill_9(tmp_path: Path, workers: str) -> None:
    learner, body, tally = Person(new_id()), exercise({"type": "quiz"}), Tally()
    service = Service(tmp_path / "data", "--workers", workers)
    with service:
        session = service.send("POST", "/api/logger/contentsession", learner, json=body).json()["session_id"]
        for _ in range(ROUNDS):
            await round_of_load(service, learner, session, tally, 0.5 + random.random())
            service.start()
            again = service.send("POST", "/api/logger/contentsession", learner, json=body).json()
            stored = {one["item"] for one in again["pastattempts"]}

            assert len(again["pastattempts"]) == len(stored) == again["totalattempts"]
            assert set(tally.acknowledged) <= stored <= set(tally.acknowledged) | set(tally.unanswered)
            assert again["time_spent"] == len(stored)
    assert tally.acknowledged
    assert tally.statuses <= {200, 503}
