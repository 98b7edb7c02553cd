"""Nothing that is asked of the embedded engine makes it read what everybody has stored: a few large documents of one
person made the lists, reports and pages of all others slow.
"""

import pytest

from learntrack.access import may_read
from learntrack.domain.ids import summary_id
from learntrack.logs import lists_by_group, newest_of_facility
from learntrack.reports.rollups import roll_up
from tests.api.questions import Query, Room, whole_collections_read
from tests.support import ROOT, Api, Person, School, exercise, right

pytestmark = pytest.mark.engines("embedded")

REPORTS = (
    "daily-activity",
    "improvement",
    "item-analysis",
    "learning-gain",
    "lesson-completion",
    "mastery-funnel",
    "progress",
    "quiz-results",
    "retention",
    "struggling-learners",
    "time-on-task",
    "totals",
)


async def read(api: Api, path: str, by: Person, **params: str) -> None:
    token = by.headers["Authorization"].removeprefix("Bearer ")
    answer = await api.client.get(path, headers=by.headers | {"Cookie": f"learntrack_token={token}"}, params=params)
    assert answer.status_code == 200, (path, answer.text[:200])


async def test_recording(api: Api, school: School, asked: list[Query]) -> None:
    room = await Room(school).open()
    asked.clear()

    await room.work()

    assert await whole_collections_read(api, asked) == []
    assert asked


async def test_what_an_interrupted_forgetting_left(api: Api, school: School, asked: list[Query]) -> None:
    room = await Room(school).open()
    body = exercise()
    session = await api.start(room.ada, **body)
    await api.update(room.ada, session, interactions=[right("a")])
    await api.db.collection("content_summaries").delete_many({"user_id": room.ada.id})
    asked.clear()

    assert (await api.start(room.ada, **body))["totalattempts"] == 1

    assert await whole_collections_read(api, asked) == []
    assert ("mastery_logs", {"summary_id": summary_id(str(room.ada.id), body["content_id"])}) in asked


@pytest.mark.parametrize("several", [1, 10])
async def test_lists(
    api: Api, school: School, asked: list[Query], monkeypatch: pytest.MonkeyPatch, several: int
) -> None:
    """A class is asked about in another way than few learners, which two are unless `several` says otherwise."""
    monkeypatch.setattr(lists_by_group, "_SEVERAL", several)
    room = await Room(school).open()
    await room.work()
    asked.clear()

    narrowed: list[dict[str, str]] = [{}, {"page_size": "2"}, {"content": room.quiz}]
    narrowed += [{"complete": "true", "page_size": "2"}, {"classroom": room.id, "page_size": "2"}]
    of_items = [{"item": "a"}, {"item": "a", "page_size": "2"}]
    for by in (room.ada, room.coach):
        for path, more in (("/api/logger/masterylog", []), ("/api/logger/attemptlog", of_items)):
            for params in [*narrowed, *more]:
                await read(api, path, by, **params)
        await read(api, "/api/logger/masterylog/0/diff", by, user=str(room.ada.id), content=room.quiz)

    assert await whole_collections_read(api, asked) == []
    assert asked
    if several == 1 and api.engine == "embedded":
        held = [query for name, query in asked if name == "content_sessions" and "attempt_count" in query]
        assert {("user_id" in query, len(query)) for query in held} == {(True, 2)}  # what its index is about, no more


@pytest.mark.parametrize("apart", [0, 200])
async def test_lists_of_a_facility(
    api: Api, school: School, asked: list[Query], monkeypatch: pytest.MonkeyPatch, apart: int
) -> None:
    """As of a large school: its newest part is looked for first, and its attempts are counted."""
    for module, name, bound in (
        (may_read, "MANY", 0),
        (newest_of_facility, "MORE_TRIES", 0),
        (lists_by_group, "_SEVERAL", 1),
        (lists_by_group, "_ASKED_APART", apart),
    ):
        monkeypatch.setattr(module, name, bound)
    room = await Room(school).open()
    await room.work()
    await roll_up(api.db, lambda *_: None)  # else somebody may still move, also in another test's school
    asked.clear()

    for path in ("/api/logger/masterylog", "/api/logger/attemptlog"):
        for more in ({"page_size": "2"}, {"page_size": "2", "complete": "true"}, {"page_size": "40"}, {}):
            await read(api, path, ROOT, facility=school.facility, **more)

    assert await whole_collections_read(api, asked) == []
    held = [sorted(query) for name, query in asked if name == "content_sessions"]
    assert held.count(["attempt_count", "end_timestamp"]) == 2  # the newest part's, and all to count them
    assert {*map(tuple, held)} == {("attempt_count", "end_timestamp"), ("attempt_count", "user_id")}


