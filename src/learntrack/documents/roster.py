"""The roster: people, the collections that they belong to, and what is assigned to those."""

from collections.abc import Collection, Iterable, Mapping
from typing import ClassVar, Literal

from beanie import Document
from pydantic import BaseModel
from pymongo import ASCENDING, IndexModel

from learntrack.documents.base import Stored
from learntrack.documents.contents import Question

PLACES = IndexModel([("places", ASCENDING)], name="places")
"""Serves: who is in a facility, a classroom or a group."""
ROLE_PLACES = IndexModel([("role_places", ASCENDING)], name="role_places")
"""Serves: who has a role in a place."""
ASSIGNED = IndexModel([("collection_ids", ASCENDING)], name="assigned")
"""Serves: what is assigned to a collection."""


class Role(BaseModel):
    """A user is coach or admin of a facility or a classroom."""

    collection_id: str
    kind: Literal["admin", "coach"]


class User(Stored, Document):  # type: ignore[misc]  # our ids are no ObjectIds
    """A person.

    `memberships` are the collections that the roster names; `collections` add the classrooms of groups among them, and
    `places` the facility: where the user counts as a learner. `role_places` are the collections whose learners' logs
    the user may read. All three are derived when the roster is written (`settle`), so that nobody decides it again.
    """

    username: str
    full_name: str
    facility_id: str
    is_superuser: bool = False
    memberships: list[str] = []
    collections: list[str] = []
    places: list[str] = []
    roles: list[Role] = []
    role_places: list[str] = []

    class Settings:
        """Collection and indexes."""

        name = "users"
        indexes: ClassVar = [PLACES, ROLE_PLACES]

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
            roles=[],
            role_places=[],
        )

    def join(self, collection_id: str) -> None:
        """Be a learner in a facility, classroom or group."""
        if collection_id not in self.memberships:
            self.change(memberships=[*self.memberships, collection_id])

    def take_role(self, role: Role) -> None:
        """Be coach or admin of a collection."""
        if role not in self.roles:
            self.change(roles=[*self.roles, role])

    def end_membership(self, collection_id: str) -> None:
        """Be no learner there any more."""
        self.change(memberships=[entry for entry in self.memberships if entry != collection_id])

    def end_role(self, role: Role) -> None:
        """Have this role no more."""
        self.change(roles=[entry for entry in self.roles if entry != role])

    def leave(self, collections: Collection[str]) -> None:
        """End the memberships and roles in these collections."""
        self.change(
            memberships=[entry for entry in self.memberships if entry not in collections],
            roles=[role for role in self.roles if role.collection_id not in collections],
        )

    def settle(self, classroom_of: Mapping[str, str]) -> None:
        """Derive what follows from memberships, roles and facility; `classroom_of` maps a group to its classroom.

        A member of a group is a member of its classroom.
        """
        classrooms = [classroom_of[entry] for entry in self.memberships if entry in classroom_of]
        collections = _unique([*self.memberships, *classrooms])
        self.change(
            collections=collections,
            places=_unique([self.facility_id, *collections]),
            role_places=_unique(role.collection_id for role in self.roles),
        )


def _unique(ids: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(ids))


class Facility(Stored, Document):  # type: ignore[misc]  # our ids are no ObjectIds
    """A school. `timezone`, an IANA name, decides where its days begin; null is UTC."""

    name: str
    timezone: str | None = None

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
    collection_ids: list[str] = []

    def unassign(self, collections: Collection[str]) -> None:
        """Be assigned to these collections no more."""
        self.change(collection_ids=[entry for entry in self.collection_ids if entry not in collections])


class Lesson(Assigned, Document):  # type: ignore[misc]  # our ids are no ObjectIds
    """A lesson. `content_ids` are its resources, in order."""

    content_ids: list[str] = []

    class Settings:
        """Collection and indexes."""

        name = "lessons"
        indexes: ClassVar = [ASSIGNED]


class Quiz(Assigned, Document):  # type: ignore[misc]  # our ids are no ObjectIds
    """A quiz; learners may take it while it is active. `question_count` is null where nobody has said it."""

    active: bool
    question_count: int | None = None
    questions: list[Question] = []

    class Settings:
        """Collection and indexes."""

        name = "quizzes"
        indexes: ClassVar = [ASSIGNED]


class CourseSession(Assigned, Document):  # type: ignore[misc]  # our ids are no ObjectIds
    """A course that is being given."""

    class Settings:
        """Collection and indexes."""

        name = "course_sessions"
        indexes: ClassVar = [ASSIGNED]
