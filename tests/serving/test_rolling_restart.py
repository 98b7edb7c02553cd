"""Workers are replaced one by one under load, and no request is lost."""

import asyncio
import os
import signal
import sys
from operator import ge
from pathlib import Path

import httpx
import pytest

from tests.processes import Service, when
from tests.support import Person, new_id, video

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


async def recorded(path: str, person: Person) -> None:
    """Record a second; asked again, with the same key, as any client does: where the database did not answer in time,
    or where the connection had been open for so long before anything was sent that a server closed it that stops.
    """
    headers = person.headers | {"Idempotency-Key": new_id()}
    said: object = None
    for _ in range(5):
        try:
            # A connection each: one that idles between requests may be closed by either side at any time.
            async with httpx.AsyncClient(timeout=60, headers=headers, verify=False) as http:
                answer = await http.put(path, json={"time_spent_delta": 1})
        except httpx.RemoteProtocolError as error:
            said = error
        else:
            if answer.status_code == 200:
                return
            assert answer.status_code == 503, answer.text
            said = answer.text
    raise AssertionError(said)


class Restart:
    """Another worker in each one's place; asked for again where the machine was too busy for one to start."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._before = set(service.worker_pids())
        self._asked = 0

    def is_done(self) -> bool:
        if self._asked == self._service.last_words.count("no worker could start"):
            self._asked += 1
            assert self._service.process is not None
            os.kill(self._service.process.pid, signal.SIGHUP)
        there = set(self._service.worker_pids())
        return not self._before & there and len(there) == 2


async def test_a_rolling_restart_loses_no_request(tmp_path: Path) -> None:
    with Service(tmp_path / "data", workers=2) as service:
        assert service.process is not None
        people = [Person(new_id()) for _ in range(4)]
        sessions = [
            service.send("POST", "/api/logger/contentsession", person, json=video()).json()["session_id"]
            for person in people
        ]
        answered = [0] * len(people)
        stop = asyncio.Event()

        async def work(number: int) -> None:
            while not stop.is_set():
                path = f"{service.address}/api/logger/contentsession/{sessions[number]}"
                await recorded(path, people[number])
                answered[number] += 1
                await asyncio.sleep(0.02)  # or they take the processors from the workers that start

        tasks = [asyncio.create_task(work(number)) for number in range(len(people))]
        restart = Restart(service)

        def failed() -> bool:
            return any(task.done() for task in tasks)

        await when(lambda: failed() or restart.is_done(), 400)
        wanted = [each + 5 for each in answered]
        await when(lambda: failed() or all(map(ge, answered, wanted)))
        stop.set()
        await asyncio.gather(*tasks)

        for number, person in enumerate(people):
            progress = service.send("GET", f"/api/logger/export/{person.id}", person)
            assert f'"time_spent":{answered[number]}.0' in progress.text
        assert min(answered) > 5
