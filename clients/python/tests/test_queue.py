"""What a queue sets aside, gives back, knows of contents, and how much it holds."""

from pathlib import Path
from typing import Any

import pytest
from played import LEARNER, VIDEO, Played, problem

from learntrack_client import (
    Interaction,
    QueueFull,
    Status,
)
from learntrack_client.judging import Verdict
from learntrack_client.queue import Queue


async def test_a_poisoned_item_is_set_aside_shown_and_can_be_tried_again(played: Played, queue: Path) -> None:
    played.judge = lambda item: 400 if item.get("update", {}).get("time_spent_delta") == 13 else 200
    async with played.client(queue) as app:
        session = await app.start(VIDEO)
        for seconds in (12, 13, 14):
            await session.update(time_spent_delta=seconds)
        assert (await app.sync(20)).waiting == 0
        [aside] = await app.aside()
        assert (aside.kind, aside.body, aside.session_id) == ("update", {"time_spent_delta": 13}, session.id)
        assert (aside.problem.status, aside.problem.detail) == (400, "No.")
        assert session.state.time_spent == 60 + 12 + 14

        played.judge = lambda _: 200
        assert await app.retry(aside.key) == 1
        assert (await app.sync(20)).aside == 0
        assert session.state.time_spent == 60 + 12 + 13 + 14


async def test_with_a_start_that_is_tried_again_its_session_comes_back_in_order(played: Played, queue: Path) -> None:
    played.judge = lambda item: 400 if "start" in item else 404
    async with played.client(queue) as app:
        await (await app.start(VIDEO)).update(time_spent_delta=1)
        await (await app.start(VIDEO)).update(time_spent_delta=2)
        await app.sync(20)
        aside = await app.aside()
        assert [each.kind for each in aside] == ["start", "update", "start", "update"]

        played.judge = lambda _: 200
        assert await app.retry(aside[0].key) == 2
        await app.sync(20)
        assert [item["key"] for item in played.items[-2:]] == [aside[0].key, aside[1].key]
        assert await app.discard(aside[2].key)
        assert not await app.discard(aside[2].key)
        assert [each.key for each in await app.aside()] == [aside[3].key]


async def test_what_the_service_has_forgotten_the_visit_of_is_set_aside_and_goes_on_in_the_next_visit(
    played: Played, queue: Path
) -> None:
    forgotten = ""
    played.judge = lambda item: 404 if item["session_id"] == forgotten else 200
    async with played.client(queue) as app:
        before = await app.start(VIDEO)
        assert (await app.sync(20)).waiting == 0
        forgotten = before.id  # an older backup was restored
        await before.update(time_spent_delta=5)
        assert (await app.sync(20)).aside == 1
        [aside] = await app.aside()
        assert (aside.problem.status, aside.problem.detail) == (404, "No.")
        assert await app.retry(aside.key) == 1
        assert (await app.sync(20)).aside == 1, "there is no other visit yet"

        after = await app.start(VIDEO)
        assert await app.retry() == 1
        status = await app.sync(20)
        assert (status.waiting, status.aside) == (0, 0)
        sent = played.items[-1]
        assert (sent["key"], sent["session_id"], sent["update"]) == (aside.key, after.id, {"time_spent_delta": 5})


async def test_what_was_refused_for_its_moment_alone_is_tried_again_as_of_now(played: Played, queue: Path) -> None:
    played.judge = lambda item: 200 if item["occurred_at"].startswith("2026") else 400 if "start" in item else 404
    played.errors = {"occurred_at": ["Must be within the last 30 days."]}
    moment = 0.0
    async with played.client(queue, clock=lambda: moment) as app:
        await (await app.start(VIDEO)).finish()
        assert (await app.sync(20)).aside == 2
        moment = 1_770_000_000.0
        assert await app.retry((await app.aside())[0].key) == 2
        assert (await app.sync(20)).aside == 0
    assert [item["occurred_at"][:4] for item in played.items] == ["1970", "1970", "2026", "2026"]
    assert played.items[0]["key"] == played.items[2]["key"]


async def test_a_queue_says_that_it_is_nearly_full_before_it_is(played: Played, queue: Path) -> None:
    played.refuse = lambda _: problem(503)
    said: list[Status] = []
    app = await played.client(queue, most_items=10, on_change=said.append).__aenter__()
    session = await app.start(VIDEO)
    for _ in range(6):
        await session.update(time_spent_delta=1)
    assert not said[-1].nearly_full
    for _ in range(3):
        await session.update(time_spent_delta=1)
    assert said[-1].nearly_full
    with pytest.raises(QueueFull):
        await session.update(time_spent_delta=1)
    assert (await app.status()).waiting == 10
    assert session.state.time_spent == 9
    await app.close(0)


async def test_a_queue_is_bounded_in_bytes_too(played: Played, queue: Path) -> None:
    async with played.client(queue, most_bytes=2000) as app:
        session = await app.start(VIDEO)
        with pytest.raises(QueueFull):
            await session.update(extra_fields={"text": "x" * 2000})


async def test_what_another_process_settles_meanwhile_is_not_missing_in_a_state(
    played: Played, queue: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_queue() -> Queue:
        return Queue(queue, LEARNER, most_items=9, most_bytes=9999)

    one, other = open_queue(), open_queue()
    one.add("c", "s", "update", b'{"time_spent_delta":3}', lambda: "")
    told = Queue._told

    def settled_meanwhile(this: Queue, content: str) -> Any:
        found = told(this, content)
        if this is one:
            other.settle(Verdict(recorded=[(item, None) for item in other.next(9, 9999)]))
        return found

    monkeypatch.setattr(Queue, "_told", settled_meanwhile)
    assert one.state("c").time_spent == 3
    assert one.waiting() == 0
    for each in (one, other):
        each.close()


def test_what_is_known_of_a_content_is_not_forgotten_for_much_work_at_others(
    queue: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("learntrack_client.queue._STATES_KEPT", 2)
    mine, another = (Queue(queue, whose, most_items=99, most_bytes=99_999) for whose in (LEARNER, "d" * 32))

    def record(of: Queue, content: str) -> None:
        of.add(content, "s", "update", b'{"time_spent_delta":3}', lambda: "")
        of.settle(Verdict(recorded=[(item, None) for item in of.next(9, 9999)]))

    record(mine, "first")
    for _ in range(5):
        record(mine, "second")
        record(another, "first")
    assert mine.state("first").time_spent == 3
    record(mine, "third")
    assert [mine.state(content).time_spent for content in ("first", "second", "third")] == [0, 15, 3]
    for each in (mine, another):
        each.close()


async def test_what_cannot_be_read_any_more_is_sent_all_the_same(played: Played, queue: Path) -> None:
    played.refuse = lambda _: problem(503)
    async with played.client(queue) as app:
        session = await app.start(VIDEO)
        await app._in_queue(
            lambda queue: queue.add(session.content, session.id, "update", b'{"progress": true}', app._now)
        )
        await session.update(interactions=[Interaction("q", correct=True, time_spent=1, answer={})])
        assert session.state.attempts[0].correct == 1.0
        played.refuse = lambda _: None
        assert (await app.sync(20)).waiting == 0
        assert (await app.start(VIDEO)).state.known
    assert len(played.items) >= 3
