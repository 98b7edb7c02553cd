"""The client against a service that a test plays: what is stored, sent, set aside, and said."""

import asyncio
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from played import VIDEO, Played, asyncio_with, problem, token, until

from learntrack_client import (
    Busy,
    Content,
    InvalidFields,
    SessionState,
    SignedOut,
    Unreachable,
)


async def test_a_visit_is_sent_with_its_times_and_its_own_ids(played: Played, queue: Path) -> None:
    async with played.client(queue, clock=lambda: 1_770_000_000.25) as app:
        session = await app.start(VIDEO)
        await session.update(progress=0.5, time_spent_delta=30)
        await session.finish()
        assert (await app.sync(20)).waiting == 0

    assert ["start" if "start" in item else "update" for item in played.items] == ["start", "update", "update"]
    assert {item["session_id"] for item in played.items} == {session.id}
    assert {item["occurred_at"] for item in played.items} == {"2026-02-02T02:40:00.250Z"}
    assert len({item["key"] for item in played.items}) == 3
    assert played.items[1]["update"] == {"progress": 0.5, "time_spent_delta": 30}
    assert json.loads(played.requests[0].content)["sent_at"] == "2026-02-02T02:40:00.250Z"


async def test_the_local_answer_is_there_at_once_and_the_services_when_it_has_told(played: Played, queue: Path) -> None:
    played.refuse = lambda _: problem(503)
    async with played.client(queue) as app:
        session = await app.start(VIDEO)
        await session.update(progress_delta=0.25, time_spent_delta=10)
        assert (session.state.known, session.state.progress, session.state.time_spent) == (False, 0.25, 10)

        played.refuse = lambda _: None
        state = await session.sync(20)

    assert (state.known, state.progress, state.time_spent) == (True, 0.75, 70)


async def test_what_was_not_sent_is_sent_by_the_next_client(played: Played, queue: Path) -> None:
    played.refuse = lambda _: problem(503)
    async with played.client(queue) as app:
        await (await app.start(VIDEO)).finish()
        await app.close(0)
    played.refuse = lambda _: None
    async with played.client(queue) as app:
        status = await app.sync(20)
        assert (status.waiting, status.durable) == (0, True)
    assert [len(batch) for batch in played.batches] == [2]


async def test_an_on_change_that_fails_stops_nothing(played: Played, queue: Path) -> None:
    async with played.client(queue, on_change=lambda _: 1 / 0) as app:
        await (await app.start(VIDEO)).finish()
        assert (await app.sync(20)).waiting == 0


async def test_a_refused_token_is_replaced_and_nothing_is_lost(played: Played, queue: Path) -> None:
    asked: list[str | None] = []

    async def current(refused: str | None) -> str:
        asked.append(refused)
        return token(name=f"t{len(asked)}")

    played.refuse = lambda request: None if "t2." in request.headers["authorization"] else problem(401)
    async with played.client(queue, token=current) as app:
        await app.start(VIDEO)
        assert (await app.sync(20)).waiting == 0
    assert asked == [None, token(name="t1")]


@pytest.mark.parametrize(
    ("source", "trouble"),
    [
        (lambda _: None, "There is no token."),
        (lambda _: token("f" * 32), "The token is another learner's."),
        (lambda _: 1 / 0, "The token could not be had: division by zero"),
        (lambda _: token(), "The service does not take the token."),
    ],
)
async def test_without_a_token_everything_is_kept(
    played: Played, queue: Path, source: Callable[[str | None], Any], trouble: str
) -> None:
    played.refuse = lambda _: problem(401)
    app = await played.client(queue, token=source).__aenter__()
    await app.start(VIDEO)
    status = await until(app, "signed_out")
    assert (status.waiting, status.aside, status.state, status.trouble) == (1, 0, "signed_out", trouble)
    with pytest.raises(SignedOut):
        await app.me()
    await app.close(0)


