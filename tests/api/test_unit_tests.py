"""The pre- and post-test of a course's unit: started by the unit, taken as a quiz, found in lists, queued offline."""

from datetime import UTC, datetime
from typing import Any

import pytest

from learntrack.domain.unit_tests import content_id
from tests.support import ANONYMOUS, Api, Person, School, new_id, right, video

pytestmark = pytest.mark.secantusd_py


@pytest.fixture
async def learner(school: School) -> Person:
    return await school.learner()


@pytest.fixture
async def course(school: School) -> str:
    return await school.course_session()


def unit_test(course: str, test_type: str = "pre", **more: Any) -> dict[str, Any]:
    return {"unit_id": new_id(), "test_type": test_type, "course_session_id": course, **more}


async def test_it_is_a_quiz_of_the_unit(api: Api, learner: Person, course: str) -> None:
    body = unit_test(course)

    started = await api.start(learner, **body)

    level = started["context"].pop("mastery_level")
    assert level < 0
    assert started["context"] == {"unit_id": body["unit_id"], "course_session_id": course}
    assert started["mastery_criterion"].pop("version") in ("A", "B")
    assert started["mastery_criterion"] == {"type": "pre_post_test", "test_type": "pre"}
    assert (started["pastattempts"], started["totalattempts"], started["complete"]) == ([], 0, False)
    stored = await api.db.find_one("content_sessions", {"_id": started["session_id"]})
    assert (stored["kind"], stored["channel_id"]) == ("quiz", None)
    assert stored["content_id"] == content_id(course, body["unit_id"], "pre")
    assert stored["context"] == {"unit_id": body["unit_id"], "course_session_id": course, "mastery_level": level}


async def test_a_finished_one_is_resumed_as_it_is(api: Api, learner: Person, course: str) -> None:
    body = unit_test(course)
    first = await api.start(learner, **body)
    await api.update(learner, first, interactions=[right(f"q{number}") for number in range(12)])
    await api.update(learner, first, progress=1, time_spent_delta=4)

    again = await api.start(learner, **body)

    assert again["context"]["mastery_level"] == first["context"]["mastery_level"]
    assert (again["complete"], again["totalattempts"], len(again["pastattempts"])) == (True, 12, 12)
    assert await api.update(learner, again, time_spent_delta=1) == {"complete": True}
    repeated = await api.start(learner, **body, repeat=True)
    assert (repeated["complete"], repeated["totalattempts"]) == (False, 0)


async def test_the_two_tests_of_a_unit_are_apart(api: Api, learner: Person, course: str) -> None:
    body = unit_test(course)
    pre, post = await api.start(learner, **body), await api.start(learner, **body | {"test_type": "post"})

    await api.update(learner, pre, interactions=[right("q1")], progress=1)

    assert {each["mastery_criterion"]["version"] for each in (pre, post)} == {"A", "B"}
    assert (await api.start(learner, **body | {"test_type": "post"}))["totalattempts"] == 0


async def test_lists_find_it_as_a_quiz(api: Api, school: School, learner: Person, course: str) -> None:
    body = unit_test(course)
    session = await api.start(learner, **body)
    await api.update(learner, session, interactions=[right("q1")])
    content = content_id(course, body["unit_id"], "pre")
    coach = await school.coach()

    [row] = await api.tries(coach, quiz=True, user=learner.id)
    [attempt] = await api.attempts(coach, content=content)
    diff = await api.diff(coach, 0, content=content, user=learner.id)

    assert row["mastery_criterion"] == session["mastery_criterion"]
    assert attempt["item"] == "q1"
    assert diff["id"] == row["id"]
    assert await api.tries(coach, quiz=False, user=learner.id) == []


async def test_it_must_be_the_callers_to_take(api: Api, school: School, learner: Person, course: str) -> None:
    await school.classroom("A2")
    elsewhere = await school.course_session("A2")
    for other in (elsewhere, new_id()):
        refused = await api.start(learner, 400, **unit_test(other))
        assert list(refused["errors"]) == ["course_session_id"]
    await api.start(ANONYMOUS, 403, **unit_test(course))


@pytest.mark.engines("mongomock", "embedded")  # how a request is read is no matter of the engine
@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"test_type": None}, "test_type"),
        ({"test_type": "mid"}, "test_type"),
        ({"course_session_id": None}, "course_session_id"),
        ({"unit_id": None}, "node_id"),
        ({"unit_id": "x"}, "unit_id"),
        ({"quiz_id": new_id()}, "unit_id"),
        ({"node_id": new_id()}, "node_id"),
        ({"lesson_id": new_id()}, "course_session_id"),
    ],
)
async def test_what_does_not_go_together_is_named(
    api: Api, learner: Person, course: str, more: dict[str, Any], field: str
) -> None:
    refused = await api.start(learner, 400, **unit_test(course) | more)

    assert field in refused["errors"]


async def test_what_says_nothing_is_ignored(api: Api, school: School, learner: Person) -> None:
    """test_type without a unit, and a course beside a quiz, whoever's it is."""
    started = await api.start(learner, **video(test_type="pre"))
    assert set(started["context"]) == {"node_id"}
    quiz = await school.quiz()
    started = await api.start(learner, quiz_id=quiz, course_session_id=new_id(), test_type="post")
    assert set(started["context"]) == {"quiz_id", "mastery_level"}


async def test_an_offline_client_may_take_it_too(api: Api, learner: Person, course: str) -> None:
    session, body, at = new_id(), unit_test(course, "post"), datetime.now(UTC).isoformat()
    items = [
        {"key": "1", "occurred_at": at, "session_id": session, "start": body},
        {"key": "2", "occurred_at": at, "session_id": session, "update": {"interactions": [right("q1")]}},
        {"key": "3", "occurred_at": at, "session_id": new_id(), "start": unit_test(new_id())},
    ]

    answer = await api.answer("POST", "/api/logger/contentsession/batch", learner, json={"items": items})

    assert [each["status"] for each in answer["results"]] == [200, 200, 400]
    assert answer["results"][0]["body"]["mastery_criterion"]["test_type"] == "post"
    assert (await api.start(learner, **body))["totalattempts"] == 1
