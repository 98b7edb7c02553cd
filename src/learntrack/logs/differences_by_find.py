"""The difference between a try and the one before, counted here from the two as they are stored.

For the embedded engine: to unwind the chunks that it has looked up, it copies all of them for each, so that a try twice
as long took four times the time.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

from learntrack.access.may_read import Readable
from learntrack.documents import AttemptOverflow, MasteryLog
from learntrack.logs.filters import LogFilters
from learntrack.logs.pipelines import NEWEST, shown_tries, tries_listed, try_projection
from learntrack.storage import Database
from learntrack.storage.database import Row, Stage


async def diff(db: Database, readable: Readable, filters: LogFilters, index: int) -> list[Row]:
    """The rows of `differences.diff`, the one with the head first. Indexes: owner_content; holder."""
    shown = try_projection(filters) | {field: 1 for _, field in _COMPARED} | {"attempts": 1, "overflow.chunk_count": 1}
    two: list[Stage] = [{"$sort": NEWEST}, {"$skip": index}, {"$limit": 2}, {"$project": shown}]
    tries = await db.rows(MasteryLog, [*tries_listed(readable, filters), *two])
    if not tries:
        return []
    attempts = await _attempts_of(db, tries, filters.user)
    newer, *others = tries
    [head] = shown_tries([newer], filters)
    difference = {name: newer[field] - others[0][field] if others else None for name, field in _COMPARED}
    newest = _newest_on_items(attempts[others[0]["_id"]]) if others else {}
    in_order = sorted(attempts[newer["_id"]], key=itemgetter("start_timestamp", "id"))
    return [{"head": head | {"diff": difference}}, *_against(newest, in_order)]


_COMPARED = (("correct", "correct_sum"), ("time_spent", "time_spent"))


async def _attempts_of(db: Database, tries: Sequence[Row], user: str | None) -> Mapping[str, list[Row]]:
    """The attempts of tries, each once, though some may have moved to a chunk since they were read."""
    found: dict[str, dict[str, Row]] = defaultdict(dict)
    if long := [row["_id"] for row in tries if row.get("overflow")]:
        query = {"holder_id": {"$in": long}} | db.capabilities.of_owners([user])
        for chunk in await db.find(AttemptOverflow, query, {"holder_id": 1, "attempts": 1}, in_turn=True):
            found[chunk["holder_id"]] |= _by_id(chunk["attempts"])
    for row in tries:
        found[row["_id"]] |= _by_id(row["attempts"])
    return {key: list(attempts.values()) for key, attempts in found.items()}


def _by_id(attempts: Iterable[Row]) -> dict[str, Row]:
    return {attempt["id"]: attempt for attempt in attempts}


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
