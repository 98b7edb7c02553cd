"""What a request may say, checked without a database: fields that go together."""

from typing import Any

import pytest

from learntrack.errors import Forbidden, InvalidFields, NotFound, TooLarge
from learntrack.settings import Settings
from tests.support import new_id
from tests.tracking.asking import EXERCISE, ID, NODE, start, update


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["node_id"]),
        ({"node_id": ID}, ["kind", "content_id", "channel_id"]),
        ({"quiz_id": ID, "node_id": ID, "lesson_id": ID}, ["node_id", "lesson_id", "kind", "content_id", "channel_id"]),
        ({"quiz_id": ID, "unit_id": ID}, ["unit_id"]),
        ({"unit_id": ID}, ["test_type", "course_session_id"]),
        ({"unit_id": ID, "test_type": "pre", "course_session_id": ID, **NODE}, ["node_id"]),
        (NODE | {"lesson_id": ID, "course_session_id": ID}, ["course_session_id"]),
        (NODE | {"kind": "exercise"}, ["mastery_model"]),
        (NODE | {"mastery_model": {"type": "do_all"}}, ["mastery_model"]),
        (EXERCISE | {"mastery_model": {"type": "m_of_n", "m": 3}}, ["mastery_model.n"]),
    ],
    ids=str,
)
def test_fields_of_a_start_that_do_not_go_together_are_named(body: dict[str, Any], fields: list[str]) -> None:
    with pytest.raises(InvalidFields) as refused:
        start(**body)
    assert sorted(refused.value.errors) == sorted(fields)


@pytest.mark.parametrize(
    "body",
    [
        {"quiz_id": ID},
        {"unit_id": ID, "test_type": "pre", "course_session_id": ID},
        NODE | {"lesson_id": ID},
        NODE | {"course_session_id": ID},
    ],
    ids=str,
)
def test_what_is_assigned_to_somebody_needs_a_sign_in(body: dict[str, Any]) -> None:
    with pytest.raises(Forbidden):
        start(user_id=None, **body)
    assert start(**body).assigned


def test_a_course_beside_a_quiz_is_ignored() -> None:
    job = start(quiz_id=ID, course_session_id=new_id())
    assert [(each.field, each.id) for each in job.assigned] == [("quiz_id", ID)]
    assert job.context == {"quiz_id": ID}


def test_an_anonymous_session_is_its_own_owner_and_only_it_keeps_the_visitor() -> None:
    session = new_id()
    anonymous, signed_in = start(user_id=None, session_id=session, **NODE), start(session_id=session, **NODE)
    assert (anonymous.owner, anonymous.visitor_id) == (session, ID)
    assert (signed_in.owner, signed_in.visitor_id) == (ID, None)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"progress": 0.5, "progress_delta": 0.5}, ["progress"]),
        ({"interactions": [{"item": "q", "correct": 1, "time_spent": 0}]}, ["interactions[0].answer"]),
        ({"interactions": [{"item": "q", "correct": 1, "time_spent": 0, "error": True}] * 3}, ["interactions"]),
    ],
    ids=str,
)
def test_fields_of_an_update_that_do_not_go_together_are_named(body: dict[str, Any], fields: list[str]) -> None:
    with pytest.raises(InvalidFields) as refused:
        update(settings=Settings(max_interactions=2), **body)
    assert sorted(refused.value.errors) == sorted(fields)


def test_an_update_is_refused_for_its_fields_before_its_session() -> None:
    with pytest.raises(InvalidFields):
        update("nonsense", progress=1, progress_delta=1)
    with pytest.raises(NotFound):
        update("nonsense", progress=1)


def test_extra_fields_larger_than_the_setting_are_too_large() -> None:
    most = Settings(max_extra_fields_bytes=1024)
    assert update(settings=most, extra_fields={"a": "x" * 1000}).extra_fields == {"a": "x" * 1000}
    with pytest.raises(TooLarge, match="extra_fields"):
        update(settings=most, extra_fields={"a": "x" * 1024})