async def test_lists_of_everybody_look_through_no_sessions(api: Api, school: School, asked: list[Query]) -> None:
    """Tries they do read all; of sessions few hold attempts."""
    await Room(school).open()
    asked.clear()

    for more in ({"page_size": "2"}, {"page_size": "2", "complete": "true"}, {"item": "a"}, {}):
        await read(api, "/api/logger/attemptlog", ROOT, **more)

    of_sessions = [query for query in asked if query[0] == "content_sessions" and "in a union" not in query[1]]
    assert await whole_collections_read(api, of_sessions) == []
    assert of_sessions


@pytest.mark.parametrize("narrowed", [{}, {"since": "2020-01-01"}, {"content": "c" * 32}], ids=str)
async def test_reports_of_a_class(api: Api, school: School, asked: list[Query], narrowed: dict[str, str]) -> None:
    room = await Room(school).open()
    await room.work()
    asked.clear()

    for name in REPORTS:
        content = {"content": room.quiz} if "content" in narrowed else {}
        await read(api, f"/api/reports/{name}", room.coach, classroom=room.id, **narrowed | content)

    assert await whole_collections_read(api, asked) == []
    assert asked


@pytest.mark.parametrize("kind", ["sessions", "summaries", "attempts", "interactions"])
async def test_exports(api: Api, school: School, asked: list[Query], kind: str) -> None:
    room = await Room(school).open()
    await room.work()
    asked.clear()

    for narrowed in ({}, {"since": "2020-01-01"}, {"content": room.quiz}):
        await read(api, f"/api/logger/export/{kind}.csv", room.coach, **narrowed)
        await read(api, f"/api/logger/export/{kind}.jsonl", ROOT, classroom=room.id, **narrowed)
        await read(api, f"/api/logger/export/{kind}.jsonl", ROOT, facility=school.facility, **narrowed)

    assert await whole_collections_read(api, asked) == []
    assert asked


async def test_a_person_s_own_copy(api: Api, school: School, asked: list[Query]) -> None:
    room = await Room(school).open()
    await room.work()
    asked.clear()

    for by in (room.ada, ROOT):
        await read(api, f"/api/logger/export/{room.ada.id}", by)

    assert await whole_collections_read(api, asked) == []
    assert asked


async def test_reports_of_a_facility_look_for_its_people_once(api: Api, school: School, asked: list[Query]) -> None:
    room = await Room(school).open()
    await room.work()
    asked.clear()

    for name in REPORTS:
        await read(api, f"/api/reports/{name}", ROOT, facility=school.facility)

    assert await whole_collections_read(api, asked) == []
    assert [query for _, query in asked if "places" in query] == [{"places": school.facility}] * len(REPORTS)


async def test_pages(api: Api, school: School, asked: list[Query]) -> None:
    room = await Room(school).open()
    await room.work()
    asked.clear()

    for path in ("", "/activity", f"/quiz/{room.quiz}", f"/learner/{room.ada.id}"):
        await read(api, f"/reports/class/{room.id}{path}", room.coach)

    assert await whole_collections_read(api, asked) == []
    assert asked


async def test_forgetting_and_readiness(api: Api, school: School, asked: list[Query]) -> None:
    room = await Room(school).open()
    await room.work()
    asked.clear()

    assert (await api.client.delete(f"/api/roster/users/{room.ada.id}", headers=ROOT.headers)).json()["complete"]
    assert (await api.client.get("/health/ready")).status_code == 200

    assert await whole_collections_read(api, asked) == []
    assert asked
