"""Offline work: the moment that counts, and what was the learner's then (contract, *What happened when*)."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from learntrack.domain import moments
from tests.api.test_batch import item, send
from tests.support import ANONYMOUS, ROOT, Api, Person, School, exercise, new_id, right, video

MINUTE = 60
PATH = "/api/logger/contentsession/batch"


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def deliver(api: Api, by: Person, *items: Any, clock_ahead: float, expect: int = 200) -> Any:
    """Send a queue from a device whose clock is so many seconds ahead (its items say when by that clock)."""
    sent_at = (moments.now() + timedelta(seconds=clock_ahead)).isoformat()
    found = await api.answer("POST", PATH, by, expect, json={"items": list(items), "sent_at": sent_at})
    return found["results"] if expect == 200 else found


async def stored_start(api: Api, session: str) -> datetime:
    found = await api.db.find_one("content_sessions", {"_id": session})
    assert found is not None
    start: datetime = found["start_timestamp"]
    return start


# The device's clock


@pytest.mark.parametrize("ahead", [20 * MINUTE, -20 * MINUTE, 40 * 86400, -40 * 86400])
async def test_a_devices_wrong_clock_is_corrected(api: Api, school: School, ahead: float) -> None:
    learner, session = await school.learner(), new_id()
    queue = [
        item(session, ago=10 * MINUTE - ahead, start=video()),
        item(session, ago=9 * MINUTE - ahead, update={"progress": 1}),
    ]

    first = await deliver(api, learner, *queue, clock_ahead=ahead)
    again = await deliver(api, learner, *queue, clock_ahead=ahead + 1)

    started = await stored_start(api, session)
    assert abs(moments.now() - timedelta(minutes=10) - started) < timedelta(seconds=30)
    assert [result["status"] for result in first] == [200, 200]
    assert moment(first[0]["occurred_at"]) == moment(first[0]["body"]["occurred_at"]) == started
    assert timedelta(seconds=59) < moment(first[1]["occurred_at"]) - started < timedelta(seconds=61)
    assert [each["body"] for each in again] == [each["body"] for each in first], "what was recorded stays as it was"
    assert [each["occurred_at"] for each in again] == [each["occurred_at"] for each in first]


async def test_what_lies_ahead_counts_as_now(api: Api, school: School) -> None:
    learner, session = await school.learner(), new_id()
    before = moments.now()

    [result] = await send(api, learner, item(session, ago=-3 * 86400, start=video()))

    assert before <= moment(result["occurred_at"]) == await stored_start(api, session) <= moments.now()


async def test_a_moment_that_holds_is_not_remarked_upon(api: Api, school: School) -> None:
    learner, session = await school.learner(), new_id()

    results = await send(api, learner, item(session, ago=60, start=video()), item(session, ago=50, update={}))

    for result in results:
        assert not {"occurred_at", "left_out"} & (result.keys() | result["body"].keys())


@pytest.mark.parametrize(("ago", "status"), [(30 * 86400 - 60, 200), (30 * 86400 + 60, 400)])
async def test_what_is_too_old_is_refused(api: Api, school: School, ago: float, status: int) -> None:
    learner = await school.learner()

    [plain] = await send(api, learner, item(new_id(), ago=ago, start=video()))
    [ahead] = await deliver(api, learner, item(new_id(), ago=ago - 3600, start=video()), clock_ahead=3600)

    assert (plain["status"], ahead["status"]) == (status, status)
    if status == 400:
        assert list(plain["body"]["errors"]) == list(ahead["body"]["errors"]) == ["occurred_at"]


@pytest.mark.parametrize("sent_at", ["yesterday", 5, [], {}, "x" * 200, "0001-01-01T00:00:00+14:00"])
async def test_a_queues_clock_is_a_moment(api: Api, school: School, sent_at: Any) -> None:
    learner = await school.learner()
    for size in (0, 200_000):
        body = {"items": [item(new_id(), start=video(), padding="x" * size)], "sent_at": sent_at}
        refused = await api.answer("POST", PATH, learner, 400, json=body)
        assert list(refused["errors"]) == ["sent_at"]


async def test_a_large_queue_has_a_clock_too(api: Api, school: School) -> None:
    learner, session = await school.learner(), new_id()

    [result] = await deliver(api, learner, item(session, start=video(), padding="x" * 200_000), clock_ahead=600)

    assert moment(result["occurred_at"]) == await stored_start(api, session)


@pytest.mark.parametrize("end", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"])
async def test_moments_at_the_ends_of_the_calendar(api: Api, school: School, end: str) -> None:
    learner = await school.learner()
    queue = [{**item(new_id(), start=video()), "occurred_at": end} for _ in range(2)]
    for sent_at in ("9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", None):
        found = await api.answer("POST", PATH, learner, json={"items": queue, "sent_at": sent_at})
        assert {result["status"] for result in found["results"]} <= {200, 400}


# What was the learner's then


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


async def test_what_follows_a_refused_start_says_so(api: Api, school: School) -> None:
    learner, quiz = await school.learner(), await school.quiz(active=False)
    refused, wrong, unknown = new_id(), new_id(), new_id()

    results = await send(
        api,
        learner,
        item(refused, start={"quiz_id": quiz}),
        item(wrong, start=video(kind="nonsense")),
        item(refused, update={"progress": 1}),
        item(wrong, update={"progress": 1}),
        item(unknown, update={"progress": 1}),
        item(wrong, start=video()),
        item(wrong, update={"progress": 1}),
    )

    assert [result["status"] for result in results] == [403, 400, 404, 404, 404, 200, 200]
    for number, start in ((2, 0), (3, 1)):
        detail = results[number]["body"]["detail"]
        assert detail.startswith("The start of this session was refused")
        assert results[start]["body"]["detail"].removeprefix("start.") in detail.replace("start.", "")
    assert "refused" not in results[4]["body"]["detail"]


# A clock that jumped back


@pytest.mark.parametrize(("ahead", "mended"), [(10, True), (4, False)])
@pytest.mark.parametrize("late", [False, True])
async def test_an_end_that_lies_ahead_is_set_to_the_next_updates_moment(
    api: Api, school: School, ahead: int, mended: bool, late: bool
) -> None:
    learner, body = await school.learner(), exercise()
    session = (await api.start(learner, **body))["session_id"]
    first = await api.update(learner, session, time_spent_delta=1, progress=1, interactions=[right("a")])
    future = moments.now() + timedelta(minutes=ahead)
    for name in ("content_sessions", "content_summaries", "mastery_logs"):
        await api.db.collection(name).update_many(
            {"user_id" if name != "content_sessions" else "_id": learner.id if name != "content_sessions" else session},
            {"$set": {"end_timestamp": future}},
        )
    await api.db.collection("mastery_logs").update_many(
        {"user_id": learner.id}, {"$set": {"attempts.0.end_timestamp": future}}
    )
    update = {"time_spent_delta": 1, "interactions": [right("a", id=first["attempts"][0]["id"])]}
    before = moments.now()

    if late:
        [result] = await send(api, learner, item(session, ago=600, update=update))
        assert result["status"] == 200
    else:
        await api.update(learner, session, **update)

    ends = [
        row["end_timestamp"]
        for name in ("content_summaries", "mastery_logs")
        for row in await api.db.find(name, {"user_id": learner.id})
    ]
    ends += [row["end_timestamp"] for row in await api.db.find("content_sessions", {"_id": session})]
    ends += [moment(row["end_timestamp"]) for row in await api.attempts(learner)]
    at = before - timedelta(seconds=600 if late else 0)
    for end in ends:
        if mended:
            assert at - timedelta(seconds=30) <= end <= moments.now()
        else:
            assert abs(end - future) < timedelta(milliseconds=1)
