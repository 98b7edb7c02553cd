"""What is derived follows what is written: rollups, the facilities of logs, the numbers of tries."""

import asyncio
import itertools
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from learntrack.access import may_read
from learntrack.documents import ContentSummary, MasteryLog, Touched
from learntrack.documents.try_numbers import numbers_by_kind
from learntrack.domain import moments
from learntrack.domain.ids import summary_id
from learntrack.reports import rollups
from learntrack.reports.rollups import as_of_rollup, check_derived, roll_up
from learntrack.reports.upkeep import worker
from learntrack.reports.upkeep.worker import Upkeep
from learntrack.storage import leases
from learntrack.storage.leases import Holding
from tests.support import ROOT, Api, Person, School, exercise, new_id, right, video

pytestmark = pytest.mark.engines("embedded", "mongoeco", "real")


def nobody(done: int, total: int) -> None:
    assert done <= total


async def rolled_up(api: Api, facility: str, content: str) -> int:
    """How many attempts the rollup of a facility has at a content."""
    rows = await api.db.find("item_rollups", {"facility_id": facility, "content_id": content})
    return sum(answer["attempts"] for row in rows for answer in row["answers"])


async def study(api: Api, learner: Person, body: dict[str, Any], *items: str) -> Any:
    session = await api.start(learner, **body)
    await api.update(learner, session, time_spent_delta=1, interactions=[right(item) for item in items])
    return session


async def test_what_is_written_is_marked_with_it_and_worked_off(school: School) -> None:
    api, learner, body = school.api, await school.learner(), exercise()
    await roll_up(api.db, nobody)
    before = moments.now()
    await study(api, learner, body, "a", "b")
    await api.start(learner, **video())  # nothing is derived of it

    assert before <= (await as_of_rollup(api.db) or before) <= moments.now()
    [started, updated] = await api.db.find(Touched, {"logs": f"{learner.id}:{body['content_id']}"})
    assert started["logs"] == updated["logs"]
    assert await roll_up(api.db, nobody) == 1

    assert await rolled_up(api, school.facility, body["content_id"]) == 2
    assert await api.db.find(Touched, {"logs": {"$exists": True}}) == []


async def test_an_older_answer_that_changes_and_counts_the_same_is_marked(school: School) -> None:
    """Nothing of the try changes, only a chunk of its older attempts."""
    api, learner, body = school.api, await school.learner(), exercise()
    session = await api.start(learner, **body)
    half = {"correct": 0.5, "simple_answer": "7"}
    await api.update(learner, session, interactions=[right(f"q{number}", **half) for number in range(30)])
    await roll_up(api.db, nobody)
    [chunk] = await api.db.find("attempt_overflow", {"user_id": learner.id})
    older = chunk["attempts"][0]

    again = right(older["item"], **half | {"simple_answer": "8", "id": older["id"], "replace": True})
    await api.update(learner, session, interactions=[again])
    await roll_up(api.db, nobody)

    rows = await api.db.find("item_rollups", {"facility_id": school.facility, "content_id": body["content_id"]})
    answers = {row["item"]: [answer["answer"] for answer in row["answers"]] for row in rows}
    assert answers[older["item"]] == ["8"]


