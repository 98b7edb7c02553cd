"""A Kolibri's people, classes and assignments as a roster; what cannot be is reported."""

from typing import Any

import pytest

from learntrack.importing.kolibri.people import roster_of
from learntrack.importing.report import ImportReport
from learntrack.roster.schemas import Roster
from tests.importing.kolibri.rows import LEARNER, id_of
from tests.importing.kolibri.sources import Source

SCHOOL, CLASSROOM, GROUP, NOWHERE = (id_of(number) for number in (1, 2, 3, 99))
COACH, GONE = id_of(11), id_of(12)


def place(key: str, kind: str, parent: str | None) -> dict[str, Any]:
    return {"id": key, "name": kind, "kind": kind, "parent_id": parent}


def user(key: str, **values: Any) -> dict[str, Any]:
    return {"id": key, "username": "u", "full_name": "U", "facility_id": SCHOOL, "date_deleted": None, **values}


def tables(**more: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """A school with a class, a group, a learner and a coach; `more` are added."""
    whole = {
        "kolibriauth_collection": [
            place(SCHOOL, "facility", None),
            place(CLASSROOM, "classroom", SCHOOL),
            place(GROUP, "learnergroup", CLASSROOM),
        ],
        "kolibriauth_facilityuser": [user(LEARNER), user(COACH)],
        "kolibriauth_membership": [{"id": id_of(21), "user_id": LEARNER, "collection_id": GROUP}],
        "kolibriauth_role": [{"id": id_of(22), "user_id": COACH, "collection_id": CLASSROOM, "kind": "coach"}],
    }
    return {name: whole.get(name, []) + more.get(name, []) for name in {*whole, *more}}


def roster(report: ImportReport, **more: list[dict[str, Any]]) -> Roster:
    source: Any = Source(**tables(**more))
    return roster_of(source, report)


def test_a_school_is_what_it_was() -> None:
    report = ImportReport()
    found = roster(report, device_devicepermissions=[{"user_id": COACH, "is_superuser": 1}])

    assert [(each.id, each.timezone) for each in found.facilities] == [(SCHOOL, "Africa/Nairobi")]
    assert [(each.id, each.facility_id) for each in found.classrooms] == [(CLASSROOM, SCHOOL)]
    assert [(each.id, each.classroom_id) for each in found.learner_groups] == [(GROUP, CLASSROOM)]
    assert {each.id: each.is_superuser for each in found.users} == {LEARNER: False, COACH: True}
    assert [(each.user_id, each.collection_id) for each in found.memberships] == [(LEARNER, GROUP)]
    assert [(each.user_id, each.collection_id, each.kind) for each in found.roles] == [(COACH, CLASSROOM, "coach")]
    assert not report.reasons


def test_an_ad_hoc_group_is_a_group() -> None:
    found = roster(ImportReport(), kolibriauth_collection=[place(id_of(4), "adhoclearnersgroup", CLASSROOM)])

    assert [each.id for each in found.learner_groups] == [GROUP, id_of(4)]


MEMBER = {"user_id": LEARNER, "collection_id": CLASSROOM}


@pytest.mark.parametrize(
    ("table", "row", "part", "reason"),
    [
        ("kolibriauth_facilityuser", user(GONE, date_deleted="2026-01-01"), "users", "was deleted in Kolibri"),
        ("kolibriauth_facilityuser", user(GONE, facility_id=NOWHERE), "users", "what it refers to is not there"),
        ("kolibriauth_facilityuser", user("no id"), "users", "Expected"),
        ("kolibriauth_collection", place(id_of(5), "classroom", NOWHERE), "classrooms", "what it refers to is not"),
        ("kolibriauth_collection", place(id_of(6), "learnergroup", NOWHERE), "learner_groups", "what it refers to"),
        ("kolibriauth_membership", MEMBER | {"user_id": GONE}, "memberships", "what it refers to is not there"),
        ("kolibriauth_membership", MEMBER | {"collection_id": NOWHERE}, "memberships", "what it refers to is not"),
        ("kolibriauth_role", MEMBER | {"kind": "coach", "user_id": GONE}, "roles", "what it refers to is not there"),
        ("kolibriauth_role", MEMBER | {"kind": "janitor"}, "roles", "Invalid enum value"),
    ],
)
def test_what_cannot_be_is_reported_and_the_rest_stays(table: str, row: dict[str, Any], part: str, reason: str) -> None:
    report, whole = ImportReport(), roster(ImportReport())

    assert roster(report, **{table: [row]}) == whole
    [(kind, said)] = report.reasons
    assert (kind, said.startswith(reason)) == (part, True), said


def test_who_may_only_be_made_a_coach_has_no_rights_and_is_not_odd() -> None:
    report = ImportReport()
    role = MEMBER | {"kind": "classroom assignable coach", "collection_id": SCHOOL}

    assert roster(report, kolibriauth_role=[role]) == roster(ImportReport())
    assert not report.reasons


LESSON = id_of(31)


@pytest.mark.parametrize("active", [1, 0, None])
def test_a_quiz_is_assigned_to_what_is_there_and_as_active_as_it_was(active: int | None) -> None:
    """A column that an older Kolibri lacks does not close it."""
    quiz: dict[str, Any] = {"id": LESSON, "title": "Q", "question_sources": "[]", "question_count": 0}
    given = [{"exam_id": LESSON, "collection_id": each} for each in (CLASSROOM, NOWHERE, GROUP)]
    report = ImportReport()

    found = roster(
        report, exams_exam=[quiz if active is None else quiz | {"active": active}], exams_examassignment=given
    )

    [one] = found.quizzes
    assert (one.collection_ids, one.active) == ([CLASSROOM, GROUP], active != 0)
    assert report.examples["quizzes assignments", "the collection is not there"] == [LESSON]
