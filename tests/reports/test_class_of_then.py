"""Who was in a class then: `former=true` counts who has left it since."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from learntrack.reports.filters import report_filters
from learntrack.reports.questions import questions
from learntrack.reports.service import Reports
from tests.reports.asking import report
from tests.reports.test_scripts import run_with
from tests.support import ROOT, Person, School, new_id, video

pytestmark = pytest.mark.engines("embedded", "mongomock")


class Then:
    """A learner who left class A1 for A2, one who came back to it, one who stayed, and one who left the facility."""

    def __init__(self, school: School) -> None:
        self.school = school

    async def open(self) -> "Then":
        school, api = self.school, self.school.api
        self.stays, self.left, self.back, self.gone = [await school.learner("A1") for _ in range(4)]
        self.a1, self.a2 = school.places["A1"], await school.classroom("A2")
        self.other = await School(api).open()
        for learner in (self.stays, self.left, self.back, self.gone):
            await api.update(learner, await api.start(learner, **video()), time_spent_delta=5)
        ended = [{"user_id": each.id, "collection_id": self.a1} for each in (self.left, self.back, self.gone)]
        await api.roster(ROOT, remove={"memberships": ended})
        moved = {"id": self.gone.id, "username": "gone", "facility_id": self.other.facility}
        again = [ended[1], {"user_id": self.left.id, "collection_id": self.a2}]
        await api.roster(ROOT, memberships=again, users=[moved])
        row: Any = await api.db.find_one("users", {"_id": self.left.id})
        [former] = row["former_collections"]
        self.left_at: datetime = former["until"].replace(tzinfo=UTC)
        return self

    async def worked(self, by: Person = ROOT, **asked: str) -> set[str]:
        asked = {"classroom": self.a1, "former": "true"} | asked
        return {row["user_id"] for row in await report(self.school.api, "time-on-task", by, **asked)}


@pytest.fixture
async def then(school: School) -> Then:
    return await Then(school).open()


def ids(*people: Person) -> set[str]:
    return {each.id or "" for each in people}


async def test_who_has_left_a_class_or_a_facility_counts_where_that_is_asked_for(then: Then) -> None:
    assert await then.worked(former="") == ids(then.stays, then.back)
    assert await then.worked(former="false") == ids(then.stays, then.back)
    assert await then.worked() == ids(then.stays, then.left, then.back, then.gone)
    place = {"classroom": "", "facility": then.school.facility}
    assert await then.worked(**place) == ids(then.stays, then.left, then.back, then.gone)
    assert await then.worked(**place, former="") == ids(then.stays, then.left, then.back)
    assert await then.worked(classroom=then.a2) == ids(then.left)


async def test_who_had_left_when_the_period_began_does_not_count(then: Then) -> None:
    await then.school.api.start(then.left, **video())
    before = then.left_at - timedelta(seconds=1)

    assert then.left.id in await then.worked(since=before.isoformat())
    assert then.left.id not in await then.worked(since=then.left_at.isoformat())


async def test_only_whom_the_caller_may_read_today(then: Then) -> None:
    admin, coach = await then.school.coach("facility", "admin"), await then.school.coach("A1")

    assert await then.worked(admin) == ids(then.stays, then.left, then.back)
    assert await then.worked(coach) == ids(then.stays, then.back)
    assert await then.worked(
        await then.other.coach("facility", "admin"), classroom="", facility=then.other.facility
    ) == ids(then.gone)


async def test_exports_and_the_command_count_them_too(then: Then) -> None:
    asked = {"classroom": then.a1, "former": "true"}
    answer = await then.school.api.send("GET", "/api/logger/export/sessions.csv", ROOT, params=asked)
    found = {row["User id"] for row in csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")))}
    assert found == ids(then.stays, then.left, then.back, then.gone)

    answered = await Reports(then.school.api.db).unlimited(questions()["time-on-task"], report_filters(**asked))
    assert {row["user_id"] async for row in answered.rows} == found


async def test_it_needs_a_place(then: Then) -> None:
    for path in ("/api/reports/totals", "/api/logger/export/sessions.csv"):
        problem = await then.school.api.answer("GET", path, ROOT, expect=400, params={"former": "true"})
        assert problem["errors"].keys() == {"former"}
    done = run_with("var former = true;", "")
    assert (done.stdout.strip(), done.returncode) == ("former: Needs a facility or a classroom.", 2)


async def test_the_scripts_ask_for_the_same_people(then: Then) -> None:
    since = (then.left_at - timedelta(days=1)).isoformat().replace("+00:00", "Z")
    done = run_with(
        f"var former = true, classroom = '{new_id()}';",
        f"print(JSON.stringify(memberOf('{then.a1}', new Date('{since}'))))",
    )
    asked = json.loads(done.stdout)
    for choice in asked["$or"][1:]:
        [left] = choice.values()
        moment = left["$elemMatch"]["until"]["$gt"]
        left["$elemMatch"]["until"]["$gt"] = datetime.fromisoformat(moment)

    found = await then.school.api.db.find("users", asked)

    assert {row["_id"] for row in found} == ids(then.stays, then.left, then.back, then.gone)
