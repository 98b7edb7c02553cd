"""The roster: people, the collections that they belong to, and what is assigned to those."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar, Literal

from beanie import Document
from pydantic import BaseModel, Field
from pymongo import ASCENDING, IndexModel

from learntrack.documents.base import Stored
from learntrack.documents.contents import Question

PLACES = IndexModel([("places", ASCENDING)], name="places")
"""Serves: who is in a facility, a classroom or a group."""
ROLE_PLACES = IndexModel([("role_places", ASCENDING)], name="role_places")
"""Serves: who has a role in a place."""
LEARNS_IN = IndexModel([("learns_in", ASCENDING)], name="learns_in")
"""Serves: to whom something is assigned."""
ASSIGNED = IndexModel([("collection_ids", ASCENDING)], name="assigned")
"""Serves: what is assigned to a collection."""


class Role(BaseModel):
    """A user is coach or admin of a facility or a classroom."""

    collection_id: str
    kind: Literal["admin", "coach"]


class FormerRole(Role):
    """A role that a user had until a moment."""

    until: datetime


class FormerCollection(BaseModel):
    """A classroom, group or facility to which a user belonged until a moment."""

    collection_id: str
    until: datetime


class User(Stored, Document):  # type: ignore[misc]  # our ids are no ObjectIds
    """A person.

    `memberships` are the collections that the roster names; `collections` add the classrooms of groups among them, and
    `places` the facility: where the user counts as a learner. `learns_in` are those whose assignments are the user's:
    `collections`, and the facility for who is no coach, admin or superuser. `role_places` are the collections whose
    learners' logs the user may read. All of them are derived when the roster is written (`settle`), so that nobody
    decides it again.
    `former_collections`, `former_facilities` and `former_roles` are those that have ended, each until when: one that
    begins again is no longer among them.
    """

    username: str
    full_name: str
    facility_id: str
    is_superuser: bool = False
    memberships: list[str] = Field(default_factory=list)
    collections: list[str] = Field(default_factory=list)
    places: list[str] = Field(default_factory=list)
    learns_in: list[str] | None = None
    roles: list[Role] = Field(default_factory=list)
    role_places: list[str] = Field(default_factory=list)
    former_collections: list[FormerCollection] = Field(default_factory=list)
    former_facilities: list[FormerCollection] = Field(default_factory=list)
    former_roles: list[FormerRole] = Field(default_factory=list)

    class Settings:
        """Collection and indexes."""

        name = "users"
        indexes: ClassVar = [PLACES, ROLE_PLACES, LEARNS_IN]

    @classmethod
    def begin(
        cls, user_id: str, *, username: str, facility_id: str, full_name: str = "", is_superuser: bool = False
    ) -> "User":
        """A person who belongs to nothing but a facility yet."""
        return cls.new(
            id=user_id,
            username=username,
            full_name=full_name,
            facility_id=facility_id,
            is_superuser=is_superuser,
            memberships=[],
            collections=[],
            places=[],
            learns_in=[],
            roles=[],
            role_places=[],
        )

    def rewrite(self, fields: Mapping[str, Any], at: datetime) -> None:
        """Take over what is sent of this person."""
        before = self.facility_id
        self.change(**fields)
        if self.facility_id != before:
            former = [each for each in self.former_facilities if each.collection_id not in (before, self.facility_id)]
            self.change(former_facilities=[*former, FormerCollection(collection_id=before, until=at)])

    @property
    def every_place(self) -> list[str]:
        """The facilities, classrooms and groups where they are learners or have been."""
        former = (*self.former_collections, *self.former_facilities)
        return _unique([*self.places, *(each.collection_id for each in former)])

    def join(self, collection_id: str) -> None:
        """Be a learner in a facility, classroom or group."""
        if collection_id not in self.memberships:
            self.change(memberships=[*self.memberships, collection_id])

    def take_role(self, role: Role) -> None:
        """Be coach or admin of a collection."""
        if role not in self.roles:
            former = [each for each in self.former_roles if (each.collection_id, each.kind) != _key(role)]
            self.change(roles=[*self.roles, role], former_roles=former)

    def end_membership(self, collection_id: str) -> None:
        """Be no learner there any more."""
        self.change(memberships=[entry for entry in self.memberships if entry != collection_id])

    def end_role(self, role: Role, at: datetime) -> None:
        """Have this role no more."""
        self._end_roles([entry for entry in self.roles if entry == role], at)

    def leave(self, collections: Collection[str], at: datetime) -> None:
        """End the memberships and roles in these collections."""
        self.change(memberships=[entry for entry in self.memberships if entry not in collections])
        self._end_roles([role for role in self.roles if role.collection_id in collections], at)

    def _end_roles(self, ended: Collection[Role], at: datetime) -> None:
        former = [FormerRole(collection_id=role.collection_id, kind=role.kind, until=at) for role in ended]
        self.change(
            roles=[role for role in self.roles if role not in ended], former_roles=[*self.former_roles, *former]
        )

    def settle(self, classroom_of: Mapping[str, str], at: datetime) -> None:
        """Derive what follows from memberships, roles and facility; `classroom_of` maps a group to its classroom.

        A member of a group is a member of its classroom. Where they are a learner no more they were until `at`.
        """
        classrooms = [classroom_of[entry] for entry in self.memberships if entry in classroom_of]
        collections = _unique([*self.memberships, *classrooms])
        left = [entry for entry in self.collections if entry not in collections]
        former = [each for each in self.former_collections if each.collection_id not in {*collections, *left}]
        former += [FormerCollection(collection_id=entry, until=at) for entry in left]
        self.change(
            former_collections=former,
            collections=collections,
            places=_unique([self.facility_id, *collections]),
            learns_in=reached(collections, self.facility_id, is_staff=self.is_superuser or bool(self.roles)),
            role_places=_unique(role.collection_id for role in self.roles),
        )


def _key(role: Role) -> tuple[str, str]:
    return role.collection_id, role.kind


def reached(collections: Iterable[str], facility_id: str, *, is_staff: bool) -> list[str]:
    """The collections whose assignments are a user's: those that the user is a member of, and what is assigned to the
    whole facility where the user is no coach, admin or superuser.
    """
    return _unique([*collections, *([] if is_staff else [facility_id])])


def _unique(ids: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(ids))


class Facility(Stored, Document):  # type: ignore[misc]  # our ids are no ObjectIds
    """A school. `timezone`, an IANA name, decides where its days begin; null is UTC.

    On its pages an exercise needs help by its latest try (as in Kolibri) or by all tries, whichever
    `exercise_needs_help` says, and a finished quiz below `quiz_needs_help_below` (a share).
    """

    name: str
    timezone: str | None = None
    exercise_needs_help: Literal["latest_try", "all_tries"] = "latest_try"
    quiz_needs_help_below: float = 0.5

    class Settings:
        """Collection."""

        name = "facilities"


class Classroom(Stored, Document):  # type: ignore[misc]  # our ids are no ObjectIds
    """A class of a facility."""

    name: str
    facility_id: str

    class Settings:
        """Collection."""

        name = "classrooms"
        indexes: ClassVar = [IndexModel([("facility_id", ASCENDING)], name="facility")]


class LearnerGroup(Stored, Document):  # type: ignore[misc]  # our ids are no ObjectIds
    """A group of a classroom's learners."""

    name: str
    classroom_id: str

    class Settings:
        """Collection."""

        name = "learner_groups"
        indexes: ClassVar = [IndexModel([("classroom_id", ASCENDING)], name="classroom")]


