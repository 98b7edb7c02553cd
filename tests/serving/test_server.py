"""The service as an operator starts and stops it."""

import os
import signal
import socket
import stat
import sys
from itertools import product
from pathlib import Path

import httpx
import pytest

from tests.processes import (
    Service,
    alive,
    kill,
    learntrack,
    processor_seconds,
    refused,
    until,
    wait_until_gone,
)
from tests.support import SECRET, Person, exercise, new_id, right, video

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"LEARNTRACK_MONGODB_URI": "http://x"}, ["LEARNTRACK_MONGODB_URI"]),
        (
            {"LEARNTRACK_MONGODB_URI": "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=200"},
            ["LEARNTRACK_MONGODB_URI", "127.0.0.1:1"],
        ),
        ({"LEARNTRACK_MONGODB_URI": "mongodb://127.0.0.1:1", "LEARNTRACK_JWT_SECRET": ""}, ["LEARNTRACK_JWT_SECRET"]),
        ({"LEARNTRACK_JWT_SECRET": "short"}, ["LEARNTRACK_JWT_SECRET"]),
        ({"LEARNTRACK_MAX_BODY_BYTES": "many"}, ["LEARNTRACK_MAX_BODY_BYTES"]),
        ({"LEARNTRACK_DATA_DIR": "/proc/no"}, ["/proc/no"]),
    ],
)
def test_what_is_in_the_way_is_said_in_one_line(data_dir: Path, settings: dict, words: list[str]) -> None:
    refused(learntrack("serve", "--port", "0", data_dir=data_dir, expect=2, **settings), *words)


def test_a_port_or_a_folder_in_use_is_said_in_one_line(data_dir: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        refused(learntrack("serve", "--port", port, data_dir=data_dir, expect=2), port)
    with Service(data_dir):
        refused(learntrack("serve", "--port", "0", data_dir=data_dir, expect=2), str(data_dir), "in use")


def test_a_secret_is_made_once_and_kept_to_its_owner(data_dir: Path) -> None:
    refused(learntrack("token", new_id(), data_dir=data_dir, expect=2, LEARNTRACK_JWT_SECRET=None), "secret")
    with Service(data_dir, anew=True, LEARNTRACK_JWT_SECRET=None):
        pass
    file = data_dir / "jwt-secret"
    first = file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with Service(data_dir, LEARNTRACK_JWT_SECRET=None) as service:
        token = learntrack(
            "token", new_id(), "--superuser", data_dir=data_dir, LEARNTRACK_JWT_SECRET=None
        ).stdout.strip()
        answer = httpx.get(
            f"{service.address}/api/roster/users",
            headers={"Authorization": f"Bearer {token}"},
            verify=False,
            timeout=60,
        )
    assert answer.status_code == 200
    assert file.read_text() == first


def test_a_signal_stops_everything_and_the_data_stays(data_dir: Path) -> None:
    """Either signal, of one worker and of two, one after the other on the same data."""
    learner, body, progress = Person(new_id()), video(), 0.0
    for workers, how in product((1, 2), (signal.SIGTERM, signal.SIGINT)):
        with Service(data_dir, workers=workers, anew=how == signal.SIGTERM) as service:
            session = service.send("POST", "/api/logger/contentsession", learner, json=body).json()
            assert session["progress"] == progress, how
            progress += 0.125
            path = f"/api/logger/contentsession/{session['session_id']}"
            service.send("PUT", path, learner, json={"progress": progress})
            pids = [*service.engine_pids(), *service.worker_pids()]
            assert len(pids) == (1 if workers == 1 else 3)
            assert service.stop(how) == 0
            wait_until_gone(pids)


def test_a_second_start_takes_no_more_than_the_first(data_dir: Path) -> None:
    """Of the processor, since the machine may be busy with other tests. `scripts/bench/compare` measures how long.

    A start that is looked at late has done something else by then: one in some takes no more.
    """

    def spent() -> float:
        with Service(data_dir) as service:
            assert service.process is not None
            return sum(processor_seconds(pid) for pid in (service.process.pid, *service.engine_pids()))

    first = spent()
    assert any(spent() < 2 * first for _ in range(5))


def test_nothing_outlives_a_service_that_is_killed(data_dir: Path) -> None:
    with Service(data_dir, workers=2, anew=True) as service:
        pids = [*service.engine_pids(), *service.worker_pids()]
        assert service.process is not None
        os.kill(service.process.pid, signal.SIGKILL)
        service.process.wait(60)
        wait_until_gone(pids)


def test_a_worker_that_dies_is_replaced(data_dir: Path) -> None:
    """Of a SIGHUP to all processes none does; workers and engine died of it, all at once."""
    with Service(data_dir, workers=2) as service:
        first = service.worker_pids()
        engines = service.engine_pids()
        for pid in (first[1], *engines):
            os.kill(pid, signal.SIGHUP)
        kill(first[0])
        until(lambda: len(set(service.worker_pids()) - {first[0]}) == 2 and not alive(first[0]))
        assert alive(first[1])
        assert service.engine_pids() == engines
        assert {
            service.send("POST", "/api/logger/contentsession", Person(new_id()), json=video()).status_code
            for _ in range(20)
        } == {200}


def test_answers_are_recorded_end_to_end(data_dir: Path) -> None:
    learner = Person(new_id())
    with Service(data_dir) as service:
        session = service.send("POST", "/api/logger/contentsession", learner, json=exercise()).json()
        path = f"/api/logger/contentsession/{session['session_id']}"
        updated = service.send("PUT", path, learner, json={"progress": 1, "interactions": [right("q1")]}).json()
        rows = service.send("GET", "/api/logger/attemptlog", learner).json()
    assert updated["complete"] is True
    assert [row["id"] for row in rows] == [updated["attempts"][0]["id"]]


def test_workers_know_a_secret_from_a_file_and_their_numbers_are_summed(data_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "jwt"
    file.write_text(SECRET + "\n")
    with Service(data_dir, workers=2, LEARNTRACK_JWT_SECRET=None, LEARNTRACK_JWT_SECRET_FILE=str(file)) as service:
        answers = [service.send("GET", "/api/me", Person(new_id())).status_code for _ in range(6)]
        numbers = httpx.get(f"{service.address}/metrics", verify=False, timeout=60).text

    assert answers == [200] * 6
    assert "\nprocess_resident_memory_bytes " in numbers
    assert "\nlearntrack_engine_restarts_total 0.0" in numbers
    assert "\nlearntrack_disk_free_bytes " in numbers
