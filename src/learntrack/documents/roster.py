"""The roster: people, the collections that they belong to, and what is assigned to those."""

from typing import ClassVar, Literal

from beanie import Document
from pydantic import BaseModel
from pymongo import ASCENDING, IndexModel

from learntrack.documents.base import Stored

PLACES = IndexModel([("places", ASCENDING)], name="places")
"""Serves: who is in a facility, a classroom or a group."""
ROLE_PLACES = IndexModel([("role_places", ASCENDING)], name="role_places")
"""Serves: who has a role in a place."""
ASSIGNED = IndexModel([("collection_ids", ASCENDING)], name="assigned")
"""Serves: what is assigned to a collection."""


class StoredRole(BaseModel):
    """A user is coach or admin of a facility or a classroom."""

    collection_id: str
    kind: Literal["admin", "coach"]


class User(Stored, Document):  # type: ignore[misc]  # our ids are no ObjectIds
    """A person.

    `memberships` are the collections that the roster names; `collections` add the classrooms of groups among them, and
    `places` the facility: where the user counts as a learner. `role_places` are the collections whose learners' logs
    the user may read. All three are derived when the roster is written, so that nobody decides it again.
    """

    username: str
    full_name: str
    facility_id: str
    is_superuser: bool = False
    memberships: list[str] = []
    collections: list[str] = []
    places: list[str] = []
    roles: list[StoredRole] = []
    role_places: list[str] = []

    class Settings:
        """Collection and indexes."""

        name = "users"
        indexes: ClassVar = [PLACES, ROLE_PLACES]


class Facility(Stored, Document):  # type: ignore[misc]  # our ids are no ObjectIds
    """A school."""

    name: str

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


class Lesson(Assigned, Document):  # type: ignore[misc]  # our ids are no ObjectIds
    """A lesson."""

    class Settings:
        """Collection and indexes."""

        name = "lessons"
        indexes: ClassVar = [ASSIGNED]


class Quiz(Assigned, Document):  # type: ignore[misc]  # our ids are no ObjectIds
    """A quiz; learners may take it while it is active."""

    active: bool

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
