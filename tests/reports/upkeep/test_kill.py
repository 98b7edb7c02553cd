"""Who derives what reports are made of may be killed at any time: another goes on."""

import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pymongo
import pytest

from tests.processes import Service, in_time, kill, until
from tests.support import ROOT, Person, exercise, new_id, right

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

CONTENT = "/api/logger/contentsession"


def sent(service: Service, method: str, path: str, by: Person, body: Any) -> Any:
    """What is answered, in the end: workers that are killed are started again.

    It has a key: what waited for a worker until nobody listened any more is still recorded, once.
    """
    key = new_id()
    for _ in range(400):
        try:
            answer = service.send(method, path, by, key=key, json=body)
        except httpx.TransportError:
            answer = None
        if answer is not None and answer.status_code == 200:
            return answer.json()
        time.sleep(0.1)
    raise AssertionError(answer)


def derived(database: Any, content: str) -> int:
    rows = database["item_rollups"].find({"content_id": content})
    return sum(answer["attempts"] for row in rows for answer in row["answers"])


def test_a_worker_that_is_killed_is_missed_within_ten_seconds(data_dir: Path) -> None:
    """One after the other: whichever held the lease of the rollups, it was killed while the other lived."""
    learner, body, facility = Person(new_id()), exercise(), new_id()
    with Service(data_dir, workers=2, LEARNTRACK_ROLLUP_SECONDS="0.5") as service:
        roster = {
            "facilities": [{"id": facility, "name": "A school"}],
            "users": [{"id": learner.id, "username": "ada", "full_name": "Ada", "facility_id": facility}],
        }
        sent(service, "PUT", "/api/roster", ROOT, roster)
        session = sent(service, "POST", CONTENT, learner, body)["session_id"]
        path = f"{CONTENT}/{session}"
        with pymongo.MongoClient[Any](service.uri()) as client:
            database = client["learntrack"]
            sent(service, "PUT", path, learner, {"interactions": [right("before")]})
            until(lambda: derived(database, body["content_id"]) == 1)
            for recorded, worker in enumerate(service.worker_pids(), start=2):
                kill(worker)
                sent(service, "PUT", path, learner, {"interactions": [right(f"afterwards {recorded}")]})
                until(lambda recorded=recorded: derived(database, body["content_id"]) == recorded, in_time(20))
