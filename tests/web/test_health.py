"""Whether the service is alive and ready."""

import asyncio
from typing import Any

import pytest

from learntrack.storage import DatabaseUnavailable
from tests.support import ROOT, Api, Person, new_id
from tests.web.another import SharedDatabase, another

pytestmark = pytest.mark.engines("embedded")


async def test_health(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await api.send("GET", "/health/live")).json() == {"status": "alive"}
    ready = await api.send("GET", "/health/ready", ROOT)
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
        refused = await client.get("/health/ready", headers=ROOT.headers)
        assert refused.status_code == 503
        assert refused.json()["checks"][0]["ok"] is False


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer x"}, {"Authorization": "odd"}, Person(new_id()).headers]
)
async def test_strangers_hear_only_whether_it_is_ready(
    api: Api, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await api.client.get("/health/ready", headers=headers)).json() == {"status": "ready"}

    async def gone(_: Any) -> None:
        raise DatabaseUnavailable("nobody at 10.0.0.5:27017")

    async with another(api) as client:
        monkeypatch.setattr(SharedDatabase, "ping", gone, raising=False)
        refused = await client.get("/health/ready", headers=headers)
        assert (refused.status_code, refused.json()) == (503, {"status": "not ready"})


async def test_who_asks_while_it_is_looked_at_waits_for_the_same(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of many who asked while the database was slow began a transaction of its own."""
    looked, began, answered = 0, asyncio.Event(), asyncio.Event()

    async def slowly(_: Any) -> None:
        nonlocal looked
        looked += 1
        began.set()
        await answered.wait()

    async with another(api) as client, asyncio.TaskGroup() as crowd:
        monkeypatch.setattr(SharedDatabase, "ping", slowly, raising=False)
        asked = [crowd.create_task(client.get("/health/ready")) for _ in range(20)]
        await began.wait()
        crowd.create_task(client.get("/health/live")).add_done_callback(lambda _: answered.set())

    assert {each.result().status_code for each in asked} == {200}
    assert looked == 1


async def test_what_is_not_ready_is_said_in_the_log(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def gone(_: Any) -> None:
        raise DatabaseUnavailable("nobody there")

    async with another(api) as client:
        monkeypatch.setattr(SharedDatabase, "ping", gone, raising=False)
        for _ in range(3):
            await client.get("/health/ready")
    assert [record.message for record in caplog.records if "not ready" in record.message] == [
        "not ready: database: nobody there"
    ]


async def test_a_missing_index_is_not_ready(api: Api) -> None:
    await api.db.raw["content_sessions"].drop_index("owner_start_id")
    async with another(api) as client:
        await api.db.raw["content_sessions"].drop_index("owner_start_id")  # made again at the start
        refused = await client.get("/health/ready", headers=ROOT.headers)
        assert refused.status_code == 503
        assert "content_sessions.owner_start_id" in refused.text
    async with another(api) as client:
        assert (await client.get("/health/ready")).status_code == 200
