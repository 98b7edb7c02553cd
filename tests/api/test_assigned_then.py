"""What was the learner's then counts, whoever closed, moved or removed it before the queue came."""

from collections.abc import Awaitable, Callable

import pytest

from tests.api.test_batch import item, send
from tests.support import ANONYMOUS, ROOT, Api, Person, School, new_id, right, video


async def _close_quiz(api: Api, school: School, learner: Person, quiz: str) -> None:
    await api.roster(ROOT, quizzes=[{"id": quiz, "title": "Q", "active": False}])


async def _unassign_quiz(api: Api, school: School, learner: Person, quiz: str) -> None:
    await api.roster(ROOT, quizzes=[{"id": quiz, "title": "Q", "collection_ids": []}])


async def _remove_quiz(api: Api, school: School, learner: Person, quiz: str) -> None:
    await api.roster(ROOT, remove={"quizzes": [quiz]})


async def _close_and_remove_quiz(api: Api, school: School, learner: Person, quiz: str) -> None:
    await _close_quiz(api, school, learner, quiz)
    await _remove_quiz(api, school, learner, quiz)


async def _leave_class(api: Api, school: School, learner: Person, quiz: str) -> None:
    await api.roster(ROOT, remove={"memberships": [{"user_id": learner.id, "collection_id": school.places["red"]}]})


async def _remove_group(api: Api, school: School, learner: Person, quiz: str) -> None:
    await api.roster(ROOT, remove={"learner_groups": [school.places["red"]]})


async def _remove_class(api: Api, school: School, learner: Person, quiz: str) -> None:
    await api.roster(ROOT, remove={"classrooms": [school.places["A1"]]})


Ending = Callable[[Api, School, Person, str], Awaitable[None]]


ENDINGS = [
    _close_quiz,
    _unassign_quiz,
    _remove_quiz,
    _close_and_remove_quiz,
    _leave_class,
    _remove_group,
    _remove_class,
]


@pytest.mark.parametrize("ending", ENDINGS)
async def test_a_quiz_that_was_open_then_is_recorded(api: Api, school: School, ending: Ending) -> None:
    await school.group("red")
    learner, other = await school.learner("red"), await school.learner("red")
    quiz, session = await school.quiz(), new_id()
    queue = [
        item(session, ago=600, start={"quiz_id": quiz}),
        item(session, ago=500, update={"interactions": [right("a")], "time_spent_delta": 5}),
    ]
    await ending(api, school, learner, quiz)

    now = [item(new_id(), ago=0, start={"quiz_id": quiz}), item(session, ago=-5, update={"progress": 1})]
    results = await send(api, learner, *queue, *now)
    more = await send(api, learner, item(session, ago=400, update={"progress": 1}))
    await api.start(learner, 403, quiz_id=quiz)
    await api.update(learner, session, 403, time_spent_delta=1)

    assert [result["status"] for result in results] == [200, 200, 403, 403]
    assert [result["status"] for result in more] == [200]
    [tried] = await api.tries(learner)
    assert (tried["correct"], tried["complete"]) == (1, True)
    elsewhere = await send(api, Person(new_id()), item(new_id(), ago=600, start={"quiz_id": quiz}))
    assert elsewhere[0]["status"] == 403, "it never was theirs"
    [theirs] = await send(api, other, item(new_id(), ago=600, start={"quiz_id": quiz}))
    assert theirs["status"] == 200


async def test_a_quiz_that_never_was_open_is_not_taken(api: Api, school: School) -> None:
    learner, quiz = await school.learner(), await school.quiz(active=False)
    await api.roster(ROOT, quizzes=[{"id": quiz, "title": "Q", "active": False}])

    first = await send(api, learner, item(new_id(), ago=600, start={"quiz_id": quiz}))
    await _remove_quiz(api, school, learner, quiz)
    second = await send(api, learner, item(new_id(), ago=600, start={"quiz_id": quiz}))

    assert [result["status"] for result in first + second] == [403, 403]


async def test_what_begins_again_is_forgotten_to_have_ended(api: Api, school: School) -> None:
    learner, quiz, lesson = await school.learner(), await school.quiz(), await school.lesson()
    place = school.places["A1"]
    role, membership = (
        {"user_id": learner.id, "collection_id": place, "kind": "coach"},
        {"user_id": learner.id, "collection_id": place},
    )
    for _ in range(2):
        await api.roster(ROOT, roles=[role], memberships=[membership])
        await api.roster(ROOT, remove={"roles": [role], "memberships": [membership]})
        await _close_quiz(api, school, learner, quiz)
        await api.roster(ROOT, lessons=[{"id": lesson, "title": "L", "collection_ids": []}])
        [user] = await api.db.find("users", {"_id": learner.id})
        assert [each["collection_id"] for each in user["former_collections"]] == [place]
        assert [(each["collection_id"], each["kind"]) for each in user["former_roles"]] == [(place, "coach")]
        assert len(await api.db.find("ended_assignments", {"assigned_id": lesson})) == 1
        [closed] = await api.db.find("quizzes", {"_id": quiz})
        assert closed["closed_at"] is not None

        await api.roster(
            ROOT,
            roles=[role],
            memberships=[membership],
            quizzes=[{"id": quiz, "title": "Q", "active": True}],
            lessons=[{"id": lesson, "title": "L", "collection_ids": [place]}],
        )
        [user] = await api.db.find("users", {"_id": learner.id})
        assert (user["former_collections"], user["former_roles"]) == ([], [])
        assert await api.db.find("ended_assignments", {"assigned_id": lesson}) == []
        [opened] = await api.db.find("quizzes", {"_id": quiz})
        assert opened["closed_at"] is None


@pytest.mark.parametrize("field", ["lesson_id", "course_session_id"])
async def test_a_lesson_or_course_that_was_not_the_learners_is_left_out(api: Api, school: School, field: str) -> None:
    make = school.lesson if field == "lesson_id" else school.course_session
    part = "lessons" if field == "lesson_id" else "course_sessions"
    learner, theirs, ended = await school.learner(), await make("B2"), await make()
    sessions = [new_id() for _ in range(4)]
    await api.roster(ROOT, remove={part: [ended]})
    ids = [theirs, new_id(), ended, ended]

    results = await send(
        api,
        learner,
        *(
            item(session, ago=ago, start=video(**{field: entry}))
            for session, ago, entry in zip(sessions, (600, 600, 600, 0), ids, strict=True)
        ),
        *(item(session, ago=0, update={"progress": 1}) for session in sessions),
    )

    assert {result["status"] for result in results} == {200}
    for result, session, kept in zip(results, sessions, (False, False, True, False), strict=False):
        assert result.get("left_out") == result["body"].get("left_out") == (None if kept else [field])
        assert (field in result["body"]["context"]) is kept
        stored = await api.db.find_one("content_sessions", {"_id": session})
        assert stored is not None
        assert (field in stored["context"]) is kept
    await api.start(learner, 400, **video(**{field: theirs}))


async def test_the_test_of_a_course_that_was_not_the_learners_is_refused(api: Api, school: School) -> None:
    learner, course, unit = await school.learner(), await school.course_session("B2"), new_id()
    start = {"unit_id": unit, "test_type": "pre", "course_session_id": course}

    [result] = await send(api, learner, item(new_id(), ago=600, start=start))

    assert (result["status"], list(result["body"]["errors"])) == (400, ["start.course_session_id"])


async def test_an_anonymous_queue_has_no_lessons(api: Api, school: School) -> None:
    [result] = await send(api, ANONYMOUS, item(new_id(), start=video(lesson_id=await school.lesson())))

    assert result["status"] == 403
