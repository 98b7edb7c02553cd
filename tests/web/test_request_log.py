"""The line in the log of a request, with its id, and without what is private."""

import json
from pathlib import Path

import httpx

from tests.processes import Service
from tests.support import Person, new_id, right, video


def test_a_request_has_an_id_and_its_log_no_secrets(tmp_path: Path) -> None:
    with (
        Service(tmp_path / "data", LEARNTRACK_LOG_LEVEL="info") as service,
        httpx.Client(base_url=service.address, verify=False, timeout=60) as client,
    ):
        learner = Person(new_id())
        answer = client.post(
            "/api/logger/contentsession", json=video(), headers=learner.headers | {"X-Request-ID": "from-the-proxy-1"}
        )
        session = answer.json()["session_id"]
        sent = {"interactions": [right("secret item", answer={"secret": "an answer"})]}
        client.put(f"/api/logger/contentsession/{session}?name=somebody", json=sent, headers=learner.headers)
        assert answer.headers["x-request-id"] == "from-the-proxy-1"
        odd = client.get("/health/live", headers={"X-Request-ID": "a b c" * 50})
        assert len(odd.headers["x-request-id"]) == 32
        written = service.log.read_text()
    lines = [json.loads(line) for line in written.splitlines() if line.startswith("{")]
    [mine] = [line for line in lines if line.get("request_id") == "from-the-proxy-1"]
    assert (mine["method"], mine["route"], mine["status"]) == ("POST", "/api/logger/contentsession", 200)
    assert {"milliseconds", "level", "timestamp"} <= set(mine)
    for secret in (
        "secret",
        "an answer",
        "somebody",
        learner.headers["Authorization"].split()[1],
        learner.id or "",
        session,
    ):
        assert secret not in written
