"""How many open pages may listen at once."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient
from litestar.exceptions import TooManyRequestsException

from learntrack.pages.listeners import Listeners
from tests.conftest import settings
from tests.pages.opening import Class
from tests.support import School, token
from tests.web.another import another


@contextmanager
def listening(listeners: Listeners, *people: str) -> Iterator[ExitStack]:
    with ExitStack() as stack:
        for each in people:
            stack.enter_context(listeners.another(each))
        yield stack


def test_one_person_has_a_part_of_what_all_have() -> None:
    listeners = Listeners(settings(max_open_pages=4, max_open_pages_per_person=2))

    with listening(listeners, "a", "a", "b") as stack:
        with pytest.raises(TooManyRequestsException, match="2 of one person"):
            stack.enter_context(listeners.another("a"))
        stack.enter_context(listeners.another("b"))
        with pytest.raises(TooManyRequestsException, match="at most 4") as refused:
            stack.enter_context(listeners.another("c"))
    assert refused.value.headers == {"Retry-After": "15"}
    assert not listeners._of
    with listening(listeners, "a", "a"):
        pass


@pytest.mark.engines("mongomock")
async def test_a_coach_with_too_many_open_pages_is_told_and_who_closes_one_may_open_another(school: School) -> None:
    """One coach had as many streams as there may be connections."""
    room = await Class(school).open()
    path, headers = f"/reports/class/{room.room}/events", {"Cookie": f"learntrack_token={token(room.coach.id or '')}"}

    async with another(school.api, max_open_pages_per_person=2) as client:
        listeners = state_of(client).listeners

        async def number_is(number: int) -> None:
            async with asyncio.timeout(20):
                while listeners._of.total() != number:  # noqa: ASYNC110 - nothing tells when
                    await asyncio.sleep(0)

        opened = [asyncio.create_task(client.get(path, headers=headers)) for _ in range(2)]
        await number_is(2)
        refused = await client.get(path, headers=headers)
        opened[0].cancel()
        await number_is(1)
        opened.append(asyncio.create_task(client.get(path, headers=headers)))
        await number_is(2)
        for each in opened:
            each.cancel()
        await number_is(0)

    assert (refused.status_code, refused.headers["retry-after"]) == (429, "15")
    assert "Too many open pages" in refused.json()["detail"]


def state_of(client: AsyncClient) -> Any:
    """The state of the application that a client asks."""
    assert isinstance(client._transport, ASGITransport)
    app: Any = client._transport.app
    return app.state
