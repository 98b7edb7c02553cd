"""Shapes of the roster: what is written at once, and what comes of it."""

from typing import Annotated, Literal, get_args, get_type_hints

from msgspec import Meta, Struct

from learntrack.domain.ids import parse_id
from learntrack.roster.records import (
    ClassroomRecord,
    ContentRecord,
    CourseSessionRecord,
    FacilityRecord,
    LearnerGroupRecord,
    LessonRecord,
    MembershipRecord,
    QuizRecord,
    Record,
    RoleRecord,
    RosterRecord,
    UserRecord,
)
from learntrack.web import examples
from learntrack.web.values import Id

RosterKind = Literal[
    "facilities",
    "classrooms",
    "learner_groups",
    "users",
    "memberships",
    "roles",
    "lessons",
    "quizzes",
    "course_sessions",
    "contents",
]


class Removal(Struct):
    """What to take out of the roster. What is not there is no error; logs stay."""

    memberships: list[MembershipRecord] = []
    roles: list[RoleRecord] = []
    lessons: list[Id] = []
    quizzes: list[Id] = []
    course_sessions: list[Id] = []
    learner_groups: list[Id] = []
    classrooms: list[Id] = []

    def __post_init__(self) -> None:
        """Write ids in one way."""
        for record in (*self.memberships, *self.roles):
            record.write_ids_in_one_way()
        for field in ("lessons", "quizzes", "course_sessions", "learner_groups", "classrooms"):
            setattr(self, field, [parse_id(entry) for entry in getattr(self, field)])


class Roster(Struct):
    """People, collections and assignments to add or change. Every part is optional, and sending it again is safe."""

    facilities: list[FacilityRecord] = []
    classrooms: list[ClassroomRecord] = []
    learner_groups: list[LearnerGroupRecord] = []
    users: list[UserRecord] = []
    memberships: list[MembershipRecord] = []
    roles: list[RoleRecord] = []
    lessons: list[LessonRecord] = []
    quizzes: list[QuizRecord] = []
    course_sessions: list[CourseSessionRecord] = []
    contents: list[ContentRecord] = []
    remove: Removal | None = None

    def __post_init__(self) -> None:
        """Write ids in one way."""
        for part in PARTS:
            for record in getattr(self, part):
                record.write_ids_in_one_way()

    def records(self) -> int:
        """How many records there are, removals included."""
        parts = [getattr(self, field) for field in PARTS]
        if self.remove is not None:
            parts += [getattr(self.remove, field) for field in Removal.__struct_fields__]
        return sum(map(len, parts))

    def entries(self) -> int:
        """How many entries the lists in its records have."""
        return sum(record.entries for field in PARTS for record in getattr(self, field) if isinstance(record, Record))


PARTS: tuple[str, ...] = tuple(field for field in Roster.__struct_fields__ if field != "remove")
"""The parts of a roster in the order of their references: each refers only to parts before it."""


RECORDS: dict[str, type[RosterRecord]] = {
    part: get_args(hint)[0] for part, hint in get_type_hints(Roster).items() if part in PARTS
}
"""The shape of each part's records."""


USER_EXAMPLE = {
    "id": examples.LEARNER,
    "username": "ada",
    "full_name": "Ada",
    "facility_id": examples.FACILITY,
    "is_superuser": False,
}
ROSTER_EXAMPLE = {
    "facilities": [{"id": examples.FACILITY, "name": "Hill School"}],
    "classrooms": [{"id": examples.CLASSROOM, "name": "A1", "facility_id": examples.FACILITY}],
    "users": [USER_EXAMPLE],
    "memberships": [{"user_id": examples.LEARNER, "collection_id": examples.CLASSROOM}],
}


class RosterCounts(Struct):
    """How many records were written, by part."""

    facilities: int = 0
    classrooms: int = 0
    learner_groups: int = 0
    users: int = 0
    memberships: int = 0
    roles: int = 0
    lessons: int = 0
    quizzes: int = 0
    course_sessions: int = 0
    contents: int = 0
    removed: Annotated[dict[str, int], Meta(description="How many records were asked to be removed, by part.")] = {}


COUNTS_EXAMPLE = {
    "facilities": 1,
    "classrooms": 1,
    "learner_groups": 0,
    "users": 1,
    "memberships": 1,
    "roles": 0,
    "lessons": 0,
    "quizzes": 0,
    "course_sessions": 0,
    "contents": 0,
    "removed": {},
}
