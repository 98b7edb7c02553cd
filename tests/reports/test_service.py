"""Each report equals a naive computation over a generated school."""

import csv
import io
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

from learntrack.access.may_read import Readable
from learntrack.domain import moments
from learntrack.reports.filters import ReportFilters
from learntrack.reports.questions import questions
from learntrack.reports.rollups import roll_up
from learntrack.reports.service import Reports
from learntrack.reports.wrong_answers import WrongAnswer
from tests.reports.naive import NAIVE, close, different
from tests.reports.naive_questions import item_analysis
from tests.reports.world import AFTER_ALL, BEFORE_ALL, World, grouped, nameless, stamp
from tests.support import ANONYMOUS, ROOT, Api, Person, School, new_id

MOCKED = {"struggling-learners", "time-on-task", "totals"}
"""What mongomock can answer: no $dateTrunc, $sortArray, $setWindowFields, nor $lookup by an array."""


@pytest.fixture(scope="module")
async def world(api: Api) -> World:
    """One that is only read."""
    return await World(await School(api).open()).populate()


@pytest.fixture
async def own_world(school: School) -> World:
    """One that a test may change."""
    return await World(school).populate()


# The naive answers, over plain lists


def test_every_question_has_a_naive_answer() -> None:
    assert set(NAIVE) == set(questions())


