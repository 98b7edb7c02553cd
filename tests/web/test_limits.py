"""How long a request may take."""

import asyncio
import json
from contextlib import suppress
from typing import Any

import pytest
from litestar.exceptions import HTTPException
from litestar.types import Receive, Scope, Send

from learntrack.web.limits import GONE, TOO_LATE, WHOLLY_HERE, TimeLimits
from tests.web.asgi import answering, asked


async def never() -> Any:
    await asyncio.Event().wait()


async def a_while() -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(never(), 0.05)


def limited(app: Any, *, request: float = 30, body: float = 30) -> TimeLimits:
    return TimeLimits(app, request_seconds=request, body_seconds=body)


async def test_an_answer_that_does_not_begin_in_time_is_503() -> None:
    [start, body] = await asked(limited(answering(before=never), request=0.01))

    assert start["status"] == 503
    assert dict(start["headers"]) == {b"content-type": b"application/problem+json", b"retry-after": b"1"}
    assert json.loads(body["body"])["status"] == 503


async def test_an_answer_that_has_begun_may_take_its_time() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await a_while()
        await send({"type": "http.response.body", "body": b"all", "more_body": False})

    [start, body] = await asked(limited(app, request=0.01))

    assert (start["status"], body["body"]) == (200, b"all")


async def test_a_body_that_comes_too_slowly_is_408() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()

    with pytest.raises(HTTPException) as refused:
        await asked(limited(app, body=0.01), receive=never)

    assert refused.value.status_code == 408


async def test_a_body_that_is_there_has_no_limit() -> None:
    read: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        read.append(await receive())
        await answering()(scope, receive, send)

    async def after_a_while() -> Any:
        await a_while()
        return {"type": "http.request", "body": b"{}", "more_body": False}

    await asked(limited(app, body=0.01), receive=after_a_while, **{WHOLLY_HERE: True})

    assert [message["body"] for message in read] == [b"{}"]


async def test_a_body_that_has_had_its_time_already_is_not_waited_for() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()

    with pytest.raises(HTTPException) as refused:
        await asked(limited(app, body=3600), receive=never, **{TOO_LATE: True})

    assert refused.value.status_code == 408


async def test_what_comes_after_the_body_may_be_waited_for() -> None:
    messages = iter([{"type": "http.request", "body": b"{}", "more_body": False}, {"type": "http.disconnect"}])

    async def receive() -> Any:
        message = next(messages)
        if message["type"] == "http.disconnect":
            await a_while()
        return message

    received = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        received.extend([await receive(), await receive()])

    await asked(limited(app, body=0.01), receive=receive)

    assert received[-1]["type"] == "http.disconnect"


@pytest.mark.parametrize("early", [True, False], ids=["asked before", "asked after"])
async def test_a_body_that_nobody_reads_any_more_ends_no_answer(early: bool) -> None:
    """A list or a stream that was asked for with half a body ended in an error of the server's, after its time."""
    gone = asyncio.Event()
    parts = iter([] if early else [b"a", b"b"])

    async def receive() -> Any:
        for part in parts:
            return {"type": "http.request", "body": part, "more_body": True}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        listening = asyncio.ensure_future(receive())
        if early:
            await asyncio.sleep(0)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.wait([listening], timeout=0.1)
        assert not listening.done()
        gone.set()
        assert (await listening)["type"] == "http.disconnect"
        await send({"type": "http.response.body", "body": b"all", "more_body": False})

    [_, body] = await asked(limited(app, body=0.01), receive=receive)

    assert body["body"] == b"all"


async def test_a_request_that_is_given_up_by_a_server_that_stops_is_503() -> None:
    under_way = asyncio.Event()

    async def begun() -> None:
        under_way.set()
        await never()

    asking = asyncio.create_task(asked(limited(answering(before=begun))))
    await asyncio.wait_for(under_way.wait(), 20)
    asking.cancel()

    [start, _] = await asking

    assert start["status"] == 503


async def test_a_timeout_of_the_applications_own_is_not_the_limits() -> None:
    async def own() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await asked(limited(answering(before=own)))


async def test_what_is_given_up_because_its_caller_has_gone_answers_nobody() -> None:
    """It is no 503 in the log and the metrics, nor an error there."""
    under_way, scope = asyncio.Event(), {}

    async def app(given: Scope, receive: Receive, send: Send) -> None:
        scope["gone"] = given
        under_way.set()
        await never()

    asking = asyncio.create_task(asked(limited(app)))
    await asyncio.wait_for(under_way.wait(), 20)
    scope["gone"][GONE] = True
    asking.cancel()

    assert await asking == []
