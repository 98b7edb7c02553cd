"""What a request held is given back when it is over."""

import asyncio
from contextlib import contextmanager
from typing import Any

import pytest

from learntrack.web.afterwards import Afterwards, afterwards, once_answered
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


async def test_what_the_answer_needs_no_more_is_left_before_anybody_reads_it() -> None:
    """A queue of 16 MiB kept its room for as long as its sender took to read on."""
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        once_answered(scope).callback(seen.append, "left")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def send(message: Any) -> None:
        seen.append(message["type"])

    scope: Any = {"type": "http"}
    await Afterwards(app)(scope, None, send)  # type: ignore[arg-type]
    assert seen == ["left", "http.response.start", "http.response.body"]


async def test_what_is_not_answered_is_left_all_the_same() -> None:
    left: list[int] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        once_answered(scope).callback(left.append, 1)

    await asked(Afterwards(app))
    assert left == [1]
