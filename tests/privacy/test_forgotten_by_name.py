"""Whoever is being forgotten is not brought back by a roster or an import that names them meanwhile."""

import asyncio
import sqlite3
from datetime import timedelta
from typing import Any

import pytest

from learntrack.documents import RecordingPermit
from learntrack.domain import moments
from learntrack.importing import service as importing
from learntrack.privacy import service
from learntrack.privacy.service import Privacy
from learntrack.reports.rollups import as_of_rollup, roll_up
from learntrack.roster.writing import RosterWriting
from tests.conftest import settings
from tests.importing.moving import HOME, fresh, move_in
from tests.privacy.forgetting import holds, passed
from tests.support import ROOT, Api, School, exercise, new_id, wrong


@pytest.fixture(autouse=True)
def for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forgetting still refuses for long after its end."""
    monkeypatch.setattr(service, "_MEANWHILE", timedelta(hours=1))


def entry(user: str | None, school: School) -> dict[str, Any]:
    return {"id": user, "username": "back", "facility_id": school.facility}


@pytest.mark.engines("mongomock", "embedded", "mongoeco")
async def test_a_roster_brings_nobody_back_who_is_being_forgotten(school: School) -> None:
    api, learner, other = school.api, await school.learner(), new_id()
    await api.answer("DELETE", f"/api/roster/users/{learner.id}", ROOT)
    membership = {"user_id": learner.id, "collection_id": school.places["A1"]}

    answer = await api.send(
        "PUT", "/api/roster", ROOT, json={"users": [entry(other, school), entry(learner.id, school)]}
    )

    assert (answer.status_code, answer.headers["retry-after"]) == (409, "1")
    assert answer.json()["detail"].startswith("users[1]: this person is being forgotten.")
    await api.roster(ROOT, 400, memberships=[membership])
    assert holds(await api.stored(), learner.id) == holds(await api.stored(), other) == set()
    await passed(api, learner)
    await api.roster(ROOT, users=[entry(learner.id, school)], memberships=[membership])  # somebody new


@pytest.mark.engines("embedded")  # the others have one transaction at a time, or none
async def test_a_roster_that_read_before_and_stores_after_brings_nobody_back(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, stranger = school.api, new_id()
    has_read, may_store = asyncio.Event(), asyncio.Event()
    use = RosterWriting._use_permits

    async def waiting(self: RosterWriting, *arguments: Any) -> None:
        has_read.set()
        await may_store.wait()
        await use(self, *arguments)

    monkeypatch.setattr(RosterWriting, "_use_permits", waiting)
    writing = asyncio.create_task(api.send("PUT", "/api/roster", ROOT, json={"users": [entry(stranger, school)]}))
    await has_read.wait()
    assert (await api.answer("DELETE", f"/api/roster/users/{stranger}", ROOT))["complete"]
    may_store.set()

    assert (await writing).status_code == 409
    assert holds(await api.stored(), stranger) == set()


@pytest.mark.parametrize("moment", ["before the roster", "before the logs"])
async def test_an_import_brings_nobody_back_who_is_being_forgotten(
    monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    with sqlite3.connect(HOME / "db.sqlite3") as kolibri:
        [user] = kolibri.execute("SELECT user_id FROM logger_masterylog LIMIT 1").fetchone()
    async with fresh("embedded") as api:
        load, store, forgotten = importing.load, importing._store, []

        async def forget() -> None:
            if not forgotten:
                forgotten.append(await Privacy(api.db, settings()).remove(user))

        async def loading(*arguments: Any) -> Any:
            if moment == "before the roster":
                await forget()
            return await load(*arguments)

        async def storing(*arguments: Any, **more: Any) -> None:
            await forget()
            await store(*arguments, **more)

        monkeypatch.setattr(importing, "load", loading)
        monkeypatch.setattr(importing, "_store", storing)

        report = await move_in(api, HOME)

        stored = await api.stored()
        assert holds(stored, user) == set()
        assert len(stored["users"]) > 3
        assert stored["mastery_logs"]
        assert any("forgotten" in reason for _, reason in report.reasons)


@pytest.mark.parametrize("days", [1, 400])
async def test_a_digest_is_kept_as_long_as_work_of_before_may_be_delivered(school: School, days: float) -> None:
    user = new_id()
    await Privacy(school.api.db, settings(max_occurred_days=days)).remove(user)

    row = await school.api.db.find_one(RecordingPermit, {"_id": RecordingPermit.id_of(user)})

    assert row is not None
    assert user not in str(row)
    assert timedelta() <= row["expires_at"] - moments.now() - timedelta(days=days) <= timedelta(hours=1)


@pytest.mark.engines("embedded")
async def test_other_schools_keep_their_rollups(api: Api) -> None:
    schools = [await School(api).open() for _ in range(3)]
    body, people = exercise(), []
    for place in schools:
        learner = await place.learner()
        people.append(learner)
        session = await api.start(learner, **body)
        await api.update(learner, session, interactions=[wrong("q", simple_answer=f"answer {place.facility}")])
    await roll_up(api.db, lambda *_: None)
    mover, [old, new, other] = people[0], [place.facility for place in schools]
    await api.roster(ROOT, users=[{"id": mover.id, "username": "moved", "facility_id": new}])

    await api.answer("DELETE", f"/api/roster/users/{mover.id}", ROOT)

    rolled = {row["facility_id"] for row in await api.db.find("item_rollups", {"content_id": body["content_id"]})}
    assert rolled == {other}
    assert await as_of_rollup(api.db, [other]) is not None
    assert await as_of_rollup(api.db, [old]) is None
    assert await as_of_rollup(api.db, [new]) is None
    assert await as_of_rollup(api.db) is None
    await roll_up(api.db, lambda *_: None)
    assert await as_of_rollup(api.db) is not None
    await passed(api, mover)
    await roll_up(api.db, lambda *_: None)
    state = await api.db.find_one("rollups", {"_id": "item-analysis:2"})
    assert state is not None
    assert not state.get("stale")
    assert {row["facility_id"] for row in await api.db.find("item_rollups", {"content_id": body["content_id"]})} == {
        new,
        other,
    }
