"""What the application as a whole does, whatever the route."""

import pytest

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
