"""Every user says whose assignments are theirs (`learns_in`), as the roster's writing says it of new ones.

In parts, each written by itself, so that it can be interrupted and run again; nothing but this field is written.
"""

from typing import Any

from beanie import free_fall_migration
from pymongo import UpdateOne

from learntrack.documents import User
from learntrack.documents.roster import reached

PART = 500
"""Users that are written in one command."""
_SHOWN = dict.fromkeys(("collections", "facility_id", "roles", "is_superuser"), 1)


class Forward:
    """Add the field."""

    @free_fall_migration(document_models=[User])  # type: ignore[untyped-decorator]
    async def whose_assignments(self, session: object) -> None:
        """Write the new field."""
        await write_learns_in(User.get_motor_collection().database)


async def write_learns_in(database: Any) -> None:
    """Write the field of all users that lack it."""
    users, last = database[User.collection()], ""
    while True:
        found = users.find({"_id": {"$gt": last}, "learns_in": {"$exists": False}}, _SHOWN).sort("_id", 1).limit(PART)
        part = await found.to_list(None)
        if not part:
            return
        last = part[-1]["_id"]
        await users.bulk_write(
            [UpdateOne({"_id": row["_id"]}, {"$set": {"learns_in": _of(row)}}) for row in part], ordered=False
        )


def _of(row: dict[str, Any]) -> list[str]:
    is_staff = bool(row.get("is_superuser") or row.get("roles"))
    return reached(row.get("collections", []), row["facility_id"], is_staff=is_staff)
