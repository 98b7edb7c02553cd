"""How many requests a second a service answers, operation by operation."""

import asyncio
import random
import time
from typing import Any

from client import Connection
from processes import Service, token
from school import School, interaction

Request = tuple[str, str, str | None, Any]
"""Method, path, token, body."""


async def rate(running: Service, requests: list[Request], seconds: float) -> tuple[float, float]:
    """Requests a second of so many clients, each of which sends its own request again and again; and the milliseconds
    of CPU, the service's and the engine's, that each took. The latter says more on a machine that has other work.
    """
    made = 0

    async def one(method: str, path: str, who: str | None, body: Any) -> None:
        nonlocal made
        connection = Connection("127.0.0.1", running.port)
        while True:
            status, raw = await connection.raw(method, path, who, body)
            assert status == 200, raw
            made += 1

    tasks = [asyncio.create_task(one(*request)) for request in requests]
    await asyncio.sleep(0.5)
    made, began, used = 0, time.perf_counter(), sum(running.cpu().values())
    await asyncio.sleep(seconds)
    answered, took, used = made, time.perf_counter() - began, sum(running.cpu().values()) - used
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if not isinstance(outcome, asyncio.CancelledError):
            raise outcome
    return answered / took, 1000 * used / answered


def read_requests(school: School) -> dict[str, list[Request]]:
    """Four clients who ask the same question, for each question."""
    user, content, coach, room, logger = (
        school.learners[0][0],
        school.contents[1],
        school.coaches[0],
        school.classrooms[0],
        "/api/logger",
    )
    questions = {
        "class tries": (f"{logger}/masterylog?classroom={room}&page_size=30", coach),
        "class attempts": (f"{logger}/attemptlog?classroom={room}&page_size=50", coach),
        "diff": (f"{logger}/masterylog/0/diff?user={user}&content={content}", coach),
        "total": (f"{logger}/totalcontentprogress/{user}", user),
    }
    return {name: [("GET", path, token(who), None)] * 4 for name, (path, who) in questions.items()}


async def update_requests(port: int, school: School) -> list[Request]:
    """A class of learners who answer a question each, in sessions that are started here."""
    body = {"time_spent_delta": 1.0, "interactions": [interaction(1, random.Random(3))]}
    connection, found = Connection("127.0.0.1", port), []
    for user in school.learners[0]:
        _, started = await connection.send(
            "POST", "/api/logger/contentsession", token(user), school.start(school.contents[0])
        )
        found.append(("PUT", f"/api/logger/contentsession/{started['session_id']}", token(user), body))
    return found


async def long_diff_requests(port: int, school: School) -> list[Request]:
    """A coach who asks for the diff of an own try of 150 attempts, which is made here, 25 at a time.

    A learner's would be on the pages of the class.
    """
    user, content, chance = school.coaches[0], "9" * 32, random.Random(4)
    connection, mine = Connection("127.0.0.1", port), token(user)
    _, started = await connection.send("POST", "/api/logger/contentsession", mine, school.start(content))
    body = {"interactions": [interaction(number, chance) for number in range(25)]}
    for _ in range(6):
        await connection.send("PUT", f"/api/logger/contentsession/{started['session_id']}", mine, body)
    path = f"/api/logger/masterylog/0/diff?user={user}&content={content}"
    return [("GET", path, mine, None)]
