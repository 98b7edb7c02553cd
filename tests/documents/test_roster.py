"""What follows from a roster: where somebody learns, whom they may read, and what has ended when."""

from datetime import timedelta
from typing import Any

import pytest

from learntrack.documents import Lesson, Quiz, User
from learntrack.documents.roster import Role, reached
from learntrack.domain import moments
from learntrack.domain.ids import new_id

NOW = moments.now()
HOUR = timedelta(hours=1)
NORTH, SOUTH, CLASSROOM, GROUP = "north", "south", "class", "group"


def user(*memberships: str, roles: tuple[Role, ...] = ()) -> User:
    person = User.begin(new_id(), username="ada", facility_id=NORTH)
    for place in memberships:
        person.join(place)
    for role in roles:
        person.take_role(role)
    person.settle({GROUP: CLASSROOM}, NOW)
    return person


def former(person: User) -> dict[str, Any]:
    return {each.collection_id: each.until for each in person.former_collections}


@pytest.mark.parametrize(
    ("is_staff", "expected"), [(False, [CLASSROOM, NORTH]), (True, [CLASSROOM])], ids=["learner", "staff"]
)
def test_what_is_assigned_to_a_whole_facility_is_its_learners(is_staff: bool, expected: list[str]) -> None:
    assert reached([CLASSROOM], NORTH, is_staff=is_staff) == expected


@pytest.mark.parametrize("fields", [{"is_superuser": True}, {"roles": [Role(collection_id=SOUTH, kind="coach")]}])
def test_whoever_has_a_role_anywhere_is_no_learner_of_the_facility(fields: dict[str, Any]) -> None:
    person = user(CLASSROOM)
    assert person.learns_in == [CLASSROOM, NORTH]

    person.change(**fields)
    person.settle({}, NOW)

    assert person.learns_in == [CLASSROOM]


def test_who_leaves_a_group_has_left_its_classroom_too_until_they_come_back() -> None:
    person = user(GROUP)
    person.end_membership(GROUP)
    person.settle({GROUP: CLASSROOM}, NOW + HOUR)
    assert former(person) == {GROUP: NOW + HOUR, CLASSROOM: NOW + HOUR}
    assert person.every_place == [NORTH, GROUP, CLASSROOM]

    person.join(CLASSROOM)
    person.settle({GROUP: CLASSROOM}, NOW + 2 * HOUR)
    assert former(person) == {GROUP: NOW + HOUR}


def test_who_leaves_again_was_there_until_the_second_time() -> None:
    person = user(CLASSROOM)
    for hours, member in ((1, False), (2, True), (3, False)):
        person.join(CLASSROOM) if member else person.end_membership(CLASSROOM)
        person.settle({}, NOW + hours * HOUR)

    assert former(person) == {CLASSROOM: NOW + 3 * HOUR}


def test_who_moves_was_in_the_facility_before() -> None:
    person = user()
    person.rewrite({"facility_id": SOUTH}, NOW)
    assert [(each.collection_id, each.until) for each in person.former_facilities] == [(NORTH, NOW)]

    person.rewrite({"facility_id": NORTH}, NOW + HOUR)
    assert [(each.collection_id, each.until) for each in person.former_facilities] == [(SOUTH, NOW + HOUR)]


def test_a_role_that_ends_is_remembered_until_it_begins_again() -> None:
    coach, admin = Role(collection_id=CLASSROOM, kind="coach"), Role(collection_id=CLASSROOM, kind="admin")
    person = user(roles=(coach, admin))
    person.end_role(coach, NOW)
    assert (person.roles, [each.kind for each in person.former_roles]) == ([admin], ["coach"])

    person.end_role(coach, NOW + HOUR)  # it has ended already
    assert [each.until for each in person.former_roles] == [NOW]

    person.take_role(coach)
    assert (person.roles, person.former_roles) == ([admin, coach], [])


def test_nobody_joins_or_takes_a_role_twice() -> None:
    coach = Role(collection_id=CLASSROOM, kind="coach")
    person = User.read(user(CLASSROOM, roles=(coach,)).row())
    person.join(CLASSROOM)
    person.take_role(coach)
    person.settle({}, NOW)

    assert not person.has_changed


def quiz(**fields: Any) -> Quiz:
    return Quiz.new(**{"id": new_id(), "title": "", "active": True, "collection_ids": [CLASSROOM, GROUP], **fields})


def test_a_quiz_is_closed_when_it_first_is_not_active_any_more() -> None:
    document = quiz()
    assert document.last_open(NOW) == NOW
    for hours, active in ((1, False), (2, False)):
        document.rewrite({"active": active}, NOW + hours * HOUR)
    assert document.last_open(NOW + 3 * HOUR) == document.closed_at == NOW + HOUR

    document.rewrite({"active": True}, NOW + 4 * HOUR)
    assert (document.closed_at, document.last_open(NOW + 5 * HOUR)) == (None, NOW + 5 * HOUR)


def test_a_quiz_that_never_was_active_never_was_open() -> None:
    document = quiz(active=False)
    document.rewrite({"active": False, "title": "New"}, NOW)

    assert (document.title, document.closed_at, document.last_open(NOW)) == ("New", None, None)


def test_a_lesson_is_always_open_and_leaves_only_what_it_is_taken_from() -> None:
    lesson = Lesson.new(id=new_id(), title="", collection_ids=[CLASSROOM, GROUP])
    lesson.unassign({GROUP, "elsewhere"})

    assert (lesson.collection_ids, lesson.last_open(NOW)) == ([CLASSROOM], NOW)