async def test_who_waits_for_a_process_that_has_gone_takes_over(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waited without an end, each time as one who looks for the first time."""
    api, learner, looks = school.api, await school.learner(), itertools.count()
    await roll_up(api.db, nobody)
    await study(api, learner, exercise(), "a")
    assert await Holding(api.db, worker.UPKEEP).take()

    monkeypatch.setattr(leases, "time", SimpleNamespace(monotonic=lambda: float(next(looks))))  # a second for each look
    monkeypatch.setattr(rollups, "_LOOK_SECONDS", 0.0)
    async with asyncio.timeout(60):
        assert await roll_up(api.db, nobody) == 1


async def test_what_is_refused_touches_nothing(school: School) -> None:
    api, learner, body = school.api, await school.learner(), exercise()
    session = await api.start(learner, **body)
    await roll_up(api.db, nobody)

    await api.update(learner, session, expect=400, interactions=[right("a", id=new_id())])

    assert await api.db.find(Touched, {"logs": {"$exists": True}}) == []


async def test_logs_follow_a_learner_into_another_facility(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    api, learner, body = school.api, await school.learner(), exercise()
    other = await School(api).open()
    await study(api, learner, body, *(f"item {number}" for number in range(30)))  # some of it in a chunk
    await roll_up(api.db, nobody)
    assert await rolled_up(api, school.facility, body["content_id"]) == 30

    await api.roster(ROOT, users=[{"id": learner.id, "username": "u", "facility_id": other.facility}])
    await roll_up(api.db, nobody)

    for kind in ("content_sessions", "content_summaries", "mastery_logs", "attempt_overflow"):
        assert {row["facility_id"] for row in await api.db.find(kind, {"user_id": learner.id})} == {other.facility}
    assert await rolled_up(api, school.facility, body["content_id"]) == 0
    assert await rolled_up(api, other.facility, body["content_id"]) == 30


async def test_a_start_that_overlapped_with_the_move_is_found_the_second_time(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, learner, body = school.api, await school.learner(), exercise()
    upkeep = Upkeep(api.db)
    await upkeep.catch_up()
    await study(api, learner, body, "a")
    # As if its transaction had read the roster before the learner came into the facility.
    late = {"user_id": learner.id}
    await api.db.collection(MasteryLog).update_many(late, {"$set": {"facility_id": None}})
    await upkeep.catch_up()
    assert (await api.db.find_one(MasteryLog, late) or {})["facility_id"] is None

    monkeypatch.setattr(worker, "LATE_SECONDS", 0.0)
    await upkeep.catch_up()

    assert (await api.db.find_one(MasteryLog, late) or {})["facility_id"] == school.facility
    assert await api.db.find(Touched, {"moved": learner.id}) == []


async def test_who_comes_onto_the_roster_brings_what_they_did_before(school: School) -> None:
    api, learner, body = school.api, Person(new_id()), exercise()
    await study(api, learner, body, "a")
    await roll_up(api.db, nobody)
    assert await rolled_up(api, school.facility, body["content_id"]) == 0

    await api.roster(ROOT, users=[{"id": learner.id, "username": "u", "facility_id": school.facility}])
    await roll_up(api.db, nobody)

    assert await rolled_up(api, school.facility, body["content_id"]) == 1


async def test_tries_are_counted_anew_where_work_came_in_late(school: School) -> None:
    api, learner, body = school.api, await school.learner(), exercise()
    session = await api.start(learner, **body)
    await api.update(learner, session, progress=1, time_spent_delta=3)
    key, late = new_id(), {"session_id": new_id(), "occurred_at": (moments.now() - timedelta(hours=2)).isoformat()}
    queue = [
        {"key": key, **late, "start": {**body, "repeat": True}},
        {"key": new_id(), **late, "update": {"progress": 1, "time_spent_delta": 5}},
    ]
    await api.answer("POST", "/api/logger/contentsession/batch", learner, json={"items": queue})
    mine = {"_id": summary_id(learner.id or "", body["content_id"])}
    assert (await api.db.find_one(ContentSummary, mine) or {})["recount"]

    await roll_up(api.db, nobody)

    summary = ContentSummary.read(await api.db.find_one(ContentSummary, mine) or {})
    tries = [MasteryLog.read(row) for row in await api.db.find(MasteryLog, {"user_id": learner.id})]
    assert summary.of_tries == numbers_by_kind(tries)
    assert summary.of_tries["exercise"].seconds_to_done == 5
    assert not summary.recount


async def test_the_check_finds_and_mends_what_differs(school: School) -> None:
    api, learner, body = school.api, await school.learner(), exercise()
    await study(api, learner, body, "a", "b")
    await check_derived(api.db, nobody)
    sound = await check_derived(api.db, nobody)
    assert set(sound.differed.values()) == {0}
    assert all(sound.looked_at.values())

    of_item = {"facility_id": school.facility, "content_id": body["content_id"], "item": "a"}
    await api.db.collection("item_rollups").update_one(of_item, {"$set": {"answers.0.attempts": 7}})
    mine = {"user_id": learner.id}
    await api.db.collection("content_summaries").update_one(mine, {"$set": {"of_tries.exercise.attempts": 7}})
    await api.db.collection("content_sessions").update_one(mine, {"$set": {"facility_id": new_id()}})

    checked = await check_derived(api.db, nobody)

    assert checked.differed["rollups"] == 1
    assert checked.differed["numbers of tries"] == 1
    assert await rolled_up(api, school.facility, body["content_id"]) == 2
    assert (await api.db.find_one("content_sessions", mine) or {})["facility_id"] == school.facility
    assert set((await check_derived(api.db, nobody)).differed.values()) == {0}


async def test_a_facilitys_reports_are_right_before_the_logs_have_followed(school: School) -> None:
    """Who has left is not told of to those who may not read them any more, and who has come is there at once."""
    api, leaves, stays = school.api, await school.learner(), await school.learner()
    comes, body = Person(new_id()), video()
    other = await School(api).open()
    admins = {place.facility: await place.coach("facility", "admin") for place in (school, other)}
    for who in (leaves, stays, comes):
        await api.start(who, **body)
    await roll_up(api.db, nobody)
    moves = [
        {"id": leaves.id, "username": "u", "facility_id": other.facility},
        {"id": comes.id, "username": "s", "facility_id": school.facility},
    ]
    await api.roster(ROOT, users=moves)

    async def told(facility: str, name: str) -> set[str]:
        params = {"facility": facility, "content": body["content_id"]}
        report = await api.answer("GET", f"/api/reports/{name}", admins[facility], params=params)
        return {row["user_id"] for row in report["results"]}

    for _ in range(2):
        for name in ("progress", "time-on-task"):
            assert await told(school.facility, name) == {stays.id, comes.id}
            assert await told(other.facility, name) == {leaves.id}
        await roll_up(api.db, nobody)


async def test_rollups_are_of_before_a_move_until_the_logs_have_followed(school: School) -> None:
    api, learner = school.api, await school.learner()
    other = await School(api).open()
    await roll_up(api.db, nobody)

    await api.roster(ROOT, users=[{"id": learner.id, "username": "u", "facility_id": other.facility}])
    moved = moments.now()
    assert (await as_of_rollup(api.db) or moved) <= moved
    await roll_up(api.db, nobody)

    assert (await as_of_rollup(api.db) or moved) >= moved


async def test_lists_of_a_facility_are_right_before_the_logs_have_followed(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(may_read, "MANY", 0)  # as of a large school
    api, leaves, comes, body = school.api, await school.learner(), Person(new_id()), exercise()
    other = await School(api).open()
    for number in range(12):
        await study(api, leaves if number % 2 else comes, exercise() | {"content_id": new_id()}, "a")
    await study(api, await school.learner(), body, "a")
    await roll_up(api.db, nobody)

    await api.roster(ROOT, users=[{"id": leaves.id, "username": "u", "facility_id": other.facility}])
    await api.roster(ROOT, users=[{"id": comes.id, "username": "s", "facility_id": school.facility}])

    for _ in range(2):
        for path in ("masterylog", "attemptlog"):
            params = {"facility": school.facility, "page_size": 1, "page": 1}
            assert (await api.answer("GET", f"/api/logger/{path}", ROOT, params=params))["count"] == 7
        await roll_up(api.db, nobody)
