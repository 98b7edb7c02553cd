"""Who the caller is, as the service answers it."""

from typing import Literal

from msgspec import Struct


class User(Struct):
    """The person whose token it is."""

    id: str
    username: str
    full_name: str
    facility_id: str | None
    is_superuser: bool


class Role(Struct):
    """A user is coach or admin of a facility or a classroom (`collection_id`)."""

    user_id: str
    collection_id: str
    kind: Literal["admin", "coach"]


class Classroom(Struct):
    """A class of a facility."""

    id: str
    name: str
    facility_id: str


class LearnerGroup(Struct):
    """A group of a classroom's learners."""

    id: str
    name: str
    classroom_id: str


class Me(Struct):
    """Who the caller is: the user (None: anonymous), where they are coach or admin, and their classes and groups."""

    user: User | None
    roles: list[Role]
    classrooms: list[Classroom]
    learner_groups: list[LearnerGroup]
