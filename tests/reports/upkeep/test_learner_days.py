"""Learner-days: whatever happens, reports say from them what they say from the sessions."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from learntrack.documents import DaysKept, LearnerDay
from learntrack.domain import moments
from learntrack.domain.fading import FadingKind
from learntrack.reports import service
from learntrack.reports.rollups import check_derived, roll_up
from learntrack.reports.upkeep import days
from learntrack.reports.upkeep.worker import Upkeep
from learntrack.retention.export import new_export
from learntrack.retention.service import Retention
from learntrack.storage.leases import Holding, LeaseLost
from tests.reports.naive import NAIVE, close, different
from tests.reports.upkeep.test_upkeep import nobody
from tests.reports.world import ZONE, World
from tests.support import ROOT, Api, Person, School, new_id, video

pytestmark = pytest.mark.engines("embedded", "real")

REPORTS = ("daily-activity", "retention", "time-on-task")


class Visits(World):
    """Three weeks of visits by three learners, and one who has done nothing: enough where it is not about how much."""

    async def populate(self) -> "Visits":
        self.admin = await self.school.coach("facility", "admin")
        self.rooms = {"A1": [await self.school.learner("A1") for _ in range(3)]}
        self.idle = await self.school.learner("A1")
        school = {"id": self.school.facility, "name": "A school", "timezone": ZONE}
        await self.api.roster(ROOT, facilities=[school])
        self.learners = [*self.rooms["A1"], self.idle]
        for learner in self.rooms["A1"]:
            ago = [timedelta(days=21 - 2.5 * number, minutes=self.chance.randrange(300)) for number in range(8)]
            await deliver(self.api, learner, *ago, content_id=self.chance.choice(self.exercises))
            await deliver(self.api, learner, ago[0] + timedelta(minutes=3))
        await self.look()
        return self


@pytest.fixture
async def world(school: School) -> World:
    world = await Visits(school).populate()
    await roll_up(world.api.db, nobody)
    return world


async def kept(api: Api, *people: Person) -> list[dict[str, Any]]:
    """The learner-days of these people, in order."""
    theirs = {"user_id": {"$in": [person.id for person in people]}}
    return sorted(await api.db.find(LearnerDay, theirs), key=lambda row: str(row["_id"]))


async def assert_equal_to_the_sessions(world: World, monkeypatch: pytest.MonkeyPatch, **params: Any) -> None:
    params = {"facility": world.school.facility, **params}
    answers = []
    for reader in (service.kept_days, none):
        with monkeypatch.context() as patched:
            patched.setattr(service, "kept_days", reader)
            answers.append([await world.report(name, ROOT, **params) for name in REPORTS])
    for name, found, expected in zip(REPORTS, *answers, strict=True):
        assert close(found, expected), different(name, found, expected)


async def none(*_: object) -> None:
    return None


async def deliver(api: Api, learner: Person, *ago: timedelta, **start: Any) -> list[str]:
    """Deliver visits that were made offline so long ago; returns the ids of their sessions."""
    visits = {new_id(): (moments.now() - each).isoformat() for each in ago}
    changes: Sequence[dict[str, Any]] = ({"start": video() | start}, {"update": {"time_spent_delta": 33.5}})
    items = [
        {"key": new_id(), "occurred_at": at, "session_id": session, **change}
        for session, at in visits.items()
        for change in changes
    ]
    await api.answer("POST", "/api/logger/contentsession/batch", learner, json={"items": items})
    return list(visits)


@pytest.mark.engines("embedded", "mongoeco", "real")
async def test_reports_of_a_whole_facility_are_answered_from_what_is_kept(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await World(school).populate()
    await roll_up(world.api.db, nobody)
    rows = await kept(world.api, *world.learners)
    assert sum(row["sessions"] for row in rows) > len(world.sessions) / 2
    await assert_equal_to_the_sessions(world, monkeypatch)
    for name in REPORTS:
        assert close(await world.report(name, world.admin, facility=world.school.facility), NAIVE[name](world))

    await world.api.db.collection(LearnerDay).update_one({"_id": rows[0]["_id"]}, {"$set": {"sessions": 1000}})

    by_day = await world.report("daily-activity", ROOT, facility=world.school.facility)
    assert max(row["sessions"] for row in by_day) >= 1000


async def test_a_period_of_whole_days_is_answered_from_them_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for period in ({"since": 13}, {"until": 6}, {"since": 13, "until": 6}, {"since": 1}, {"since": 1, "until": 0}):
        day = {name: f"{moments.now() - timedelta(days=ago):%Y-%m-%d}" for name, ago in period.items()}
        await assert_equal_to_the_sessions(world, monkeypatch, **day)
    await assert_equal_to_the_sessions(world, monkeypatch, since=f"{day['since']}T10:30:00Z")


async def test_what_has_just_begun_is_there_at_once_and_marks_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    learner = world.idle
    session = await world.api.start(learner, **video())
    await world.api.update(learner, session, time_spent_delta=7)

    rows = await world.report("time-on-task", ROOT, facility=world.school.facility)
    assert [row["time_spent"] for row in rows if row["user_id"] == learner.id] == [7]
    await assert_equal_to_the_sessions(world, monkeypatch)
    assert await world.api.db.find("touched", {"days": {"$exists": True}}) == []


async def test_late_work_and_late_changes_of_old_visits_are_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, learner = world.api, world.idle
    sessions = await deliver(api, learner, *(timedelta(days=ago, hours=3) for ago in (20, 9, 4, 2, 1)))
    await roll_up(api.db, nobody)
    assert len(await kept(api, learner)) >= 3
    await assert_equal_to_the_sessions(world, monkeypatch)

    for session in sessions:
        await api.update(learner, session, time_spent_delta=100)
    await roll_up(api.db, nobody)

    await assert_equal_to_the_sessions(world, monkeypatch)


async def test_another_time_zone_has_other_days(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    school = {"id": world.school.facility, "name": "A school", "timezone": "Pacific/Kiritimati"}
    before = await kept(world.api, *world.learners)
    await world.api.roster(ROOT, facilities=[school])
    await assert_equal_to_the_sessions(world, monkeypatch)

    await roll_up(world.api.db, nobody)

    assert await kept(world.api, *world.learners) != before
    await assert_equal_to_the_sessions(world, monkeypatch)
    await assert_equal_to_the_sessions(world, monkeypatch, timezone="America/New_York")


async def test_who_moves_takes_their_days_along(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    api, learner = world.api, world.learners[0]
    other = await School(api).open()
    await roll_up(api.db, nobody)
    await api.roster(ROOT, users=[{"id": learner.id, "username": "u", "facility_id": other.facility}])

    await roll_up(api.db, nobody)

    assert {row["facility_id"] for row in await kept(api, learner)} == {other.facility}
    await assert_equal_to_the_sessions(world, monkeypatch)
    await assert_equal_to_the_sessions(world, monkeypatch, facility=other.facility)


async def test_who_is_forgotten_is_in_none(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    learner = world.learners[0]
    await deliver(world.api, learner, timedelta(days=9))  # a mark that names them
    await world.api.answer("DELETE", f"/api/roster/users/{learner.id}", ROOT)

    await roll_up(world.api.db, nobody)

    assert await kept(world.api, learner) == []
    assert learner.id not in str(await world.api.db.find("touched", {}))
    await assert_equal_to_the_sessions(world, monkeypatch)


async def test_who_is_forgotten_while_their_days_are_computed_does_not_come_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, learner = world.api, world.learners[0]
    await deliver(api, learner, timedelta(days=9))
    write = Holding.write

    async def forgets_first(*given: Any, **more: Any) -> None:
        monkeypatch.setattr(Holding, "write", write)
        await api.answer("DELETE", f"/api/roster/users/{learner.id}", ROOT)
        await write(*given, **more)

    monkeypatch.setattr(Holding, "write", forgets_first)
    with pytest.raises(LeaseLost):
        await Upkeep(api.db).catch_up()

    assert await kept(api, learner) == []


async def test_visits_that_fade_are_counted_no_more(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    old = {FadingKind.sessions: moments.now() - timedelta(days=10)}
    with new_export(tmp_path / "faded.jsonl.gz") as export:
        faded = await Retention(world.api.db, old, everything=True).run(export)
    assert faded[FadingKind.sessions] > 0

    await roll_up(world.api.db, nobody)

    await assert_equal_to_the_sessions(world, monkeypatch)


@pytest.mark.parametrize("writes", [1, 4])
async def test_what_is_interrupted_is_finished_by_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    api, write, left = world.api, Holding.write, [writes]
    before = await kept(api, *world.learners)
    mine = {"_id": world.school.facility}
    await api.db.collection(DaysKept).delete_one(mine)

    async def ends(self: Holding, *given: Any) -> None:
        if not left[0]:
            raise LeaseLost
        left[0] -= 1
        await write(self, *given)

    with monkeypatch.context() as patched:
        patched.setattr(Holding, "write", ends)
        with pytest.raises(LeaseLost):
            await Upkeep(api.db).catch_up()
    await assert_equal_to_the_sessions(world, monkeypatch)

    await roll_up(api.db, nobody)

    assert await kept(api, *world.learners) == before
    await assert_equal_to_the_sessions(world, monkeypatch)


async def test_the_check_mends_days_that_are_wrong_or_missing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    api = world.api
    rows = await kept(api, *world.learners)
    days_of = api.db.collection(LearnerDay)
    await api.db.collection("touched").delete_many({})  # else who is new is looked at once more
    await days_of.update_one({"_id": rows[0]["_id"]}, {"$set": {"time_spent": 1e6}})
    await days_of.delete_one({"_id": rows[-1]["_id"]})

    checked = await check_derived(api.db, nobody)

    assert checked.differed["learners' days"] == 2
    assert await kept(api, *world.learners) == rows


async def test_a_server_that_is_behind_is_asked_for_what_it_has() -> None:
    now = moments.now()
    state = DaysKept.begin("facility", "UTC", now - timedelta(days=9), now - timedelta(hours=1))
    state.move(now - timedelta(days=2), now - timedelta(seconds=30))

    assert state.through_for(timedelta(0), now) == now - timedelta(days=2)
    assert state.through_for(timedelta(seconds=90), now) == now - timedelta(days=9)


def test_between_marking_and_keeping_there_is_time_for_clocks_and_transactions() -> None:
    assert days.KEPT_AFTER - timedelta(hours=12) >= timedelta(hours=24)
