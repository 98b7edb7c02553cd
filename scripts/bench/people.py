"""Learners at work and coaches who ask about them, as clients, and how long they waited."""

import asyncio
import random
import time
from collections import Counter, defaultdict
from statistics import quantiles

from client import Connection
from processes import token
from school import School, interaction

UPDATES = 20


class Measurements:
    """Latencies by operation, and every answer that was not as it should be."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, list[float]] = defaultdict(list)
        self.errors: Counter[str] = Counter()
        self.counting = False

    async def timed(
        self, name: str, connection: Connection, *request: object, fine: tuple[int, ...] = (200,)
    ) -> object:
        began = time.perf_counter()
        status, answer = await connection.send(*request)
        if self.counting:
            self.seconds[name].append(time.perf_counter() - began)
            if status not in fine:
                self.errors[f"{name}: {status}"] += 1
        return answer if status == 200 else None

    def print(self, seconds: float) -> None:
        print(f"{'operation':22}{'n':>8}{'/s':>8}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}")
        for name, found in sorted(self.seconds.items()):
            cuts = quantiles(found, n=100) if len(found) > 1 else [found[0]] * 99
            shown = "".join(f"{cuts[p - 1] * 1000:9.1f}" for p in (50, 95, 99))
            print(f"{name:22}{len(found):8}{len(found) / seconds:8.0f}{shown}")
        print("errors:", dict(self.errors) or "none")


async def learner(
    school: School,
    user: str,
    port: int,
    found: Measurements,
    seed: int,
    pause: float,
    may_go_on: asyncio.Event | None = None,
) -> None:
    """Exercise after exercise, with an update for each question.

    Args:
        school: Where the learner is.
        user: Who the learner is.
        port: Where the service listens.
        found: Takes what is measured.
        seed: Decides what the learner does.
        pause: Seconds between two updates, on average.
        may_go_on: While it is not set, nothing is sent.

    """
    chance = random.Random(seed)
    connection, mine = Connection("127.0.0.1", port), token(user)
    while True:
        await _allowed(may_go_on, connection)
        content = chance.choice(school.contents)
        started = await found.timed(
            "start", connection, "POST", "/api/logger/contentsession", mine, school.start(content)
        )
        if started is None:
            continue
        path = f"/api/logger/contentsession/{started['session_id']}"
        for number in range(UPDATES):
            await _allowed(may_go_on, connection)
            if pause:
                await asyncio.sleep(chance.uniform(0, 2 * pause))
            body = {"time_spent_delta": 5.0, "progress_delta": 0.04, "interactions": [interaction(number, chance)]}
            await found.timed("update", connection, "PUT", path, mine, body)
        await found.timed("finish", connection, "PUT", path, mine, {"progress": 1.0, "time_spent_delta": 1.0})


async def coach(
    school: School, number: int, port: int, found: Measurements, may_go_on: asyncio.Event | None = None
) -> None:
    """Question after question about the class with this number, a round a second."""
    connection, mine = Connection("127.0.0.1", port), token(school.coaches[number])
    room, chance = school.classrooms[number], random.Random(number)
    while True:
        await _allowed(may_go_on, connection)
        user, content = chance.choice(school.learners[number]), chance.choice(school.contents)
        tries = f"/api/logger/masterylog?classroom={room}&page_size=30"
        await found.timed("class tries", connection, "GET", tries, mine)
        diff = f"/api/logger/masterylog/0/diff?content={content}&user={user}"
        await found.timed("diff", connection, "GET", diff, mine, fine=(200, 404))  # nobody may have tried it yet
        attempts = f"/api/logger/attemptlog?classroom={room}&page_size=50"
        await found.timed("class attempts", connection, "GET", attempts, mine)
        report = f"/api/reports/struggling-learners?classroom={room}"
        await found.timed("class report", connection, "GET", report, mine)
        await asyncio.sleep(1)


async def _allowed(may_go_on: asyncio.Event | None, connection: Connection) -> None:
    """Wait until more may be sent; on a new connection then, because the service ends idle ones."""
    if may_go_on is not None and not may_go_on.is_set():
        connection.close()
        await may_go_on.wait()
