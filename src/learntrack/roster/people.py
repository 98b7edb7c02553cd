"""What readers need of a person, derived once, when the roster is written (a user document, see documents.roster)."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from learntrack.documents.base import SCHEMA_VERSION

Person = dict[str, Any]


def new_person(user_id: str) -> Person:
    """A person of whom nothing is known yet."""
    return {
        "_id": user_id,
        "username": "",
        "full_name": "",
        "is_superuser": False,
        "memberships": [],
        "roles": [],
        "schema_version": SCHEMA_VERSION,
    }


def add_membership(person: Person, collection_id: str) -> None:
    """Make the person a member of the collection."""
    if collection_id not in person["memberships"]:
        person["memberships"].append(collection_id)


def add_role(person: Person, collection_id: str, kind: str) -> None:
    """Give the person the role."""
    role = {"collection_id": collection_id, "kind": kind}
    if role not in person["roles"]:
        person["roles"].append(role)


def leave(person: Person, collections: Collection[str]) -> None:
    """End the person's memberships and roles in these collections."""
    person["memberships"] = [entry for entry in person["memberships"] if entry not in collections]
    person["roles"] = [role for role in person["roles"] if role["collection_id"] not in collections]


def derive(person: Person, classroom_of: Mapping[str, str]) -> Person:
    """Fill in what follows from memberships, roles and facility; `classroom_of` maps a group to its classroom.

    A member of a group is a member of its classroom.
    """
    person["collections"] = _unique(
        [*person["memberships"], *(classroom_of[entry] for entry in person["memberships"] if entry in classroom_of)]
    )
    person["places"] = _unique([person["facility_id"], *person["collections"]])
    person["role_places"] = _unique(role["collection_id"] for role in person["roles"])
    return person


def _unique(ids: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(ids))
