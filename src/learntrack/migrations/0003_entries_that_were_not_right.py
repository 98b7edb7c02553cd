"""Version 3: a try says how many entries of its histories were not right, and its summary so of the latest.

In parts, each document written by itself, so that it can be interrupted and run again: what has been done says
version 3. Nothing but these numbers is written.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from beanie import free_fall_migration
from pymongo import UpdateOne

from learntrack.documents import AttemptOverflow, ContentSummary, MasteryLog
from learntrack.documents.base import Row, as_stored
from learntrack.documents.try_numbers import TRY_FIELDS, TrySight, numbers_by_kind

PART = 200
"""Documents that are written in one command."""
VERSION = 3

_HISTORIES = {"holder_id": 1, "attempts.interaction_history": 1}
"""What is read of tries and chunks."""


class Forward:
    """From version 2 to 3."""

    @free_fall_migration(document_models=[MasteryLog, AttemptOverflow, ContentSummary])  # type: ignore[untyped-decorator]
    async def entries_that_were_not_right(self, session: object) -> None:
        """Write the new fields."""
        await count_not_right(MasteryLog.get_motor_collection().database)


async def count_not_right(database: Any, done: Callable[[int], None] = lambda _: None) -> None:
    """Count in all tries, then in all summaries, that have not been counted yet.

    Args:
        database: The Motor database.
        done: Is told how many documents a part had, after it has been written.

    """
    # Summaries are the last, since theirs are those of their tries.
    for kind, numbers in ((MasteryLog, _of_tries), (ContentSummary, _of_summaries)):
        collection = database[kind.collection()]
        async for part in _parts(collection):
            new = await numbers(database, part)
            # By the id alone: for anything beside it the embedded engine walks the whole collection.
            writes = [UpdateOne({"_id": key}, {"$set": {"schema_version": VERSION} | new.get(key, {})}) for key in part]
            await collection.bulk_write(writes, ordered=False)
            done(len(part))


async def _parts(collection: Any) -> AsyncIterator[list[str]]:
    """The ids of what is still of the version before, a part at a time, in their order."""
    last = ""
    while True:
        found = collection.find({"_id": {"$gt": last}}, {"schema_version": 1}).sort("_id", 1).limit(PART)
        rows = await found.to_list(None)
        if not rows:
            return
        last = rows[-1]["_id"]
        if old := [row["_id"] for row in rows if row["schema_version"] < VERSION]:
            yield old


async def _of_tries(database: Any, tries: Sequence[str]) -> Mapping[str, Row]:
    """How many entries were not right in each of these tries, in its chunks too. Indexes: the key, holder."""
    counted = dict.fromkeys(tries, 0)
    for kind, key in ((MasteryLog, "_id"), (AttemptOverflow, "holder_id")):
        async for row in database[kind.collection()].find({key: {"$in": list(tries)}}, _HISTORIES):
            histories = (attempt.get("interaction_history", []) for attempt in row.get("attempts", []))
            counted[row[key]] += sum(not entry.get("correct") for history in histories for entry in history)
    return {key: {"not_right": count} for key, count in counted.items()}


async def _of_summaries(database: Any, summaries: Sequence[str]) -> Mapping[str, Row]:
    """The numbers of the tries of each of these summaries. Index: summary."""
    tries: dict[str, list[TrySight]] = {}
    shown = dict.fromkeys(TRY_FIELDS, 1)
    async for row in database[MasteryLog.collection()].find({"summary_id": {"$in": list(summaries)}}, shown):
        tries.setdefault(row["summary_id"], []).append(TrySight.of(row))
    return {key: {"of_tries": as_stored(numbers_by_kind(counted))} for key, counted in tries.items()}
