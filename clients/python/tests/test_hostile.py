"""What would make a client lose something, block the queue, eat the memory, or say what is not so."""

import asyncio
import hashlib
import json
import os
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from played import LEARNER, VIDEO, Played, asyncio_with, problem, until

from learntrack_client import Closed, Interaction, InvalidFields, LearntrackError, QueueUnusable
from learntrack_client.judging import MOST_TRIES, MOST_TRIES_UNHEARD
from learntrack_client.service import _LARGEST

PATIENT = {"first_wait": 3600, "longest_wait": 3600}
"""Whose waits are never over in a test: what is sent again is sent because the app is in a hurry."""


@pytest.mark.parametrize("status", [409, 429, 503])
async def test_an_app_in_a_hurry_sets_nothing_aside_that_is_to_be_tried_again(
    played: Played, queue: Path, status: int
) -> None:
    played.judge = lambda _: status
    async with played.client(queue, **PATIENT) as app:
        await app.start(VIDEO)
        async with asyncio.timeout(60):
            while len(played.items) < 3 * MOST_TRIES:
                await app.sync(0.01)
        assert (await app.sync(0)).aside == 0
        played.judge = lambda _: 200
        assert (await app.sync(20)).waiting == 0


async def test_a_start_that_is_at_work_is_not_taken_for_recorded(played: Played, queue: Path) -> None:
    played.judge = lambda item: 409 if "start" in item else 404
    async with played.client(queue) as app:
        session = await app.start(VIDEO)
        assert (await app.sync(20)).waiting == 0
        assert [item.session_id for item in await app.aside()] == [session.id]


async def test_a_start_that_is_there_already_is_recorded_at_once(played: Played, queue: Path) -> None:
    played.judge, played.errors = lambda _: 409, {"session_id": ["This session has been started already."]}
    async with played.client(queue, **PATIENT) as app:
        await app.start(VIDEO)
        assert (await app.sync(20)).waiting == 0
        assert await app.aside() == []
    assert len(played.items) == 1


def keeps_from_the_service(request: httpx.Request) -> httpx.Response | None:
    """A filter of words; the service says of a batch without items what it says."""
    if b"<script>" in request.content:
        return httpx.Response(403, headers={"content-type": "text/html"}, content=b"<h1>Blocked</h1>")
    if not json.loads(request.content)["items"]:
        none = {"status": 400, "title": "T", "detail": "D", "errors": {"items": ["Must be a list of 1-2000 items."]}}
        return httpx.Response(400, headers={"content-type": "application/problem+json"}, content=json.dumps(none))
    return None


async def test_an_item_that_something_between_keeps_from_the_service_blocks_nobody(played: Played, queue: Path) -> None:
    played.refuse = keeps_from_the_service
    async with played.client(queue) as app:
        session = await app.start(VIDEO)
        await session.update(extra_fields={"essay": "<script>"})
        await session.update(progress=0.2)
        assert (await app.sync(60)).waiting == 0
        [aside] = await app.aside()
        assert (aside.body, aside.problem.status) == ({"extra_fields": {"essay": "<script>"}}, 403)
    assert [item.get("update") for item in played.items] == [None, {"progress": 0.2}]


async def test_where_nothing_gets_through_nothing_is_set_aside(played: Played, queue: Path) -> None:
    played.refuse = lambda _: httpx.Response(403, headers={"content-type": "text/html"}, content=b"<h1>Welcome</h1>")
    async with played.client(queue) as app:
        await app.start(VIDEO)
        async with asyncio.timeout(60):
            while len(played.requests) < 3 * MOST_TRIES_UNHEARD:
                await app.sync(0.01)
        status = await app.status()
        assert (status.waiting, status.aside) == (1, 0)
        await app.close(0)


