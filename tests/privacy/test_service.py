"""A person's data: all of it can be taken along, and all of it can be made to go."""

import asyncio
import json
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from learntrack.documents import ContentSummary, RecordingPermit
from learntrack.documents.base import SCHEMA_VERSION
from learntrack.domain import moments
from learntrack.domain.ids import new_id
from learntrack.privacy import service
from learntrack.storage import DatabaseUnavailable, patience
from learntrack.tracking.unit_of_work import UnitOfWork
from tests.commands.typed import Terminal
from tests.conftest import settings
from tests.privacy.forgetting import holds, passed
from tests.processes import Service
from tests.support import ANONYMOUS, ROOT, Api, Person, School, exercise, right, video
from tests.web.another import another

pytestmark = pytest.mark.engines("mongomock", "embedded", "mongoeco")


async def study(api: Api, learner: Person) -> str:
    long = await api.start(learner, **exercise({"type": "quiz"}))
    for number in range(3):
        await api.update(learner, long, interactions=[right(f"item {number} {each}") for each in range(15)])
    key = {"Idempotency-Key": new_id()}
    await api.answer("POST", "/api/logger/contentsession", learner, json=video(), headers=key)
    return str(long["session_id"])


async def test_everything_about_a_person_is_exported(school: School) -> None:
    api, learner = school.api, await school.learner()
    await study(api, learner)

    answer = await api.send("GET", f"/api/logger/export/{learner.id}", learner)
    rows = [json.loads(line) for line in answer.text.splitlines()]
    assert {row["collection"] for row in rows} == {
        *("users", "content_sessions", "content_summaries", "mastery_logs", "attempt_overflow", "idempotency_keys")
    }
    attempts = [each for row in rows for each in row["document"].get("attempts", [])]
    assert len(attempts) == 45
    assert (await api.send("GET", f"/api/logger/export/{learner.id}", ROOT)).text == answer.text
    for somebody in (await school.learner(), await school.coach(), ANONYMOUS):
        await api.answer("GET", f"/api/logger/export/{learner.id}", somebody, expect=403)
    await api.answer("GET", "/api/logger/export/me", learner, expect=400)


