"""What Kolibri calls a caller."""

from typing import Any

import pytest

from learntrack.access.actor import ANONYMOUS, Actor
from learntrack.documents import User
from learntrack.documents.roster import Role
from learntrack.domain import moments
from learntrack.roster.me import heartbeat_of, me_of
from tests.support import new_id

USER, SCHOOL = new_id(), new_id()


def user(*roles: tuple[Any, str], superuser: bool = False) -> User:
    entry = User.begin(USER, username="u", facility_id=SCHOOL, is_superuser=superuser)
    for kind, place in roles:
        entry.take_role(Role(kind=kind, collection_id=place))
    return entry


@pytest.mark.parametrize(
    ("actor", "known", "kinds"),
    [
        (ANONYMOUS, None, ["anonymous"]),
        (Actor(USER), None, ["learner"]),
        (Actor(USER), user(), ["learner"]),
        (Actor(USER), user(("coach", new_id()), ("coach", new_id())), ["classroom assignable coach"]),
        (Actor(USER), user(("coach", SCHOOL)), ["coach"]),
        (Actor(USER), user(("admin", SCHOOL), ("coach", new_id())), ["admin", "classroom assignable coach"]),
        (Actor(USER, superuser=True), user(), ["superuser"]),
        (Actor(USER), user(("admin", SCHOOL), superuser=True), ["superuser", "admin"]),
    ],
)
def test_a_caller_is_of_the_kinds_that_kolibri_knows(actor: Actor, known: User | None, kinds: list[str]) -> None:
    assert heartbeat_of(actor, known, moments.now()).kind == kinds


def test_who_is_unknown_to_the_roster_has_an_id_only() -> None:
    me = me_of(Actor(USER), None, classrooms=[], groups=[])

    assert me.user is not None
    assert (me.user.id, me.user.username, me.user.facility_id, me.user.is_superuser) == (USER, "", None, False)
    assert me_of(ANONYMOUS, None, classrooms=[], groups=[]).user is None
