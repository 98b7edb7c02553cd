"""Quizzes, lessons and courses are for those whom they are assigned to (contract, POST contentsession)."""

import pytest

from tests.support import ANONYMOUS, Person, School, new_id, video

pytestmark = pytest.mark.secantusd_py


async def test_a_quiz_is_for_those_whom_it_is_assigned_to(school: School) -> None:
    api, member, stranger = school.api, await school.learner(), await school.learner("A2")
    quiz = await school.quiz()

    started = await api.start(member, quiz_id=quiz, kind="video", course_session_id=new_id())

    assert started["mastery_criterion"] == {"type": "quiz", "coach_assigned": True}
    assert started["context"] == {"quiz_id": quiz, "mastery_level": started["context"]["mastery_level"]}
    assert started["context"]["mastery_level"] < 0
    stored = await api.db.find_one("content_sessions", {"_id": started["session_id"]})
    assert (stored["content_id"], stored["channel_id"], stored["kind"]) == (quiz, None, "quiz")
    for nobody in (stranger, ANONYMOUS, Person(new_id()), await school.coach(), await school.person(superuser=True)):
        await api.start(nobody, 403, quiz_id=quiz)
    await api.start(member, 403, quiz_id=new_id())
    await api.start(member, 403, quiz_id=await school.quiz(active=False))


async def test_a_group_of_a_class_has_what_is_assigned_to_the_class(school: School) -> None:
    await school.group("red")
    in_group, in_class = await school.learner("red"), await school.learner("A1")

    await school.api.start(in_group, quiz_id=await school.quiz("A1"))
    await school.api.start(in_class, 403, quiz_id=await school.quiz("red"))


async def test_a_finished_coach_assigned_quiz_is_not_started_again_without_repeat(school: School) -> None:
    api, learner, quiz = school.api, await school.learner(), await school.quiz()
    session = await api.start(learner, quiz_id=quiz)
    await api.update(learner, session, progress=1)

    refused = await api.start(learner, 403, quiz_id=quiz)
    again = await api.start(learner, quiz_id=quiz, repeat=True)

    assert refused["detail"] == "This quiz has been submitted."
    assert again["context"]["mastery_level"] != session["context"]["mastery_level"]


@pytest.mark.parametrize(("field", "assign"), [("lesson_id", "lesson"), ("course_session_id", "course_session")])
async def test_lessons_and_courses_must_be_assigned(school: School, field: str, assign: str) -> None:
    api, learner = school.api, await school.learner()
    mine, other = await getattr(school, assign)("A1"), await getattr(school, assign)("A2")

    started = await api.start(learner, **video(**{field: mine}))

    assert started["context"][field] == mine
    for wrong_one in (other, new_id()):
        refused = await api.start(learner, 400, **video(**{field: wrong_one}))
        assert field in refused["errors"]
    await api.start(ANONYMOUS, 403, **video(**{field: mine}))
