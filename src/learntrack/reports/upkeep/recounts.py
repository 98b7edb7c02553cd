"""Counting the tries of summaries anew, where what came in late left their numbers unsure, or to check them."""

from collections.abc import Mapping

from learntrack.documents import ContentSummary, MasteryLog
from learntrack.documents.base import Row
from learntrack.documents.try_numbers import TRY_FIELDS, TryNumbers, TrySight, numbers_by_kind
from learntrack.domain.mastery import TryKind
from learntrack.reports.upkeep.items import are_equal
from learntrack.storage import Database
from learntrack.storage.transactions import Tx

_STEP = 100


async def recount_unsure(db: Database) -> int:
    """Count the tries anew of summaries that ask for it; returns how many did. Index: recount."""
    query = {"recount": True}
    rows = await db.rows(ContentSummary, [{"$match": query}, {"$limit": _STEP}, {"$project": {"user_id": 1}}])
    for row in rows:
        await recount(db, row["_id"], row["user_id"])
    return len(rows)


async def recount(db: Database, summary_id: str, owner: str) -> bool:
    """Count the tries of this owner's summary anew; whether its numbers were others. Indexes: the key, summary."""
    of_owner = db.capabilities.of_owners([owner])

    async def work(tx: Tx) -> bool:
        found = await db.load(ContentSummary, db.by_ids(ContentSummary, [summary_id], [owner]), tx)
        if not found:
            return False
        [summary] = found
        fields = dict.fromkeys(TRY_FIELDS, 1)
        rows = await db.load_fields(MasteryLog, {"summary_id": summary_id, **of_owner}, fields, tx)
        tries = [TrySight.of(row) for row in rows]
        before, counted = _plain(summary.of_tries), _plain(numbers_by_kind(tries))
        is_right = are_equal(before, counted) and not summary.recount
        if not is_right:
            summary.count_tries(tries)
            await db.write([summary], tx)
        return not is_right

    return await db.transaction(work)


def _plain(numbers: Mapping[TryKind, TryNumbers]) -> dict[TryKind, Row]:
    return {kind: each.model_dump() for kind, each in numbers.items()}
