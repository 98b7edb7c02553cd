"""What of the roster coaches and admins may read: what is about the places where they have a role."""

from typing import Any

import pytest

from learntrack.roster.schemas import PARTS
from tests.support import ROOT, Api, Person, School


async def seen(api: Api, by: Person) -> dict[str, Any]:
    return {kind: await api.answer("GET", f"/api/roster/{kind}", by) for kind in PARTS}


def ids(records: list[dict[str, Any]]) -> set[str]:
    return {record["id"] for record in records}


@pytest.fixture
async def other_class(school: School) -> dict[str, Any]:
    """A class beside A1, with a learner, a coach and something assigned."""
    learner = await school.learner("A2")
    return {
        "place": school.places["A2"],
        "learner": learner,
        "coach": await school.coach("A2"),
        "quiz": await school.quiz("A2"),
    }


async def test_a_coach_reads_what_is_about_the_class(school: School, other_class: dict[str, Any]) -> None:
    api, group = school.api, await school.group("red")
    learner, member, coach = await school.learner(), await school.learner("red"), await school.coach()
    lesson, quiz, course = await school.lesson(), await school.quiz("red"), await school.course_session()
    place = school.places["A1"]
    await api.roster(ROOT, memberships=[{"user_id": learner.id, "collection_id": other_class["place"]}])

    found = await seen(api, coach)

    assert ids(found["facilities"]) == {school.facility}
    assert ids(found["classrooms"]) == {place}
    assert ids(found["learner_groups"]) == {group}
    assert ids(found["users"]) == {learner.id, member.id, coach.id}
    assert [(each["user_id"], each["collection_id"]) for each in found["memberships"]] == sorted(
        [(learner.id, place), (member.id, group)]
    )
    assert found["roles"] == [{"user_id": coach.id, "collection_id": place, "kind": "coach"}]
    assert (ids(found["lessons"]), ids(found["quizzes"]), ids(found["course_sessions"])) == ({lesson}, {quiz}, {course})


async def test_an_admin_of_a_facility_reads_all_of_it(school: School, other_class: dict[str, Any]) -> None:
    admin, learner = await school.coach("facility", kind="admin"), await school.learner()

    found = await seen(school.api, admin)

    assert ids(found["classrooms"]) == set(school.places.values())
    assert ids(found["users"]) == {admin.id, learner.id, other_class["learner"].id, other_class["coach"].id}
    assert ids(found["quizzes"]) == {other_class["quiz"]}
    assert {each["user_id"] for each in found["roles"]} == {admin.id, other_class["coach"].id}


async def test_pages_count_what_may_be_read(school: School, other_class: dict[str, Any]) -> None:
    coach = await school.coach()
    for _ in range(2):
        await school.learner()

    page = await school.api.answer("GET", "/api/roster/memberships", coach, params={"page_size": 1, "page": 2})

    assert (page["count"], page["total_pages"], len(page["results"])) == (2, 2, 1)


async def test_a_learner_reads_none_of_it(school: School) -> None:
    learner = await school.learner()
    for kind in PARTS:
        await school.api.answer("GET", f"/api/roster/{kind}", learner, 403)
