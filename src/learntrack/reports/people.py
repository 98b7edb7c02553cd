"""Who somebody is, for who reads an export."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from learntrack.documents import Facility, User
from learntrack.storage.reading import Reading

_FIELDS: Mapping[str, int] = {"username": 1, "full_name": 1, "facility_id": 1, "roles": 1, "is_superuser": 1}


@dataclass(frozen=True, slots=True)
class Person:
    """What the roster says of somebody; all of it empty where it does not know them.

    `user_type` is superuser, admin, coach or learner.
    """

    username: str = ""
    full_name: str = ""
    user_type: str = ""
    facility_name: str = ""


async def people_of(db: Reading, users: Collection[str]) -> dict[str, Person]:
    """Those of these users whom the roster knows. Index: the key."""
    if not users:
        return {}
    rows = await db.find(User, {"_id": {"$in": list(users)}}, _FIELDS)
    places = list({row["facility_id"] for row in rows})
    facilities = {row["_id"]: row["name"] for row in await db.find(Facility, {"_id": {"$in": places}}, {"name": 1})}
    return {
        row["_id"]: Person(row["username"], row["full_name"], _type_of(row), facilities.get(row["facility_id"], ""))
        for row in rows
    }


def _type_of(user: Mapping[str, Any]) -> str:
    kinds = {role["kind"] for role in user.get("roles", ())}
    if user.get("is_superuser"):
        return "superuser"
    return next((kind for kind in ("admin", "coach") if kind in kinds), "learner")
