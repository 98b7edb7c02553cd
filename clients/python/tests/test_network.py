"""What answers, and what tokens there are: odd headers, hotels' pages, slow networks, refused tokens, two processes."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from email.utils import formatdate
from pathlib import Path
from typing import Any

import httpx
import pytest
from played import LEARNER, VIDEO, Played, asyncio_with, problem, token, until

from learntrack_client import AsyncClient, LearntrackError, SignedOut, Unreachable
from learntrack_client.queue import Queue
from learntrack_client.service import Service


def asked_with(answer: Callable[[httpx.Request], Any], **more: Any) -> Service:
    given = {"learner": LEARNER, "token": token(), **more}
    return Service("http://learntrack", http=httpx.AsyncClient(transport=httpx.MockTransport(answer)), **given)


DATE = 1_770_000_000
RETRY_AFTER: list[tuple[str, float | None]] = [
    ("7", 7.0),
    ("0.5", 0.5),
    ("-5", 0.0),
    ("99999999999", 3600.0),
    ("inf", 3600.0),
    ("nan", None),
    ("soon", None),
    ("", None),
    (formatdate(DATE + 20, usegmt=True), 20.0),
    (formatdate(DATE - 20, usegmt=True), 0.0),
    ("Wed, 21 Oct 2099 07:28:00 GMT", 3600.0),
    ("Wed, 99 Oct 2099 07:28:00 GMT", None),
]


@pytest.mark.parametrize(("said", "seconds"), RETRY_AFTER)
async def test_a_retry_after_is_seconds_or_a_date_by_the_services_clock_and_an_hour_at_most(
    said: str, seconds: float | None
) -> None:
    headers = {"retry-after": said, "date": formatdate(DATE, usegmt=True)}

    answer = await asked_with(lambda _: problem(503, **headers)).send("POST", "/")

    assert answer is not None
    assert answer.retry_after == seconds


async def test_a_page_without_end_is_not_read(played: Played, queue: Path) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"<p>Welcome!</p>"

    page = httpx.Response(200, headers={"content-type": "text/html"}, content=endless())
    played.refuse = lambda _: page
    async with played.client(queue) as app:
        await app.start(VIDEO)
        assert (await until(app, "waiting")).trouble == "What answers is not the service."
        played.refuse = lambda _: None
        assert (await app.sync(20)).waiting == 0


async def test_a_service_that_knows_nothing_of_the_queue_is_not_the_service(played: Played, queue: Path) -> None:
    played.refuse = lambda _: problem(404)
    app = await played.client(queue).__aenter__()
    await app.start(VIDEO)
    assert (await until(app, "waiting")).trouble == "What answers is not the service."
    await app.close(0)


async def test_a_redirect_is_not_followed_with_the_learners_token(played: Played, queue: Path) -> None:
    played.refuse = lambda _: httpx.Response(302, headers={"location": "http://elsewhere/"})
    async with played.client(queue) as app:
        await app.start(VIDEO)
        assert (await until(app, "waiting")).trouble == "What answers is not the service."
        played.refuse = lambda _: None
        assert (await app.sync(20)).waiting == 0
    assert {request.url.host for request in played.requests} == {"learntrack"}


async def test_what_is_too_much_for_a_slow_network_gets_through_in_smaller_batches(played: Played, queue: Path) -> None:
    played.refuse = lambda _: problem(503)
    async with played.client(queue) as app:
        session = await app.start(VIDEO)
        for number in range(40):
            await session.update(extra_fields={"at": number})

        def too_slow(request: httpx.Request) -> httpx.Response | None:
            if len(request.content) > 1500:
                raise httpx.WriteTimeout("too slow")
            return None

        played.refuse = too_slow
        assert (await app.sync(20)).waiting == 0
    assert [item["update"]["extra_fields"]["at"] for item in played.items[1:]] == list(range(40))


async def test_what_is_large_has_longer_to_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float | None] = []

    def within(seconds: float | None) -> Any:
        waits.append(seconds)
        return asyncio.Timeout(None)

    monkeypatch.setattr("learntrack_client.service.asyncio", asyncio_with(timeout=within))
    service = asked_with(lambda _: problem(503))
    await service.send("POST", "/", body=b"x")
    await service.send("POST", "/", body=b"x" * 512 * 1024)
    assert waits[0] == pytest.approx(75, abs=1)
    assert waits[1] == pytest.approx(75 + 256, abs=1)


async def test_an_answer_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("learntrack_client.service._ANSWER_SECONDS", 0.01)

    async def dripping() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0)

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-type": "application/json"}, content=dripping())

    assert await asyncio.wait_for(asked_with(answer).send("GET", "/"), 20) is None


ODD: list[Any] = [{}, [], "x", 7, None, {"results": 1, "total_pages": 1}, {"results": [7], "total_pages": 1}]


@pytest.mark.parametrize("body", ODD, ids=json.dumps)
async def test_what_is_no_answer_to_a_question_is_not_the_service(played: Played, queue: Path, body: Any) -> None:
    played.refuse = lambda _: httpx.Response(200, json=body)
    async with played.client(queue) as app:
        for question in (app.total(LEARNER), anext(app.tries()), anext(app.attempts(page_size=1))):
            with pytest.raises(Unreachable):
                await question


@pytest.mark.parametrize(
    "body", [*ODD, {"results": None}, {"results": [[]]}, {"results": [{"key": 1}]}], ids=json.dumps
)
async def test_what_is_no_answer_to_a_batch_changes_nothing(played: Played, queue: Path, body: Any) -> None:
    played.refuse = lambda _: httpx.Response(200, json=body)
    async with played.client(queue) as app:
        await app.start(VIDEO)
        assert (await until(app, "waiting")).trouble == "What answers is not the service."
        played.refuse = lambda _: None
        status = await app.sync(20)
        assert (status.waiting, status.aside) == (0, 0)


ANSWERS: list[Any] = [None, 7, "x", [], {}, {"progress": "x"}, {"complete": 1, "attempts": 7}, {"attempts": [None]}]


@pytest.mark.parametrize("body", ANSWERS, ids=json.dumps)
async def test_an_item_that_is_recorded_with_an_odd_answer_is_recorded(played: Played, queue: Path, body: Any) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        items = json.loads(request.content)["items"]
        played.items.extend(items)
        return httpx.Response(
            200, json={"results": [{"key": item["key"], "status": 200, "body": body, "new": 1} for item in items]}
        )

    played.refuse = answer
    async with played.client(queue) as app:
        session = await app.start(VIDEO)
        await session.update(progress=0.5, time_spent_delta=3)
        await session.sync(20)
        assert (await app.status()).waiting == 0
        assert (session.state.progress, session.state.time_spent) == (0.5, 3)


@pytest.mark.parametrize("given", [b"bytes", 7, "", "two words", "é"])
async def test_a_token_that_is_none_is_said_so(played: Played, queue: Path, given: Any) -> None:
    async with played.client(queue, token=lambda _: given) as app:
        await app.start(VIDEO)
        status = await until(app, "signed_out")
        assert (status.waiting, status.trouble) == (
            1,
            "The token is no token.",
        )
        await app.close(0)


async def test_a_token_may_have_the_end_of_its_files_line(played: Played, queue: Path) -> None:
    async with played.client(queue, token=token() + "\n") as app:
        await app.start(VIDEO)
        assert (await app.sync(20)).waiting == 0
    assert played.requests[0].headers["authorization"] == f"Bearer {token()}"


async def test_however_many_requests_are_refused_the_app_is_asked_for_one_token(played: Played, queue: Path) -> None:
    asked: list[str | None] = []

    async def fresh(refused: str | None) -> str:
        asked.append(refused)
        await asyncio.sleep(0)
        return token(name=f"t{len(asked)}")

    def refuse(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=[]) if "t2." in request.headers["authorization"] else problem(401)

    played.refuse = refuse
    async with played.client(queue, token=fresh) as app:
        assert await asyncio.gather(*(app.reports() for _ in range(5))) == [[]] * 5
    assert asked == [None, token(name="t1")]


async def test_a_process_that_is_signed_out_keeps_no_other_from_sending(played: Played, queue: Path) -> None:
    async with played.client(queue, token=lambda _: None, first_wait=60, longest_wait=60) as signed_out:
        await signed_out.start(VIDEO)
        await until(signed_out, "signed_out")
        async with played.client(queue) as signed_in:
            await signed_in.start(VIDEO)
            assert (await signed_in.sync(20)).waiting == 0
        with pytest.raises(SignedOut):
            await signed_out.me()
        await signed_out.close(0)
    assert len(played.items) == 2


async def test_a_clock_that_jumps_changes_no_order(played: Played, queue: Path) -> None:
    clock = iter([4e9, 0.0, time.time(), -5.0])
    async with played.client(queue, clock=lambda: next(clock, time.time())) as app:
        played.refuse = lambda _: problem(503)
        session = await app.start(VIDEO)
        for number in range(3):
            await session.update(extra_fields={"at": number})
        played.refuse = lambda _: None
        assert (await app.sync(20)).waiting == 0
    assert [item["update"]["extra_fields"]["at"] for item in played.items[1:]] == [0, 1, 2]


async def test_a_clock_that_is_none_is_refused_by_name(played: Played, queue: Path) -> None:
    async with played.client(queue, clock=lambda: 1e15) as app:
        with pytest.raises(LearntrackError, match="clock"):
            await app.start(VIDEO)
        assert (await app.status()).waiting == 0


async def test_to_store_one_takes_no_longer_the_more_there_are(played: Played, queue: Path) -> None:
    played.refuse = lambda _: problem(503)
    async with played.client(queue, first_wait=60, longest_wait=60) as app:
        await app.start(VIDEO)
        await until(app, "waiting")
        few = await _work(app)
        await app._in_queue(_fill)
        assert (await app.status()).waiting > 2000
        assert await _work(app) < 1.5 * few
        await app.close(0)


def _fill(queue: Queue) -> None:
    with queue._file.transaction():
        for number in range(2000):
            queue._file.run(
                "INSERT INTO items (learner, content, session, key, occurred_at, kind, body) VALUES (?,?,?,?,?,?,?)",
                (LEARNER, "content x", "s", f"k{number}", "2026-01-01T00:00:00Z", "update", b"{}"),
            )


async def _work(app: AsyncClient) -> int:
    """How many of SQLite's steps it takes to store an update, to see how the queue is, and to take the next batch."""
    steps = [0]

    def step() -> None:
        steps[0] += 1

    def work(queue: Queue) -> None:
        queue._file._db.set_progress_handler(step, 1)
        queue.add("content y", "t", "update", b"{}", app._now)
        queue.counts()
        queue.waiting("t")
        queue.state("content y")
        queue.next(1, 100)
        queue._file._db.set_progress_handler(None, 1)

    await app._in_queue(work)
    return steps[0]