@pytest.mark.engines("embedded", "mongoeco")
async def test_every_report_of_a_period_equals_a_naive_computation(world: World) -> None:
    """Of the middle third, and of the rest of time: what began, ended or was completed at an edge is in one of them."""
    begins = sorted(row["start_timestamp"] for row in world.sessions)
    first, last = begins[len(begins) // 3], begins[2 * len(begins) // 3]
    for since, until in ((first, last), (BEFORE_ALL, first), (last, AFTER_ALL)):
        asked = {"since": since.isoformat()} if since != BEFORE_ALL else {}
        asked |= {"until": until.isoformat()} if until != AFTER_ALL else {}
        for name, naive in NAIVE.items():
            found, expected = await world.report(name, world.admin, **asked), naive(world.within(since, until))
            assert close(found, expected), (asked, different(name, found, expected))


@pytest.mark.engines("mongomock", "embedded", "mongoeco")
async def test_every_report_equals_a_naive_computation(world: World) -> None:
    for name, naive in NAIVE.items():
        if world.api.engine == "mongomock" and name not in MOCKED:
            continue
        found = await world.report(name, world.admin)
        expected = naive(world)
        assert close(found, expected), different(name, found, expected)
        assert found, name
    if world.api.engine != "mongomock":
        rows = {row["user_id"]: row for row in await world.report("totals", world.admin)}
        statuses = Counter(
            row["user_id"]
            for row in await world.report("progress", world.admin)
            if row["status"] in ("mastered", "finished")
        )
        for learner in world.learners:
            # Less by what has no tries and was started again.
            again = sum(
                row["progress"] < 1 and not row["has_tries"] and row["completion_timestamp"] is not None
                for row in world.summaries
                if row["user_id"] == learner.id
            )
            listed = rows.get(learner.id, {"progress": 0, "contents_completed": 0})
            assert await world.api.total(learner) == listed["progress"] - again
            assert listed["contents_completed"] == statuses[learner.id]


@pytest.mark.engines("embedded", "mongoeco")
async def test_what_summaries_answer_is_what_tries_answer(world: World) -> None:
    for name in (name for name, question in questions().items() if question.ever is not None):
        for narrowed in ({}, {"content": world.exercises[0]}, {"classroom": world.school.places["A1"]}):
            found = await world.report(name, world.admin, **narrowed)
            expected = await world.report(name, world.admin, **narrowed, since="1970-01-01")
            assert close(found, expected), different(name, found, expected)
            assert found or narrowed


@pytest.mark.engines("embedded", "mongoeco")
async def test_what_pages_read_of_summaries_and_tries_is_what_the_reports_say(world: World) -> None:
    """The rows of progress, and the wrong answer that most learners gave: pages ask for them in quicker ways."""
    reports, members = Reports(world.api.db), Readable([str(learner.id) for learner in world.learners])

    async def told(name: str, filters: ReportFilters) -> list[Any]:
        answer = await reports.about(name, filters, members, with_their_names=False)
        return [row async for row in answer.rows]

    def by_pair(rows: list[Any]) -> Any:
        return grouped(rows, "user_id", "content_id")

    found = by_pair(await reports.learner_contents(members))
    assert found == by_pair(await told("progress", ReportFilters()))
    assert {row["status"] for [row] in found.values()} == {"mastered", "finished", "needs help", "started"}

    contents = sorted({content for _, content in found})
    expected = {}
    for content in contents:
        items = await told("item-analysis", ReportFilters(content=content, details=True))
        if wrong := [(len(each["learners"]), each["answer"]) for item in items for each in item["wrong_answers"]]:
            expected[content] = WrongAnswer(max(wrong)[1], max(wrong)[0])
    assert await reports.commonest_wrong(members, contents) == expected
    assert len(expected) > 2


@pytest.mark.engines("embedded", "mongoeco")
async def test_a_whole_facility_is_its_learners_one_by_one(world: World) -> None:
    for name in questions():
        found = await world.report(name, ROOT, facility=world.school.facility)
        assert close(found, await world.report(name, world.admin)), name


@pytest.mark.engines("embedded")
async def test_a_report_is_limited_to_what_the_caller_may_read(world: World) -> None:
    a1 = {learner.id for learner in world.rooms["A1"]}

    assert {row["user_id"] for row in await world.report("time-on-task", world.coach)} == a1
    assert (
        await world.report(
            "time-on-task", world.admin, classroom=world.school.places["A2"], since="2000-01-01", until="2000-02-01"
        )
        == []
    )
    assert {row["user_id"] for row in await world.report("time-on-task", ROOT, facility=world.school.facility)} == {
        learner.id for learner in world.learners if learner is not world.idle
    }
    for nobody in (ANONYMOUS, world.idle, Person(new_id())):
        await world.api.answer("GET", "/api/reports/totals", nobody, expect=403)
    await world.api.answer("GET", "/api/reports/no-such-report", world.coach, expect=404)
    await world.api.answer("GET", "/api/reports/totals", world.coach, expect=400, params={"since": "yesterday"})
    await world.api.answer("GET", "/api/reports/totals", world.coach, expect=400, params={"classroom": "A1"})


@pytest.mark.engines("embedded", "mongoeco")
async def test_a_period_a_content_and_pages_narrow(world: World) -> None:
    middle = sorted(row["start_timestamp"] for row in world.sessions)[len(world.sessions) // 2]
    before = await world.report("daily-activity", world.admin, until=middle.isoformat())
    after = await world.report("daily-activity", world.admin, since=middle.isoformat())
    assert sum(row["sessions"] for row in (*before, *after)) == len(world.sessions)
    assert sum(row["sessions"] for row in after) == sum(row["start_timestamp"] >= middle for row in world.sessions)

    only = await world.report("time-on-task", world.admin, content=world.video)
    assert {row["content_id"] for row in only} == {world.video}

    everything = (await world.api.answer("GET", "/api/reports/time-on-task", world.admin))["results"]
    second = await world.api.answer("GET", "/api/reports/time-on-task", world.admin, params={"page": 2, "page_size": 3})
    assert second["results"] == everything[3:6]
    assert second["count"] == len(everything)
    await world.api.answer(
        "GET", "/api/reports/time-on-task", world.admin, expect=404, params={"page": 99, "page_size": 3}
    )


@pytest.mark.engines("embedded")  # mongoeco holds one transaction at a time: the lease's beats come in between
async def test_items_of_a_whole_facility_are_answered_from_the_rollup(own_world: World) -> None:
    def told(done: int, total: int) -> None:
        assert done <= total

    await roll_up(own_world.api.db, told, everything=True)
    rolled = moments.now()

    answer = await own_world.api.answer(
        "GET", "/api/reports/item-analysis", ROOT, params={"facility": own_world.school.facility}
    )
    assert datetime.fromisoformat(answer["as_of"]) >= rolled
    assert close(nameless(answer["results"]), item_analysis(own_world))

    await own_world.study(own_world.rooms["A1"][0], "A2", moments.now() - timedelta(minutes=10))
    again = await own_world.api.answer(
        "GET", "/api/reports/item-analysis", ROOT, params={"facility": own_world.school.facility}
    )
    assert again["results"] == answer["results"]  # as of when that was written
    await own_world.look()
    await roll_up(own_world.api.db, told)
    fresh = await own_world.api.answer(
        "GET", "/api/reports/item-analysis", ROOT, params={"facility": own_world.school.facility}
    )
    assert close(nameless(fresh["results"]), item_analysis(own_world))


@pytest.mark.engines("embedded")  # the form, not the numbers
async def test_csv_has_the_same_numbers_and_no_formula(own_world: World) -> None:
    rows = (await own_world.api.answer("GET", "/api/reports/time-on-task", own_world.admin))["results"]
    answer = await own_world.api.send("GET", "/api/reports/time-on-task", own_world.admin, params={"format": "csv"})

    assert answer.headers["content-type"].startswith("text/csv")
    read = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [float(row["time_spent"]) for row in read] == [row["time_spent"] for row in rows]
    assert [row["first_activity"] for row in read] == [row["first_activity"] for row in rows]
    user = {"id": own_world.idle.id, "username": "=cmd()", "full_name": "+1", "facility_id": own_world.school.facility}
    await own_world.api.roster(ROOT, users=[user])
    quizzes = await own_world.api.send("GET", "/api/reports/quiz-results", own_world.admin, params={"format": "csv"})
    results = csv.DictReader(io.StringIO(quizzes.text.removeprefix("\ufeff")))
    [mine] = [row for row in results if row["user_id"] == own_world.idle.id]
    assert (mine["username"], mine["full_name"]) == ("'=cmd()", "'+1")


@pytest.mark.engines("mongomock", "embedded")
async def test_logs_are_exported_with_kolibris_columns(world: World) -> None:
    for kind, stored in (("sessions", world.sessions), ("summaries", world.summaries)):
        answer = await world.api.send("GET", f"/api/logger/export/{kind}.csv", world.coach)
        rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))

        a1 = {learner.id for learner in world.rooms["A1"]}
        mine = [row for row in stored if row["user_id"] in a1 and row["kind"] != "quiz"]
        assert len(rows) == len(mine)
        assert sorted(row["Time of first interaction"] for row in rows) == sorted(
            stamp(row["start_timestamp"]) for row in mine
        )
        assert {row["Facility name"] for row in rows} == {"A school"}
        assert ("Time of completion" in rows[0]) == (kind == "summaries")
        assert (await world.api.send("GET", f"/api/logger/export/{kind}.csv", world.idle)).status_code == 403
    some = await world.api.send("GET", "/api/logger/export/sessions.csv", world.coach, params={"since": "2999-01-01"})
    assert len(some.text.splitlines()) == 1
