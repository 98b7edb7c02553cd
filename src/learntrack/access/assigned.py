"""To whom a lesson, quiz or course is assigned: one answer for recording, reports and pages.

It is `users.learns_in`, written with the roster (see `documents.roster.User.settle`): what is assigned to one of these
collections is assigned to the learner. The pipelines of the reports read the same field.
"""

from collections.abc import Collection, Mapping
from typing import Any

from learntrack.storage import Database

FIELDS: Mapping[str, int] = {"learns_in": 1, "collections": 1}
"""What of a user's row decides it."""


def learns_in(user: Mapping[str, Any]) -> frozenset[str]:
    """The collections whose assignments are a learner's, by their row; one that an earlier release wrote has less."""
    found = user.get("learns_in")
    return frozenset(user["collections"] if found is None else found)


def is_assigned(user: Mapping[str, Any], collection_ids: Collection[str]) -> bool:
    """Whether what is assigned to these collections is assigned to the learner."""
    return not learns_in(user).isdisjoint(collection_ids)


async def assigned_among(db: Database, users: Collection[str], collection_ids: Collection[str]) -> set[str]:
    """Those of these users to whom what is assigned to these collections is assigned. Index: the key."""
    rows = await db.find("users", {"_id": {"$in": list(users)}}, FIELDS)
    return {row["_id"] for row in rows if is_assigned(row, collection_ids)}
