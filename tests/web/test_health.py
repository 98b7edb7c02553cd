"""Whether the service is alive and ready."""

from typing import Any

import pytest

from learntrack.storage import DatabaseUnavailable
from tests.support import Api
from tests.web.another import SharedDatabase, another

pytestmark = pytest.mark.engines("embedded")


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
