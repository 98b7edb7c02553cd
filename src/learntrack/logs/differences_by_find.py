"""The difference between a try and the one before, counted here from the two as they are stored.

For the embedded engine: to unwind the chunks that it has looked up, it copies all of them for each, so that a try twice
as long took four times the time.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

from learntrack.access.may_read import Readable
from learntrack.documents import AttemptOverflow, MasteryLog
from learntrack.logs.filters import LogFilters
from learntrack.logs.pipelines import NEWEST, shown_tries, tries_listed, try_projection
from learntrack.storage import Database
from learntrack.storage.database import Row, Stage

_FIGURES = ("correct_sum", "time_spent", "attempt_count")
_OF_OLDER = ("id", "item", "correct", "end_timestamp", "number")


async def diff(db: Database, readable: Readable, filters: LogFilters, index: int) -> list[Row]:
    """The rows of `differences.diff`, the one with the head first. Indexes: owner_content; holder."""
    shown = try_projection(filters) | dict.fromkeys((*_FIGURES, "attempts", "overflow.chunk_count"), 1)
    two: list[Stage] = [{"$sort": NEWEST}, {"$skip": index}, {"$limit": 2}, {"$project": shown}]
    newer, before = (*await db.rows(MasteryLog, [*tries_listed(readable, filters), *two]), None, None)[:2]
    if newer is None:
        return []
    [head] = shown_tries([newer], filters)
    compared = (("correct", "correct_sum"), ("time_spent", "time_spent"))
    difference = {name: newer[field] - before[field] if before else None for name, field in compared}
    newest = _newest_on_items(await _attempts_of(db, before, _OF_OLDER)) if before else {}
    in_order = sorted(await _attempts_of(db, newer), key=itemgetter("start_timestamp", "id"))
    return [{"head": head | {"diff": difference}}, *_against(newest, in_order)]


async def _attempts_of(db: Database, row: Row, fields: Sequence[str] = ()) -> Sequence[Row]:
    """The attempts that a try had when it was read, of older ones only these fields if any are named.

    Since then some may have moved to a chunk, where they are not counted again, and others have come into it.
    """
    attempts: list[Row] = row["attempts"]
    if not row.get("overflow"):
        return attempts
    shown = {f"attempts.{name}": 1 for name in fields} or {"attempts": 1}
    chunks = await db.find(AttemptOverflow, {"holder_id": row["_id"]}, shown, in_turn=True)
    older = [attempt for chunk in chunks for attempt in chunk["attempts"] if attempt["number"] < row["attempt_count"]]
    return list({attempt["id"]: attempt for attempt in (*older, *attempts)}.values())


def _newest_on_items(attempts: Iterable[Row]) -> dict[Any, float]:
    """How correct the newest attempt on each item is."""
    in_order = sorted(attempts, key=itemgetter("end_timestamp", "number"))
    return {attempt["item"]: attempt["correct"] for attempt in in_order}


def _against(newest: Mapping[Any, float], attempts: Iterable[Row]) -> Iterator[Row]:
    for attempt in attempts:
        earlier = newest.get(attempt["item"])
        yield {
            "head": {},
            "attempt": attempt,
            "diff": {"correct": None if earlier is None else attempt["correct"] - earlier},
        }