async def test_a_person_is_forgotten_in_every_collection_and_nobody_else_is(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, learner, other = school.api, await school.learner(), await school.learner()
    session = await study(api, learner)
    await study(api, other)
    kept = holds(await api.stored(), other.id)
    monkeypatch.setattr(service, "_STEP", 1)

    await api.answer("DELETE", f"/api/roster/users/{learner.id}", learner, expect=403)
    answer = await api.answer("DELETE", f"/api/roster/users/{learner.id}", ROOT)
    assert answer["complete"]
    assert answer["removed"]["content_sessions"] == 2
    assert answer["removed"]["mastery_logs"] == 1
    assert answer["removed"]["attempt_overflow"] >= 1

    assert holds(await api.stored(), learner.id) == set()
    assert holds(await api.stored(), other.id) == kept
    await api.update(learner, session, expect=404, time_spent_delta=1)
    again = await api.answer("DELETE", f"/api/roster/users/{learner.id}", ROOT)
    assert sum(again["removed"].values()) == 0


async def test_too_much_for_one_request_is_done_in_several(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    api, learner = school.api, await school.learner()
    await study(api, learner)
    monkeypatch.setattr(service, "_STEP", 1)
    forgetting = service.Privacy(api.db, settings(), patience=0)

    steps = 0
    while not (await forgetting.remove(learner.id or "")).complete:
        steps += 1
        assert "users" in (holds(await api.stored(), learner.id) or {"users"})  # the last to go
    assert steps >= 3
    assert holds(await api.stored(), learner.id) == set()


def test_the_command_forgets_too(data_dir: Path, terminal: Terminal) -> None:
    with Service(data_dir) as running:
        learner = Person(new_id())
        assert running.send("POST", "/api/logger/contentsession", learner, json=video()).status_code == 200
        assert "1 content sessions" in terminal("forget", learner.id or "").out
        assert "Nothing was stored" in terminal("forget", learner.id or "", expect=1).out
    checked = terminal("check").out
    for name in ("database", "writable primary", "transactions", "indexes"):
        assert name in checked
    assert f"schema version {SCHEMA_VERSION} " in terminal("migrate").out


async def test_only_superusers_forget_and_only_by_an_id(api: Api) -> None:
    await api.answer("DELETE", f"/api/roster/users/{new_id()}", Person(new_id()), expect=403)
    await api.answer("DELETE", "/api/roster/users/nobody", ROOT, expect=400)


START = "/api/logger/contentsession"


@pytest.fixture
def for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forgetting still refuses for long after its end."""
    monkeypatch.setattr(service, "_MEANWHILE", timedelta(hours=1))


@pytest.mark.usefixtures("for_long")
@pytest.mark.engines("mongomock", "embedded")  # mongoeco holds one transaction at a time
async def test_what_arrives_while_a_person_is_forgotten_leaves_nothing(school: School) -> None:
    api, learner = school.api, await school.learner()
    assert learner.id is not None
    session = await study(api, learner)
    forgotten = asyncio.Event()
    statuses: set[int] = set()

    async def keep(method: str, path: str, **more: Any) -> None:
        while not forgotten.is_set():
            statuses.add((await api.send(method, path, learner, **more)).status_code)
            await asyncio.sleep(0)

    known, queue = exercise(), [{"key": "k", "occurred_at": moments.now().isoformat(), "start": video()}]
    recording = [
        *(asyncio.create_task(keep("POST", START, json=body)) for body in (known, known, video(), video())),
        asyncio.create_task(keep("PUT", f"{START}/{session}", json={"interactions": [right("late")]})),
        asyncio.create_task(keep("POST", f"{START}/batch", json={"items": [{**queue[0], "session_id": new_id()}]})),
    ]
    await asyncio.wait(recording, timeout=0.1)
    while not (await api.answer("DELETE", f"/api/roster/users/{learner.id}", ROOT))["complete"]:
        pass
    forgotten.set()
    await asyncio.gather(*recording)

    assert holds(await api.stored(), learner.id) == set()
    assert {status for status in statuses if status >= 500} <= {503}
    meanwhile = await api.send("POST", START, learner, json=video())
    assert (meanwhile.status_code, meanwhile.headers["retry-after"]) == (403, "1")
    await passed(api, learner)
    await api.start(learner, **video())  # whoever comes back is somebody new


@pytest.mark.usefixtures("for_long")
@pytest.mark.engines("embedded")  # the others have one transaction at a time, or none
@pytest.mark.parametrize("visited_before", [False, True])
async def test_a_start_that_read_before_and_stores_after_brings_nothing_back(
    school: School, monkeypatch: pytest.MonkeyPatch, visited_before: bool
) -> None:
    api, learner, body = school.api, await school.learner(), exercise()
    assert learner.id is not None
    if visited_before:
        await api.start(learner, **body)
    has_read, may_store = asyncio.Event(), threading.Event()
    loop, store = asyncio.get_running_loop(), UnitOfWork.store

    async def waiting(unit: UnitOfWork) -> None:
        loop.call_soon_threadsafe(has_read.set)
        assert may_store.wait(60)  # in the thread of its transaction
        await store(unit)

    monkeypatch.setattr(UnitOfWork, "store", waiting)
    starting = asyncio.create_task(api.send("POST", START, learner, json=body))
    await has_read.wait()
    assert (await api.answer("DELETE", f"/api/roster/users/{learner.id}", ROOT))["complete"]
    may_store.set()

    assert (await starting).status_code == 403
    assert holds(await api.stored(), learner.id) == set()


@pytest.mark.usefixtures("for_long")
@pytest.mark.engines("embedded")
async def test_a_visit_that_comes_before_the_summary_goes_is_forgotten_too(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, learner, body = school.api, await school.learner(), exercise()
    assert learner.id is not None
    await api.start(learner, **body)
    removing, visits = service.Privacy._remove_some, 0

    async def visited(self: service.Privacy, kind: Any, *more: Any) -> int:
        nonlocal visits
        if kind is ContentSummary and not visits:
            visits += 1
            await api.start(learner, **body)
        return await removing(self, kind, *more)

    monkeypatch.setattr(service.Privacy, "_remove_some", visited)
    assert (await api.answer("DELETE", f"/api/roster/users/{learner.id}", ROOT))["complete"]

    assert visits == 1
    assert holds(await api.stored(), learner.id) == set()
    await api.start(learner, expect=403, **body)


@pytest.mark.engines("embedded")
async def test_only_a_first_visit_writes_the_permit(school: School) -> None:
    api, learner, body = school.api, await school.learner(), exercise()
    assert learner.id is not None
    query, written = {"_id": RecordingPermit.id_of(learner.id)}, []
    for content in (None, body, body, video()):
        if content is not None:
            await api.start(learner, **content)
        written += [permit["starts"] for permit in await api.db.find("recording_permits", query)]

    enrolled = written[0]
    assert written == [enrolled, enrolled + 1, enrolled + 1, enrolled + 2]


async def test_work_of_before_is_refused_though_it_is_delivered_later(school: School) -> None:
    api, learner = school.api, await school.learner()
    assert learner.id is not None
    before = (moments.now() - timedelta(seconds=60)).isoformat()
    await api.answer("DELETE", f"/api/roster/users/{learner.id}", ROOT)
    await passed(api, learner)
    queued = {"key": "k", "occurred_at": before, "session_id": new_id(), "start": video()}

    answer = await api.send("POST", f"{START}/batch", learner, json={"items": [queued, {**queued, "key": "l"}]})

    assert [result["status"] for result in answer.json()["results"]] == [403, 403]
    assert holds(await api.stored(), learner.id) == set()


@pytest.mark.engines("mongomock", "embedded")  # one without transactions and one with
@pytest.mark.parametrize("steps", range(1, 8))
async def test_an_interrupted_forgetting_is_taken_up_at_the_next_start(
    school: School, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    api, learner = school.api, await school.learner()
    await study(api, learner)
    monkeypatch.setattr(service, "_STEP", 1)
    removing, done = service.Privacy._remove_some, 0

    async def interrupted(self: service.Privacy, *arguments: Any) -> int:
        nonlocal done
        if done == steps:
            raise DatabaseUnavailable("gone")
        done += 1
        return await removing(self, *arguments)

    monkeypatch.setattr(service.Privacy, "_remove_some", interrupted)
    await api.answer("DELETE", f"/api/roster/users/{learner.id}", ROOT, expect=503)
    monkeypatch.setattr(service.Privacy, "_remove_some", removing)
    for body in (video(), exercise()):
        await api.start(learner, expect=403, **body)

    async with another(api):
        async with asyncio.timeout(60):
            while holds(await api.stored(), learner.id):  # noqa: ASYNC110 - nothing tells when
                await asyncio.sleep(0)  # mongomock never waits, and the other task must have its turn


@pytest.mark.engines("embedded", "mongoeco")  # without transactions the first attempt leaves something behind
async def test_tries_without_their_summary_are_gone_on_with(school: School) -> None:
    """As releases before 0.2 left them where forgetting was interrupted."""
    api, learner, body = school.api, await school.learner(), exercise()
    session = await api.start(learner, **body)
    await api.update(learner, session, progress=1, time_spent_delta=7, interactions=[right("a")])
    await api.start(learner, **body, repeat=True)
    for kind in ("content_sessions", "content_summaries"):
        await api.db.collection(kind).delete_many({"user_id": learner.id})

    again = await api.start(learner, **body)

    assert again["context"]["mastery_level"] == 2
    assert await api.total(learner) == 1
    await api.update(learner, again, progress=1)
    assert (await api.start(learner, **body, repeat=True))["context"]["mastery_level"] == 3
    await api.update(learner, session, expect=404, time_spent_delta=1)


async def test_what_was_interrupted_is_taken_up_though_the_database_is_away_at_first(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, learner = school.api, await school.learner()
    await study(api, learner)
    permit = {"_id": RecordingPermit.id_of(str(learner.id))}
    await api.db.collection(RecordingPermit).update_one(permit, {"$set": {"user_id": learner.id}})
    monkeypatch.setattr(patience, "PAUSES", (0.0, 0.0))
    find, away = api.db.find, [DatabaseUnavailable("away"), DatabaseUnavailable("away")]

    async def sometimes(*asked: Any) -> Any:
        if away:
            raise away.pop()
        return await find(*asked)

    monkeypatch.setattr(api.db, "find", sometimes)
    await service.Privacy(api.db, settings()).take_up()
    monkeypatch.undo()

    assert not holds(await api.stored(), learner.id)
