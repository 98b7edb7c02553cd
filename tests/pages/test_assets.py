"""What the pages load."""

import re

import pytest

from tests.support import Api


@pytest.mark.engines("mongomock")
async def test_what_a_page_loads_is_kept_at_an_address_of_its_own_version(api: Api) -> None:
    html = (await api.client.get("/reports/sign-in")).text
    loaded = re.findall(r'(?:href|src)="(/reports/static/[^"]+)"', html)

    assert len(loaded) > 5
    for address in loaded:
        assert re.search(r"\?v=[0-9a-f]{8}$", address), address
        answer = await api.client.get(address)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "public, max-age=86400"), address
        assert "ignored-parameters" not in answer.headers


@pytest.mark.engines("mongomock")
async def test_what_is_not_there_is_not_kept(api: Api) -> None:
    """While some servers of many are older than the page that was sent."""
    answer = await api.client.get("/reports/static/none.css?v=12345678")

    assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")