async def test_a_retry_after_is_honoured_even_in_a_hurry(
    played: Played, queue: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, over = asyncio.Queue[float](), asyncio.Event()

    async def slept(seconds: float) -> None:
        asked.put_nowait(seconds)
        await over.wait()

    monkeypatch.setattr("learntrack_client.sender.asyncio", asyncio_with(sleep=slept))
    answers = iter([problem(429, **{"retry-after": "30"}), None])
    played.refuse = lambda _: next(answers)
    async with played.client(queue) as app:
        await app.start(VIDEO)
        assert await asyncio.wait_for(asked.get(), 20) == 30
        assert (await app.sync(0.01)).state == "waiting"
        assert len(played.requests) == 1
        over.set()
        assert (await app.sync(20)).waiting == 0


async def test_a_batch_that_is_refused_as_a_whole_is_divided_until_its_item_is_found(
    played: Played, queue: Path
) -> None:
    played.refuse = lambda _: problem(503)
    async with played.client(queue) as app:
        session = await app.start(VIDEO)
        for number in range(20):
            await session.update(extra_fields={"at": number})
        played.refuse = lambda request: problem(413) if b'"at":7' in request.content else None
        assert (await app.sync(20)).waiting == 0
        [aside] = await app.aside()
        assert aside.body == {"extra_fields": {"at": 7}}
    sent = [item["update"]["extra_fields"]["at"] for item in played.items if "update" in item]
    assert sent == [number for number in range(20) if number != 7]


async def test_two_learners_of_one_queue_send_each_their_own(played: Played, queue: Path) -> None:
    other = "d" * 32
    async with played.client(queue) as one, played.client(queue, learner=other, token=token(other)) as two:
        await one.start(VIDEO)
        await two.start(VIDEO)
        await one.sync(20)
        await two.sync(20)
    by = sorted(request.headers["authorization"] for request in played.requests)
    assert by == sorted([f"Bearer {token()}", f"Bearer {token(other)}"])


async def test_only_one_client_of_a_queue_sends(played: Played, queue: Path) -> None:
    played.refuse = lambda _: problem(503)
    async with played.client(queue) as one:
        await one.start(VIDEO)
        await until(one, "waiting")
        async with played.client(queue) as two:
            await two.start(VIDEO)
            assert (await until(two, "elsewhere")).waiting == 2
            played.refuse = lambda _: None
            assert (await one.sync(20)).waiting == 0
            assert (await two.sync(20)).waiting == 0
    assert [len(batch) for batch in played.batches] == [2]


async def test_an_anonymous_visit_has_no_token(played: Played, queue: Path) -> None:
    async with played.client(queue, learner=None) as app:
        await app.start(VIDEO)
        await app.sync(20)
    assert "authorization" not in played.requests[0].headers


async def test_a_learners_work_waits_where_no_token_was_given(played: Played, queue: Path) -> None:
    app = await played.client(queue, token=None).__aenter__()
    await app.start(VIDEO)
    status = await until(app, "signed_out")
    assert (status.waiting, status.trouble) == (1, "There is no token.")
    await app.close(0)
    assert played.requests == []


async def test_the_state_of_a_content_is_told_without_a_visit(played: Played, queue: Path) -> None:
    async with played.client(queue) as app:
        assert await app.state(VIDEO) == SessionState()
        session = await app.start(VIDEO)
        await session.update(progress=0.9)
        assert (await app.state(VIDEO)).progress == 0.9
        await app.sync(20)
        assert await app.state(VIDEO) == session.state
        with pytest.raises(InvalidFields):
            await app.state(Content(kind="video"))
    assert len(played.items) == 2


async def test_lists_are_read_page_by_page(played: Played, queue: Path) -> None:
    def page(request: httpx.Request) -> httpx.Response:
        number = int(request.url.params["page"])
        assert request.url.params["classroom"] == "c"
        assert request.url.params["until"] == "2026-01-02"
        assert "since" not in request.url.params
        return httpx.Response(200, json={"page": number, "count": 3, "total_pages": 3, "results": [{"row": number}]})

    played.refuse = page
    async with played.client(queue) as app:
        rows = [row async for row in app.report("progress", classroom="c", since=None, until=date(2026, 1, 2))]
    assert rows == [{"row": number} for number in (1, 2, 3)]


async def test_a_filter_that_the_service_does_not_know_is_refused(played: Played, queue: Path) -> None:
    headers = {"ignored-parameters": "clasroom, since"}
    played.refuse = lambda _: httpx.Response(200, headers=headers, json={"total_pages": 1, "results": [{"row": 1}]})
    filters: Any = {"clasroom": "c", "since": "2026-01-01"}
    async with played.client(queue) as app:
        with pytest.raises(InvalidFields) as refused:
            await anext(app.tries(**filters))
    assert refused.value.errors == {name: ["There is no such filter."] for name in filters}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (problem(400), InvalidFields),
        (problem(503, **{"retry-after": "2"}), Busy),
        (httpx.Response(200, text="<h1>Welcome</h1>"), Unreachable),
        (httpx.Response(502, text="<h1>Bad gateway</h1>"), Unreachable),
    ],
)
async def test_a_question_that_is_refused_raises(
    played: Played, queue: Path, answer: httpx.Response, error: type[Exception]
) -> None:
    played.refuse = lambda _: answer
    async with played.client(queue) as app:
        with pytest.raises(error):
            await app.me()
