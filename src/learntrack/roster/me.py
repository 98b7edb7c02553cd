"""Who the caller is: for apps, and in the shape that Kolibri's client asks for every few minutes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from learntrack.access.actor import Actor
from learntrack.documents import Classroom, LearnerGroup, User
from learntrack.roster.records import ClassroomRecord, LearnerGroupRecord, RoleRecord
from learntrack.web import examples
from learntrack.web.values import OutId


class MyUser(Struct):
    """The caller, by the token and by the roster."""

    id: OutId
    username: Annotated[str, Meta(description="Empty where the roster does not know the caller.")]
    full_name: str
    facility_id: Annotated[OutId | None, Meta(description="Null where the roster does not know the caller.")]
    is_superuser: Annotated[bool, Meta(description="By the token or by the roster.")]


class Me(Struct):
    """The caller."""

    user: Annotated[MyUser | None, Meta(description="Null for an anonymous caller.")]
    roles: Annotated[list[RoleRecord], Meta(description="Where the caller is coach or admin.")]
    classrooms: Annotated[list[ClassroomRecord], Meta(description="The classes that the caller is in, as a learner.")]
    learner_groups: Annotated[list[LearnerGroupRecord], Meta(description="The groups that the caller is in.")]


_ROLE = {"user_id": examples.LEARNER, "collection_id": examples.CLASSROOM, "kind": "coach"}
ME_EXAMPLE = {
    "user": {
        "id": examples.LEARNER,
        "username": "carla",
        "full_name": "Carla",
        "facility_id": examples.FACILITY,
        "is_superuser": False,
    },
    "roles": [_ROLE],
    "classrooms": [],
    "learner_groups": [],
}


class Heartbeat(Struct):
    """A session as Kolibri's client knows it. It signs out where `user_id` is not the one that it knows."""

    id: Annotated[str, Meta(description="Always current.")]
    user_id: Annotated[OutId | None, Meta(description="The caller; null for an anonymous one.")]
    username: str
    full_name: str
    facility_id: OutId | None
    kind: Annotated[
        list[str],
        Meta(description="superuser, admin, coach, classroom assignable coach, learner or anonymous."),
    ]
    can_manage_content: Annotated[bool, Meta(description="Always false: there is no content here.")]
    server_time: Annotated[datetime, Meta(description="The server's clock (ISO 8601, UTC).")]


HEARTBEAT_EXAMPLE = {
    "id": "current",
    "user_id": examples.LEARNER,
    "username": "ada",
    "full_name": "Ada",
    "facility_id": examples.FACILITY,
    "kind": ["learner"],
    "can_manage_content": False,
    "server_time": "2026-03-02T09:14:05.120Z",
}


def me_of(actor: Actor, user: User | None, *, classrooms: Sequence[Classroom], groups: Sequence[LearnerGroup]) -> Me:
    """The caller, by their entry in the roster (None: it does not know them) and the places that they are in."""
    if actor.user_id is None:
        return Me(None, [], [], [])
    return Me(
        user=MyUser(
            id=actor.user_id,
            username=user.username if user else "",
            full_name=user.full_name if user else "",
            facility_id=user.facility_id if user else None,
            is_superuser=_is_superuser(actor, user),
        ),
        roles=[RoleRecord(actor.user_id, role.collection_id, role.kind) for role in (user.roles if user else ())],
        classrooms=[ClassroomRecord(each.id, each.name, each.facility_id) for each in classrooms],
        learner_groups=[LearnerGroupRecord(each.id, each.name, each.classroom_id) for each in groups],
    )


def heartbeat_of(actor: Actor, user: User | None, now: datetime) -> Heartbeat:
    """The caller as Kolibri's client knows a session."""
    return Heartbeat(
        id="current",
        user_id=actor.user_id,
        username=user.username if user else "",
        full_name=user.full_name if user else "",
        facility_id=user.facility_id if user else None,
        kind=_kinds(actor, user),
        can_manage_content=False,
        server_time=now,
    )


def _kinds(actor: Actor, user: User | None) -> list[str]:
    """What Kolibri calls the caller; who is coach of a class only is its `classroom assignable coach`."""
    if actor.user_id is None:
        return ["anonymous"]
    kinds = ["superuser"] if _is_superuser(actor, user) else []
    for role in user.roles if user else ():
        of_class = user is not None and role.kind == "coach" and role.collection_id != user.facility_id
        kinds.append("classroom assignable coach" if of_class else role.kind)
    return list(dict.fromkeys(kinds)) or ["learner"]


def _is_superuser(actor: Actor, user: User | None) -> bool:
    return actor.superuser or (user is not None and user.is_superuser)
