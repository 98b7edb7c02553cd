"""What somebody types who has read only the address that the service prints."""

import pytest

from tests.support import Api

pytestmark = pytest.mark.engines("embedded")


async def test_a_typed_address_leads_somewhere(api: Api) -> None:
    docs, home = await api.client.get("/docs"), await api.client.get("/")

    assert (docs.status_code, docs.headers["location"]) == (302, "/schema")
    assert home.status_code < 400
