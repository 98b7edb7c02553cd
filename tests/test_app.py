"""What the application as a whole does, whatever the route."""

import asyncio

import pytest

from learntrack.privacy.service import Privacy
from learntrack.reports.upkeep.worker import Upkeep
from learntrack.storage import patience
from tests.support import Api
from tests.web.another import another

pytestmark = pytest.mark.engines("embedded")


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


@pytest.mark.parametrize(("kind", "method"), [(Upkeep, "run"), (Privacy, "take_up")])
async def test_what_runs_in_the_background_goes_on_after_a_failure_that_nobody_thought_of(
    api: Api, kind: type, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, again = 0, asyncio.Event()

    async def fails_once(_: object) -> None:
        nonlocal begun
        begun += 1
        if begun == 1:
            raise KeyError("nobody thought of this")
        again.set()

    monkeypatch.setattr(kind, method, fails_once)
    monkeypatch.setattr(patience, "_FIRST_PAUSE_SECONDS", 0.0)

    async with another(api, rollup_seconds=1), asyncio.timeout(20):
        await again.wait()
