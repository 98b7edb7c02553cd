"""A lesson is assigned to the same learners whoever counts: here, and in the engine's pipeline."""

from typing import Any

import pytest

from learntrack.reports import service
from tests.reports.counted.test_choice import by_nobody
from tests.support import ROOT, Api, School, new_id, video


@pytest.mark.engines("embedded", "mongoeco")
@pytest.mark.parametrize("is_counted_here", [True, False])
@pytest.mark.parametrize("names_contents", [True, False])
async def test_a_row_that_does_not_say_where_somebody_learns_counts_for_their_collections(
    school: School, monkeypatch: pytest.MonkeyPatch, names_contents: bool, is_counted_here: bool
) -> None:
    """As `access.assigned` reads it, also where the lesson's contents are those that somebody used in it."""
    if not is_counted_here:
        monkeypatch.setattr(service, "counted", by_nobody)
    users = school.api.db.collection("users")
    used = video()
    member, early, null, nowhere = [await school.learner() for _ in range(4)]
    await users.update_one({"_id": early.id}, {"$unset": {"learns_in": 1}})
    await users.update_one({"_id": null.id}, {"$set": {"learns_in": None}})
    await users.update_one({"_id": nowhere.id}, {"$set": {"learns_in": []}})
    coach = await school.coach()
    of_class, of_school = new_id(), new_id()
    contents = {"content_ids": [used["content_id"]]} if names_contents else {}
    await school.api.roster(
        ROOT,
        lessons=[
            {"id": of_class, "title": "", "collection_ids": [school.places["A1"]], **contents},
            {"id": of_school, "title": "", "collection_ids": [school.facility], **contents},
        ],
    )
    for lesson in (of_class, of_school):
        await school.api.start(member, **used, lesson_id=lesson, repeat=True)

    assert await assigned(school.api, school.facility, of_class) == {member.id, early.id, null.id}
    assert await assigned(school.api, school.facility, of_school) == {member.id}
    assert coach.id not in await assigned(school.api, school.facility, of_school)


async def assigned(api: Api, facility: str, lesson: str) -> set[Any]:
    """Whom the report names of a lesson."""
    answer = await api.answer("GET", "/api/reports/lesson-completion", ROOT, params={"facility": facility})
    return {row["user_id"] for row in answer["results"] if row["lesson_id"] == lesson}
