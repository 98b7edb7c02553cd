"""What was assigned when something happened that is delivered later.

Only asked of what is not assigned any more, so that what is live costs nothing.
"""

from collections.abc import Collection
from datetime import UTC, datetime

from learntrack.access.assigned import FIELDS, learns_in
from learntrack.documents import EndedAssignment, User
from learntrack.storage import Database
from learntrack.storage.transactions import Tx
from learntrack.tracking.loading import ASSIGNABLE

_FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC)

PastAssignment = tuple[str, str, str, datetime]
"""The field that names what was assigned, its id, whom it was assigned to, and when."""


async def were_assigned(db: Database, tx: Tx, questions: Collection[PastAssignment]) -> set[tuple[str, str, datetime]]:
    """Which of these were assigned at their moments (a quiz: and active), as far as the ends of memberships and
    assignments tell: id, user and moment. Indexes: the keys, assigned_id.
    """
    members = await _held_by_users(db, tx, {user for _, _, user, _ in questions})
    assigned = await _held_by_assigned(db, tx, {(field, entry) for field, entry, _, _ in questions})
    return {
        (entry, user, at)
        for _, entry, user, at in questions
        if any(
            at < min(until, members[user][place])
            for place, until in assigned.get(entry, {}).items()
            if place in members.get(user, {})
        )
    }


_Held = dict[str, dict[str, datetime]]
"""Until when somebody was in a collection, or something was assigned to it: by their ids and the collection's."""


async def _held_by_users(db: Database, tx: Tx, ids: Collection[str]) -> _Held:
    held: _Held = {}
    fields = {**FIELDS, "former_collections": 1}
    for row in await db.load_fields(User, {"_id": {"$in": list(ids)}}, fields, tx):
        held[row["_id"]] = dict.fromkeys(learns_in(row), _FOR_EVER) | {
            former["collection_id"]: former["until"] for former in row.get("former_collections", [])
        }
    return held


async def _held_by_assigned(db: Database, tx: Tx, named: Collection[tuple[str, str]]) -> _Held:
    held: _Held = {}
    ids = [entry for _, entry in named]
    for row in await db.load_fields(
        EndedAssignment, {"assigned_id": {"$in": ids}}, {"assigned_id": 1, "collection_id": 1, "until": 1}, tx
    ):
        held.setdefault(row["assigned_id"], {})[row["collection_id"]] = row["until"]
    for field in {field for field, _ in named}:
        query = {"_id": {"$in": [entry for other, entry in named if other == field]}}
        fields = {"collection_ids": 1, "active": 1, "closed_at": 1}
        for row in await db.load_fields(ASSIGNABLE[field], query, fields, tx):
            until = _FOR_EVER if row.get("active", True) else row.get("closed_at")
            if until is not None:
                held.setdefault(row["_id"], {}).update(dict.fromkeys(row["collection_ids"], until))
    return held
