"""A Kolibri's people, classes and assignments as a roster."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import msgspec

from learntrack.importing.kolibri.contents import Contents
from learntrack.importing.kolibri.source import Kolibri
from learntrack.importing.kolibri.sql import SourceRow
from learntrack.importing.report import ImportReport
from learntrack.roster.records import (
    ClassroomRecord,
    ContentRecord,
    CourseSessionRecord,
    FacilityRecord,
    LearnerGroupRecord,
    LessonRecord,
    MembershipRecord,
    QuizRecord,
    RoleRecord,
    UserRecord,
)
from learntrack.roster.schemas import Roster

_NO_RIGHTS = "classroom assignable coach"
"""A Kolibri role that only says who may be made a coach; it lets nobody read anything."""
_OF_CONTENTS = ("id", "title", "kind", "channel_id", "channel_name", "topics", "question_count")
_GROUPS = ("learnergroup", "adhoclearnersgroup")

T = TypeVar("T")


def roster_of(source: Kolibri, report: ImportReport) -> Roster:
    """The roster in a Kolibri database; records that cannot be are reported and left out."""
    collect, contents = _Collector(source, report), Contents(source, report)
    roster = Roster()
    facilities, places = _add_places(roster, source, collect)
    roster.users = _users(source, collect, facilities, report)
    _add_belonging(roster, source, collect, places)
    lessons = ("lessons_lesson", "lessons_lessonassignment", "lesson_id")
    roster.lessons = collect.assigned("lessons", LessonRecord, lessons, places, contents.of_lesson)
    exams = ("exams_exam", "exams_examassignment", "exam_id")
    roster.quizzes = collect.assigned("quizzes", QuizRecord, exams, places, contents.of_quiz)
    courses = ("courses_coursesession", "courses_coursesessionassignment", "course_session_id")
    roster.course_sessions = collect.assigned("course_sessions", CourseSessionRecord, courses, places)
    roster.contents = collect("contents", ContentRecord, contents.rows(), {name: name for name in _OF_CONTENTS})
    return roster


def _add_places(roster: Roster, source: Kolibri, collect: "_Collector") -> tuple[set[str], set[str]]:
    """Add facilities, classrooms and groups; returns the ids of the facilities, and of all."""
    rows = list(source.table("kolibriauth_collection"))
    named = {"id": "id", "name": "name"}
    zones = source.zones()
    zoned = (row | {"timezone": zones.get(row["id"])} for row in _of_kind(rows, "facility"))
    roster.facilities = collect("facilities", FacilityRecord, zoned, named | {"timezone": "timezone"})
    facilities = {record.id for record in roster.facilities}
    roster.classrooms = collect(
        "classrooms",
        ClassroomRecord,
        _of_kind(rows, "classroom"),
        named | {"facility_id": "parent_id"},
        lambda record: record.facility_id in facilities,
    )
    classrooms = {record.id for record in roster.classrooms}
    roster.learner_groups = collect(
        "learner_groups",
        LearnerGroupRecord,
        _of_kind(rows, *_GROUPS),
        named | {"classroom_id": "parent_id"},
        lambda record: record.classroom_id in classrooms,
    )
    return facilities, facilities | classrooms | {record.id for record in roster.learner_groups}


def _add_belonging(roster: Roster, source: Kolibri, collect: "_Collector", places: set[str]) -> None:
    """Add who is a learner where, and who coach or admin."""
    users = {record.id for record in roster.users}

    def is_known(record: MembershipRecord | RoleRecord) -> bool:
        return record.user_id in users and record.collection_id in places

    member = {"user_id": "user_id", "collection_id": "collection_id"}
    memberships = source.table("kolibriauth_membership")
    roster.memberships = collect("memberships", MembershipRecord, memberships, member, is_known)
    roles = (row for row in source.table("kolibriauth_role") if row["kind"] != _NO_RIGHTS)
    roster.roles = collect("roles", RoleRecord, roles, member | {"kind": "kind"}, is_known)


def _of_kind(places: list[SourceRow], *kinds: str) -> Iterator[SourceRow]:
    return (row for row in places if row["kind"] in kinds)


def _users(source: Kolibri, collect: "_Collector", facilities: set[str], report: ImportReport) -> list[UserRecord]:
    superusers = {row["user_id"] for row in source.table("device_devicepermissions") if row["is_superuser"]}

    def rows() -> Iterator[SourceRow]:
        for row in source.table("kolibriauth_facilityuser"):
            if row.get("date_deleted"):
                report.skip("users", row["id"], "was deleted in Kolibri")
            else:
                yield row | {"is_superuser": row["id"] in superusers}

    fields = {name: name for name in ("id", "username", "full_name", "facility_id", "is_superuser")}
    return collect("users", UserRecord, rows(), fields, lambda record: record.facility_id in facilities)


class _Collector:
    """Makes roster records of rows."""

    def __init__(self, source: Kolibri, report: ImportReport) -> None:
        self._source = source
        self._report = report

    def __call__(
        self,
        part: str,
        shape: type[T],
        rows: Iterator[SourceRow],
        fields: dict[str, str] | None,
        leads_somewhere: Callable[[T], bool] = lambda _: True,
    ) -> list[T]:
        """The records of `rows`, whose columns stand for these fields (None: they have the fields' names); those that
        are malformed or refer to nothing are reported.
        """
        found: list[T] = []
        for row in rows:
            try:
                sent = row if fields is None else {name: row[column] for name, column in fields.items()}
                record = msgspec.convert(sent, shape)
            except msgspec.ValidationError as error:
                self._report.skip(part, row.get("id", row.get("user_id")), str(error))
                continue
            if leads_somewhere(record):
                found.append(record)
            else:
                self._report.skip(part, row.get("id", row.get("user_id")), "what it refers to is not there")
        return found

    def assigned(
        self,
        part: str,
        shape: type[T],
        tables: tuple[str, str, str],
        known: set[str],
        more: Callable[[SourceRow], dict[str, Any]] = lambda _: {},
    ) -> list[T]:
        """Records of something that is assigned to collections; `more` says what else each row has."""
        table, assignments, key = tables
        places: dict[str, list[str]] = defaultdict(list)
        for row in self._source.table(assignments):
            if row["collection_id"] in known:
                places[row[key]].append(row["collection_id"])
            else:
                self._report.skip(f"{part} assignments", row[key], "the collection is not there")
        rows = (
            {"id": row["id"], "title": row["title"], "collection_ids": places[row["id"]]}
            | {"active": bool(row.get("active", True))}
            | more(row)
            for row in self._source.table(table)
        )
        return self(part, shape, rows, None)
