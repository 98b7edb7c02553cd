"""How often a caller may ask."""

import time
from types import SimpleNamespace

import pytest
from httpx import ASGITransport

from tests.support import Api, Person, new_id, video
from tests.web.another import another

pytestmark = pytest.mark.engines("embedded")


@pytest.fixture(autouse=True)
def within_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where another minute of the clock begins in between, one more is let in."""
    middle = time.time() // 60 * 60 + 30
    clock = SimpleNamespace(**vars(time) | {"time": lambda: middle})
    monkeypatch.setattr("limits.storage.memory.time", clock)


async def test_too_many_requests_are_told_when_to_come_back(api: Api) -> None:
    async with another(api, rate_limit_anonymous=3, rate_limit_signed_in=5) as client:
        answers = [await client.post("/api/logger/contentsession", json=video()) for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
        assert "at most 3 a minute from one address without a valid token" in answers[-1].json()["detail"]
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert answers[-1].headers["content-type"].startswith("application/problem+json")
        forged = [await client.get("/api/logger/masterylog", headers={"Authorization": "Bearer x"}) for _ in range(2)]
        assert {answer.status_code for answer in forged} == {429}  # guessing tokens counts too
        for learner in (Person(new_id()), Person(new_id())):
            mine = [(await client.get("/api/logger/masterylog", headers=learner.headers)).status_code for _ in range(6)]
            assert mine == [200] * 5 + [429]


async def test_the_addresses_of_one_ipv6_network_are_counted_as_one(api: Api) -> None:
    """Whoever has one has 2^64 of them, and could ask as often as they like."""
    async with another(api, rate_limit_anonymous=3) as client:
        transport = client._transport
        assert isinstance(transport, ASGITransport)

        async def asked_from(address: str) -> int:
            transport.client = (address, 1)
            return (await client.get("/api/logger/masterylog")).status_code

        assert [await asked_from(f"2001:db8:1:2::{number}") for number in range(4)] == [200, 200, 200, 429]
        assert await asked_from("2001:db8:1:3::1") == 200
        mapped = ["::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1", "::ffff:192.0.2.1", "::ffff:192.0.2.2"]
        assert [await asked_from(each) for each in mapped] == [200, 200, 200, 429, 200]
