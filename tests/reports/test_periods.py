"""What belongs to a period, and where days and weeks begin."""

from datetime import datetime, timedelta

import pytest

from learntrack.domain import moments
from tests.reports.asking import answered, membership, quiz_of, report
from tests.support import ROOT, Api, Person, School, exercise, new_id, right, video, wrong

ENGINES = pytest.mark.engines("embedded", "mongoeco")


@ENGINES
async def test_a_try_after_mastery_is_no_struggle_in_a_period_that_leaves_mastery_out(school: School) -> None:
    api, learner, practice = school.api, await school.learner(), exercise()
    await api.update(learner, await api.start(learner, **practice), progress=1)
    middle = moments.now().isoformat()
    session = await api.start(learner, **practice, repeat=True)
    await api.update(learner, session, interactions=[wrong(f"q{number}") for number in range(12)])

    assert await report(api, "struggling-learners", content=practice["content_id"], since=middle) == []
    [row] = await report(api, "mastery-funnel", content=practice["content_id"], since=middle)
    assert (row["started"], row["mastered"]) == (1, 1)


@ENGINES
async def test_a_quiz_handed_in_before_the_period_is_not_said_to_be_not_started(school: School) -> None:
    """It stands as it does; of whom it is not assigned to any more only what began in the period is listed."""
    quiz = await quiz_of(school, question_count=2)
    learner, gone = await school.learner(), await school.learner()
    for person in (learner, gone):
        await answered(school, person, quiz, right("q1"))
    await school.api.roster(ROOT, remove={"memberships": [membership(school, gone)]})
    coach, later = await school.coach("facility"), (moments.now() + timedelta(hours=1)).isoformat()

    after = await report(school.api, "quiz-results", coach, content=quiz, since=later)
    whole = await report(school.api, "quiz-results", coach, content=quiz, until=later)

    assert [(row["user_id"], row["status"], row["score"]) for row in after] == [(learner.id, "finished", 0.5)]
    assert {row["user_id"] for row in whole} == {learner.id, gone.id}


@ENGINES
async def test_a_completion_belongs_to_the_period_in_which_it_was_the_first(school: School) -> None:
    """Finished again later, a film and an exercise are not completed anew, and not taken from when they were."""
    api, learner, now = school.api, await school.learner(), moments.now()
    film, practice = video(), exercise()
    for days in (20, 5, 2):
        for start in (film, practice):
            session, at = new_id(), now - timedelta(days=days)
            items = [
                {"key": new_id(), "occurred_at": at.isoformat(), "session_id": session} | what
                for what in ({"start": start | {"repeat": True}}, {"update": {"progress": 1}})
            ]
            await api.answer("POST", "/api/logger/contentsession/batch", learner, json={"items": items})
    middle = (now - timedelta(days=10)).isoformat()

    async def totals(**asked: str) -> list[tuple[int, ...]]:
        rows = await report(api, "totals", classroom=school.places["A1"], **asked)
        return [(row["finished_tries"], row["contents_done"], row["contents_completed"]) for row in rows]

    assert await totals(until=middle) == [(1, 1, 2)]
    assert await totals(since=middle) == [(2, 0, 0)]
    assert await totals() == [(3, 1, 2)]
    completed = {row["completed_at"] for row in await report(api, "progress", classroom=school.places["A1"])}
    assert {datetime.fromisoformat(each) for each in completed} == {now - timedelta(days=20)}


@ENGINES
@pytest.mark.parametrize(
    ("zone", "days"),
    [("UTC", ["2026-03-02"]), ("Asia/Kolkata", ["2026-03-02", "2026-03-03"]), ("America/New_York", ["2026-03-02"])],
)
async def test_days_and_weeks_are_those_of_the_school(school: School, zone: str, days: list[str]) -> None:
    api, learner = school.api, await school.learner()
    await api.roster(ROOT, facilities=[{"id": school.facility, "name": "A school", "timezone": zone}])
    stamps = ["2026-03-02T14:00:00Z", "2026-03-02T18:30:00Z"]  # 18:30 UTC is midnight in Kolkata
    await visited(api, learner, stamps)
    coach = await school.coach()

    found = await api.answer("GET", "/api/reports/daily-activity", coach)
    by_day = await report(api, "daily-activity", coach, since="2026-03-03", until="2026-03-03")
    named = await api.answer("GET", "/api/reports/daily-activity", ROOT, params={"timezone": zone, **school_of(school)})

    assert ([row["day"] for row in found["results"]], found["timezone"]) == (days, zone)
    assert [row["day"] for row in by_day] == [day for day in days if day == "2026-03-03"]
    assert named["results"] == found["results"]


@ENGINES
async def test_a_week_begins_on_the_schools_monday(school: School) -> None:
    """Sunday 20:00 UTC is Monday in Nairobi's east, so that the learner comes back a week later only there."""
    api, learner = school.api, await school.learner()
    await visited(api, learner, ["2026-03-01T20:00:00Z", "2026-03-09T09:00:00Z"])

    async def weeks(zone: str) -> list[tuple[str, int]]:
        rows = await report(api, "retention", timezone=zone, **school_of(school))
        return [(row["cohort"], row["weeks_later"]) for row in rows]

    assert await weeks("UTC") == [("2026-02-23", 0), ("2026-02-23", 2)]
    assert await weeks("Asia/Kolkata") == [("2026-03-02", 0), ("2026-03-02", 1)]


def school_of(school: School) -> dict[str, str]:
    return {"facility": school.facility}


async def visited(api: Api, learner: Person, stamps: list[str]) -> None:
    """Visits that begin at these moments."""
    for stamp in stamps:
        session = await api.start(learner, **video())
        begun = {"start_timestamp": datetime.fromisoformat(stamp)}
        await api.db.collection("content_sessions").update_one({"_id": session["session_id"]}, {"$set": begun})