class Assigned(Stored):
    """Something that a coach assigns to collections."""

    title: str
    collection_ids: list[str] = Field(default_factory=list)

    def rewrite(self, fields: Mapping[str, Any], at: datetime) -> None:
        """Take over what is sent of it."""
        self.change(**fields)

    def last_open(self, at: datetime) -> datetime | None:
        """Until when, at this moment, it could be worked on; None: it never could."""
        return at

    def unassign(self, collections: Collection[str]) -> None:
        """Be assigned to these collections no more."""
        self.change(collection_ids=[entry for entry in self.collection_ids if entry not in collections])


class Lesson(Assigned, Document):  # type: ignore[misc]  # our ids are no ObjectIds
    """A lesson. `content_ids` are its resources, in order."""

    content_ids: list[str] = Field(default_factory=list)

    class Settings:
        """Collection and indexes."""

        name = "lessons"
        indexes: ClassVar = [ASSIGNED]


class Quiz(Assigned, Document):  # type: ignore[misc]  # our ids are no ObjectIds
    """A quiz; learners may take it while it is active. `closed_at` is when it was closed, if it is and was open.
    `question_count` is null where nobody has said it.
    """

    active: bool
    closed_at: datetime | None = None
    question_count: int | None = None
    questions: list[Question] = Field(default_factory=list)

    class Settings:
        """Collection and indexes."""

        name = "quizzes"
        indexes: ClassVar = [ASSIGNED]

    def rewrite(self, fields: Mapping[str, Any], at: datetime) -> None:
        """Take over what is sent of it, and when that closes it."""
        was_active = self.active
        self.change(**fields)
        if self.active:
            self.change(closed_at=None)
        elif was_active:
            self.change(closed_at=at)

    def last_open(self, at: datetime) -> datetime | None:
        """Until when, at this moment, it could be taken; None: it never could."""
        return at if self.active else self.closed_at


class CourseSession(Assigned, Document):  # type: ignore[misc]  # our ids are no ObjectIds
    """A course that is being given."""

    class Settings:
        """Collection and indexes."""

        name = "course_sessions"
        indexes: ClassVar = [ASSIGNED]
