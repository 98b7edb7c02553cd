"""What a request held is given back when it is over."""

import asyncio
from contextlib import contextmanager
from typing import Any

import pytest

from learntrack.web.afterwards import Afterwards, afterwards
from tests.web.asgi import asked


@pytest.mark.parametrize("end", [None, ValueError, asyncio.CancelledError])
async def test_however_it_ends_what_was_entered_is_left(end: type[BaseException] | None) -> None:
    inside, seen = [], []

    @contextmanager
    def held() -> Any:
        inside.append(1)
        yield
        inside.pop()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for _ in range(2):
            afterwards(scope).enter_context(held())
        seen.extend(inside)
        if end is not None:
            raise end

    if end is None:
        await asked(Afterwards(app))
    else:
        with pytest.raises(end):
            await asked(Afterwards(app))
    assert (seen, inside) == ([1, 1], [])
