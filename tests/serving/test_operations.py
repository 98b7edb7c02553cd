"""What operators and load balancers see: health, metrics, logs, limits, headers."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from httpx import ASGITransport, AsyncClient

from learntrack.app import create_app
from learntrack.settings import Settings
from learntrack.storage import Database, DatabaseUnavailable, StartError, schema
from tests.conftest import running, settings
from tests.processes import Service
from tests.support import ROOT, Api, Person, exercise, new_id, right, token, video

pytestmark = pytest.mark.engines("embedded")


@asynccontextmanager
async def another(api: Api, **more: Any) -> AsyncIterator[AsyncClient]:
    """The application with other settings, on the same database."""

    async def connect(_: Settings) -> Database:
        return SharedDatabase(api.db)

    app = create_app(settings(**more), connect)
    async with (
        running(app),
        AsyncClient(transport=ASGITransport(app, raise_app_exceptions=False), base_url="http://learntrack") as client,
    ):
        yield client


class SharedDatabase(Database):
    """A database that outlives the application."""

    def __init__(self, db: Database) -> None:
        self.__dict__ |= db.__dict__

    async def close(self) -> None:
        """It is somebody else's."""


async def test_health(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await api.send("GET", "/health/live")).json() == {"status": "alive"}
    ready = await api.send("GET", "/health/ready")
    assert ready.status_code == 200, ready.text
    assert {check["name"] for check in ready.json()["checks"]} >= {
        "database",
        "writable primary",
        "transactions",
        "indexes",
    }
    async with another(api) as client:

        async def gone(_: Any) -> None:
            raise DatabaseUnavailable("nobody there")

        monkeypatch.setattr(SharedDatabase, "ping", gone, raising=False)
        refused = await client.get("/health/ready")
        assert refused.status_code == 503
        assert refused.json()["checks"][0]["ok"] is False


async def test_a_missing_index_is_not_ready(api: Api) -> None:
    await api.db.raw["content_sessions"].drop_index("owner_start")
    async with another(api) as client:
        await api.db.raw["content_sessions"].drop_index("owner_start")  # made again at the start
        refused = await client.get("/health/ready")
        assert refused.status_code == 503
        assert "content_sessions.owner_start" in refused.text
    async with another(api) as client:
        assert (await client.get("/health/ready")).status_code == 200


async def test_metrics_count_by_route_and_name_nobody(api: Api) -> None:
    learner = Person(new_id())
    session = await api.start(learner, **exercise())
    await api.update(learner, session, interactions=[right("a"), right("b")])
    text = (await api.send("GET", "/metrics")).text

    for line in (
        'learntrack_requests_total{method="PUT",path="/api/logger/contentsession/{session_id}',
        "learntrack_request_duration_seconds_bucket",
        'learntrack_database_command_seconds_count{command="commitTransaction"}',
        "learntrack_sessions_started_total",
        "learntrack_sessions_updated_total",
        "learntrack_attempts_recorded_total",
        "learntrack_database_pool_connections",
    ):
        assert line in text, line
    assert learner.id is not None
    assert learner.id not in text
    assert session["session_id"] not in text


async def test_what_anybody_can_make_up_is_counted_without_end_of_names(api: Api) -> None:
    for number in range(3):
        await api.send("GET", f"/nothing/{number}")
        await api.send(f"MADEUP{number}", "/api/logger/contentsession")
    text = (await api.send("GET", "/metrics")).text

    assert 'learntrack_requests_total{method="GET",path="",status_code="404"}' in text
    assert 'learntrack_requests_total{method="other",path="' in text
    assert "/nothing/" not in text
    assert "MADEUP" not in text
    assert 'path="/metrics"' not in text


def test_a_request_has_an_id_and_its_log_no_secrets(tmp_path: Path) -> None:
    with (
        Service(tmp_path / "data", LEARNTRACK_LOG_LEVEL="info") as service,
        httpx.Client(base_url=service.address, verify=False) as client,
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


async def test_too_many_requests_are_told_when_to_come_back(api: Api) -> None:
    async with another(api, rate_limit_anonymous=3, rate_limit_signed_in=5) as client:
        answers = [await client.post("/api/logger/contentsession", json=video()) for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert answers[-1].headers["content-type"].startswith("application/problem+json")
        forged = [await client.get("/api/logger/masterylog", headers={"Authorization": "Bearer x"}) for _ in range(2)]
        assert {answer.status_code for answer in forged} == {429}  # guessing tokens counts too
        for learner in (Person(new_id()), Person(new_id())):
            mine = [(await client.get("/api/logger/masterylog", headers=learner.headers)).status_code for _ in range(6)]
            assert mine == [200] * 5 + [429]


async def test_other_origins_are_let_in_only_where_configured(api: Api) -> None:
    asked = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "Idempotency-Key",
    }
    assert (
        "access-control-allow-origin"
        not in (await api.send("OPTIONS", "/api/logger/contentsession", headers=asked)).headers
    )
    async with another(api, cors_origins="https://app.example") as client:
        assert (await client.options("/api/logger/contentsession", headers=asked)).headers[
            "access-control-allow-origin"
        ]
        other = await client.options("/api/logger/contentsession", headers=asked | {"Origin": "https://evil.example"})
        assert other.headers.get("access-control-allow-origin") != "https://evil.example"


async def test_every_answer_has_security_headers(api: Api) -> None:
    for path in ("/api/logger/masterylog", "/health/live", "/no/such/path", "/schema", "/reports/sign-in"):
        headers = (await api.send("GET", path)).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["x-frame-options"] == "DENY", path
        assert "default-src 'none'" in headers["content-security-policy"], path
        assert "server" not in headers, path


async def test_a_newer_schema_is_refused_and_an_older_one_is_to_be_migrated(api: Api) -> None:
    database = api.db.client["learntrack_schema"]
    await schema.check(database, 3)
    with pytest.raises(StartError, match="use the release that wrote it"):
        await schema.check(database, 2)
    with pytest.raises(StartError, match="learntrack migrate"):
        await schema.check(database, 4)
    await schema.check(database, 3)


async def test_a_superuser_is_forgotten_by_nobody_else(api: Api) -> None:
    await api.answer("DELETE", f"/api/roster/users/{new_id()}", Person(new_id()), expect=403)
    await api.answer("DELETE", "/api/roster/users/nobody", ROOT, expect=400)
    assert token(new_id())