async def test_an_answer_without_end_does_not_fill_the_memory(played: Played, queue: Path) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b" " * 1024 * 1024

    played.refuse = lambda _: httpx.Response(200, headers={"content-type": "application/json"}, content=endless())
    async with played.client(queue, **PATIENT) as app:
        await app.start(VIDEO)
        await until(app, "waiting")
        await app.close(0)
    assert read <= len(played.requests) * (_LARGEST // 1024**2 + 2)


async def test_what_a_slow_network_brings_has_longer_to_arrive(
    played: Played, queue: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time that an answer has is longer by what has arrived of it."""
    ends: list[float] = []

    class Limit(asyncio.Timeout):
        def reschedule(self, when: float | None) -> None:
            ends.append(when or 0)
            super().reschedule(when)

    def within(seconds: float) -> Limit:
        return Limit(asyncio.get_running_loop().time() + seconds)

    async def in_pieces() -> AsyncIterator[bytes]:
        yield b" " * 2048 * 100
        yield b" " * 2048 * 200

    played.refuse = lambda _: httpx.Response(200, headers={"content-type": "application/json"}, content=in_pieces())
    async with played.client(queue) as app:
        monkeypatch.setattr("learntrack_client.service.asyncio", asyncio_with(timeout=within))
        await app._service.send("POST", "/", body=b"x")
        monkeypatch.undo()
    assert [round(end - ends[0]) for end in ends] == [0, 100, 300]


async def test_the_next_anonymous_visitor_sees_nothing_of_the_last(played: Played, queue: Path) -> None:
    async with played.client(queue, learner=None, token=None) as app:
        first = await app.start(VIDEO)
        await first.update(progress=0.7, extra_fields={"name": "Ada"})
        played.refuse = lambda _: problem(503)
        second = await app.start(VIDEO)
        assert (second.state.progress, second.state.extra_fields) == (0.0, {})
        await second.update(progress=0.2)
        assert (first.state.progress, second.state.progress) == (0.7, 0.2)
        await app.close(0)


async def test_what_an_app_makes_of_its_own_objects_later_changes_no_state(played: Played, queue: Path) -> None:
    async with played.client(queue) as app:
        session = await app.start(VIDEO)
        fields, answer = {"at": 1}, {"value": 1}
        await session.update(extra_fields=fields, interactions=[Interaction("a", 1, 0, answer=answer)])
        fields["at"] = answer["value"] = 99
        assert session.state.extra_fields == {"at": 1}
        assert [attempt.answer for attempt in session.state.attempts] == [{"value": 1}]


async def test_the_state_has_what_was_stored_though_its_app_did_not_wait(played: Played, queue: Path) -> None:
    played.refuse = lambda _: problem(503)
    async with played.client(queue, **PATIENT) as app:
        session = await app.start(VIDEO)
        for turns in range(20):
            update = asyncio.create_task(session.update(time_spent_delta=1))
            for _ in range(turns):
                await asyncio.sleep(0)
            update.cancel()
            await asyncio.gather(update, return_exceptions=True)
        await session.update(time_spent_delta=1)  # by now what came before is stored
        stored = (await app.status()).waiting - 1
        assert session.state.time_spent == stored
        await app.close(0)


async def test_the_state_has_what_is_tried_again(played: Played, queue: Path) -> None:
    played.judge = lambda item: 400 if "update" in item else 200
    async with played.client(queue) as app:
        session = await app.start(VIDEO)
        await session.update(time_spent_delta=5)
        await app.sync(20)
        assert session.state.time_spent == 60
        played.refuse = lambda _: problem(503)
        await app.retry()
        assert session.state.time_spent == 65
        await app.close(0)


async def test_a_damaged_item_is_set_aside_shown_and_hides_no_other(played: Played, queue: Path) -> None:
    played.refuse = lambda _: problem(503)
    async with played.client(queue) as app:
        session = await app.start(VIDEO)
        await session.update(progress=0.5)
        await session.update(progress=0.6)
        await app.close(0)
    with sqlite3.connect(queue) as file:
        file.execute("UPDATE items SET body = ? WHERE number = 2", (b'{"progress": 0.',))

    def refuse(request: httpx.Request) -> httpx.Response | None:
        try:
            json.loads(request.content)
        except ValueError:
            return problem(400)
        return None

    played.refuse = refuse
    async with played.client(queue) as app:
        assert (await app.sync(20)).waiting == 0
        [aside] = await app.aside()
        assert aside.body == {}
        assert await app.discard(aside.key)
    assert [item.get("update") for item in played.items] == [None, {"progress": 0.6}]


@pytest.mark.parametrize("replaced", [False, True])
async def test_what_nobody_would_find_again_is_not_said_to_be_stored(
    played: Played, queue: Path, replaced: bool
) -> None:
    played.refuse = lambda _: problem(503)
    async with played.client(queue) as app:
        session = await app.start(VIDEO)
        for file in queue.parent.glob(f"{queue.name}*"):
            file.unlink()
        if replaced:
            sqlite3.connect(queue).close()
        with pytest.raises(QueueUnusable, match="removed or replaced"):
            await session.update(progress=0.5)
        played.refuse = lambda _: None
        assert (await app.sync(20)).waiting == 0, "what was stored before is sent all the same"


async def test_a_damaged_lock_is_named(played: Played, queue: Path) -> None:
    digest = hashlib.sha256(LEARNER.encode()).hexdigest()[:16]
    lock = queue.with_name(f"{queue.name}-{digest}.lock")
    lock.write_bytes(b"no database " * 1000)
    async with played.client(queue) as app:
        await app.start(VIDEO)
        assert str(lock) in str((await until(app, "waiting")).trouble)
        lock.unlink()
        assert (await app.sync(20)).waiting == 0


async def test_a_queue_has_one_lock_however_it_is_called(
    played: Played, queue: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = queue.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "link").symlink_to(queue)
    monkeypatch.chdir(queue.parent)
    for name in (Path(queue.name), elsewhere / "link"):
        async with played.client(name) as app:
            monkeypatch.chdir(elsewhere)
            await app.start(VIDEO)
            assert (await app.sync(20)).waiting == 0
    assert [file.name for file in elsewhere.iterdir()] == ["link"]
    assert len(list(queue.parent.glob("*.lock"))) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
async def test_a_forked_process_is_told_to_make_an_asynchronous_client_of_its_own(played: Played, queue: Path) -> None:
    async with played.client(queue) as app:
        app._thread._process = -1  # as a forked process sees it, whose thread is not there
        with pytest.raises(Closed, match="forked"):
            await app.start(VIDEO)
        await app.close()
        app._thread._process = os.getpid()


HUGE = 10**400
ODD: list[tuple[dict[str, Any], str]] = [
    ({"time_spent_delta": HUGE}, "time_spent_delta"),
    ({"progress": HUGE}, "progress"),
    ({"progress": float("nan")}, "progress"),
    ({"interactions": [Interaction("a", HUGE, 0, answer={})]}, "interactions[0].correct"),
    ({"interactions": [Interaction("a", 1, float("inf"), answer={})]}, "interactions[0].time_spent"),
    ({"interactions": 5}, "interactions"),
]


@pytest.mark.parametrize(("given", "field"), ODD)
async def test_what_is_out_of_all_ranges_is_refused_by_name(
    played: Played, queue: Path, given: dict[str, Any], field: str
) -> None:
    async with played.client(queue) as app:
        session = await app.start(VIDEO)
        with pytest.raises(InvalidFields) as refused:
            await session.update(**given)
        assert list(refused.value.errors) == [field]
        assert await app._in_queue(lambda queue: queue.waiting(session.id)) <= 1


@pytest.mark.parametrize("body", [b'{"detail": "\xff"}', b"[" * 100_000], ids=["no text", "too deep"])
async def test_a_problem_that_cannot_be_read_is_none(played: Played, queue: Path, body: bytes) -> None:
    headers = {"content-type": "application/problem+json"}
    played.refuse = lambda _: httpx.Response(400, headers=headers, content=body)
    async with played.client(queue) as app:
        with pytest.raises(LearntrackError):
            await app.me()
