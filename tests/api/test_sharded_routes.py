"""On a sharded cluster every route that a learner may ask names whose documents it is about, in every command."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from learntrack.app import create_app
from tests.api.questions import ONCE
from tests.api.test_batch import item, send
from tests.api.test_sharded import SHARD_KEYS, cluster, faults_of, filters_of, long_quiz
from tests.conftest import settings
from tests.support import ANONYMOUS, Api, Person, School, exercise, new_id, right, video
from tests.wire import Document, Wire

__all__ = ("cluster",)  # a fixture

NOT_A_LEARNER_S = {"staff_only", "superuser_only", "may_read_metrics"}
"""Guards that a learner does not pass."""
OF_NO_LOGS = (
    *("/", "/docs", "/health/", "/schema", "/api/auth/session/current", "/api/logger/generatecsvlogrequest"),
    *("/api/me", "/api/reports", "/reports/language", "/reports/sign-", "/reports/static/", "/reports/{elsewhere"),
)
"""Routes about nothing that is recorded: how they begin, "/" as a whole."""
SESSIONS = "/api/logger/contentsession"
RECORDED = {
    f"POST {SESSIONS}",
    f"PUT {SESSIONS}/{{session_id:str}}",
    f"POST {SESSIONS}/batch",
    "POST /api/logger/trackprogress",
    "PUT /api/logger/trackprogress/{session_id:str}",
}
"""Routes that write."""
READ: Mapping[str, Sequence[str]] = {
    "/api/logger/attemptlog": (
        *("", "?page_size=10", "?page_size=10&page=2", "?user={learner}&page_size=10", "?item=item 1-1"),
        *("?content={content}&page_size=5", "?masterylog={try}", "?masterylog={try}&page_size=5"),
        *("?complete=true&page_size=5", "?mastery_level=1", "?facility={facility}", "?classroom={classroom}"),
    ),
    "/api/logger/attemptlog/{attempt_id:str}": ("/{attempt}", "/{old attempt}", "/{loose attempt}", "/{nobody}"),
    "/api/logger/masterylog": (
        *("", "?page_size=10", "?page_size=1&page=2", "?user={learner}", "?content={content}&page_size=5"),
        *("?complete=true", "?quiz=true&page_size=5", "?facility={facility}&page_size=5"),
        "?include=user,content,mastery_level,question_count&page_size=5",
    ),
    "/api/logger/masterylog/{index:str}/diff": ("/0/diff?content={content}&user={learner}",),
    "/api/logger/masterylog/{try_id:str}": ("/{try}", "/{nobody}"),
    "/api/logger/totalcontentprogress/{user_id:str}": ("/{learner}",),
    "/api/logger/userprogress/{user_id:str}": ("/{learner}",),
    "/api/logger/export/{user_id:str}": ("/{learner}",),
    "/reports": ("/",),
    "/reports/learner/{user_id:str}": ("/{learner}", "/{learner}?format=csv&tries=all"),
    "/reports/class/{classroom_id:str}": ("/{classroom}",),
    "/reports/class/{classroom_id:str}/activity": ("/{classroom}/activity",),
    "/reports/class/{classroom_id:str}/events": ("/{classroom}/events",),
    "/reports/class/{classroom_id:str}/learner/{user_id:str}": ("/{classroom}/learner/{learner}",),
    "/reports/class/{classroom_id:str}/lesson/{lesson_id:str}": ("/{classroom}/lesson/{lesson}",),
    "/reports/class/{classroom_id:str}/quiz/{content_id:str}": ("/{classroom}/quiz/{content}",),
    "/reports/class/{classroom_id:str}/unit/{course_id:str}/{unit_id:str}": ("/{classroom}/unit/{nobody}/{nobody}",),
}
"""Routes that read, and how each is asked, behind what is fixed in its path."""


def routes(app: Litestar) -> Iterator[tuple[str, str]]:
    """Method and path of each route that a learner may ask about what is recorded."""
    for route in app.routes:
        if not isinstance(route, HTTPRoute) or route.path == "/" or route.path.startswith(OF_NO_LOGS[1:]):
            continue
        for method, (handler, _) in route.route_handler_map.items():
            guards = {getattr(guard, "__name__", "") for guard in handler.resolve_guards()}
            if method != "OPTIONS" and not guards & NOT_A_LEARNER_S:
                yield str(method), route.path


def test_every_route_that_a_learner_may_ask_is_asked_here() -> None:
    there = {f"{method} {path}" for method, path in routes(create_app(settings()))}

    assert there == RECORDED | {f"GET {path}" for path in READ}


@pytest.fixture
async def school(cluster: Api) -> School:
    return await School(cluster).open()


async def worked(api: Api, school: School, learner: Person) -> dict[str, Any]:
    """Let a learner do something of each kind; returns the ids of what there is, by how paths call it."""
    content = await long_quiz(api, learner)
    await long_quiz(api, learner, content | {"repeat": True})
    watched = await api.start(learner, **video())
    await api.update(learner, watched, interactions=[right("a")])
    [newest, *_] = await api.tries(learner)
    in_try = await api.attempts(learner, masterylog=newest["id"])
    loose = [each for each in await api.attempts(learner) if not each["masterylog"]]
    return {
        "learner": learner.id,
        "facility": school.facility,
        "classroom": school.places["A1"],
        "lesson": await school.lesson(),
        "content": content["content_id"],
        "try": newest["id"],
        "attempt": in_try[-1]["id"],
        "old attempt": in_try[0]["id"],
        "loose attempt": loose[0]["id"],
        "nobody": new_id(),
    }


def is_about_a_content(command: Document) -> bool:
    """Whether it asks which unit a content without a title is the test of: about nobody, and once in ten minutes."""
    return any(collection == "content_sessions" and ONCE in narrowed for collection, narrowed in filters_of(command))


async def test_what_is_read_is_of_that_learner(wire: Wire, cluster: Api, school: School) -> None:
    learner = await school.learner()
    ids = await worked(cluster, school, learner)
    cookie = {"Cookie": f"learntrack_token={learner.headers['Authorization'].removeprefix('Bearer ')}"}

    faults = {}
    for route, asked in READ.items():
        for rest in asked:
            wire.seen.clear()
            path = (route.partition("/{")[0] + rest).format_map(ids)
            answer = await cluster.client.get(path, headers=learner.headers | cookie)
            may_be = (404,) if "nobody" in rest or "/class/" in route else (200, 303)
            commands = [each for each in wire.of("find", "aggregate") if not is_about_a_content(each)]
            found = [fault for each in commands for fault in faults_of(each, learner.id)]
            if found or answer.status_code not in may_be:
                faults[path] = (answer.status_code, found)

    assert faults == {}


async def test_what_is_recorded_of_nobody_who_is_known_names_its_owner_too(wire: Wire, cluster: Api) -> None:
    key = {"Idempotency-Key": new_id()}
    wire.seen.clear()

    for _ in range(2):
        started = await cluster.answer("POST", SESSIONS, ANONYMOUS, json=exercise(), headers=key)
    update = {"json": {"interactions": [right("a")]}, "headers": {"Idempotency-Key": new_id()}}
    assert (await cluster.send("PUT", f"{SESSIONS}/{started['session_id']}", ANONYMOUS, **update)).status_code == 200

    commands = wire.of("find", "aggregate", "insert", "update", "delete", "bulkWrite")
    unnamed = [
        (next(iter(each)), collection, narrowed)
        for each in commands
        for collection, narrowed in filters_of(each)
        if collection in SHARD_KEYS and SHARD_KEYS[collection] not in narrowed
    ]
    assert unnamed == []


async def test_what_kolibri_s_client_sends_names_its_owner(wire: Wire, cluster: Api, school: School) -> None:
    learner = await school.learner()
    wire.seen.clear()

    body = {**exercise(), "node_id": new_id()}
    started = await cluster.answer("POST", "/api/logger/trackprogress", learner, json=body)
    path = f"/api/logger/trackprogress/{started['session_id']}"
    assert (await cluster.send("PUT", path, learner, json={"interactions": [right("a")]})).status_code == 200
    offline = item(new_id(), start=video(), ago=3 * 86400)
    assert [each["status"] for each in await send(cluster, learner, offline)] == [200]

    commands = wire.of("find", "aggregate", "insert", "update", "delete", "bulkWrite")
    assert [fault for each in commands for fault in faults_of(each, learner.id)] == []
