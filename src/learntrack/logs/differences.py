"""The aggregation pipelines of the difference between a try and the one before, for a MongoDB, which unwinds what it
has looked up one by one (see `logs.lists`).

Indexes are named beside each question (see documents/).
"""

from collections.abc import Mapping
from typing import Any

from learntrack.access.may_read import EVERYBODY, Readable
from learntrack.logs.filters import LogFilters
from learntrack.logs.pipelines import NEWEST, OVERFLOW, looked_up, tries_listed, try_fields
from learntrack.storage.database import Stage


def diff(readable: Readable, filters: LogFilters, index: int, owners: Readable = EVERYBODY) -> list[Stage]:
    """The difference between a learner's try and the one before. Index: owner_content; chunks by holder.

    One row has the try as `head`, with its `diff`; elsewhere `head` is empty. The rows with an `attempt` are those of
    the try, in list order, each with its `diff` against the newest attempt on the same item in the older try. No row at
    all: there is no such try. `owners` as of `looked_up`.
    """
    newer, before = {"$arrayElemAt": ["$tries", 0]}, {"$arrayElemAt": ["$tries", 1]}
    return [
        *tries_listed(readable, filters),
        {"$sort": NEWEST},
        {"$skip": index},
        {"$limit": 2},
        {"$group": {"_id": None, "tries": {"$push": "$$ROOT"}}},
        {"$project": {"newer": newer, "before": before}},
        *_head_and_attempts(filters, owners),
        *_against_the_newest_on_the_item(),
        {"$sort": {"attempt.start_timestamp": 1, "attempt.id": 1}},
    ]


def _head_and_attempts(filters: LogFilters, owners: Readable) -> list[Stage]:
    """Row in: `newer` and perhaps `before`, tries. Rows out: `head, rank, attempt`.

    In one of them `head` is the newer try with its `diff`; the others have an attempt of the newer (`rank` 0) or the
    older try (1), or none where a try has none.
    """
    difference = {
        "correct": _subtracted("$newer.correct_sum", "$before.correct_sum"),
        "time_spent": _subtracted("$newer.time_spent", "$before.time_spent"),
    }
    # The head in a row of its own (part 0), so that no attempt carries it through what follows; what is embedded in
    # either try (1, 2), and what has moved to chunks, where anything has (3, 4).
    is_newer = {"$in": ["$part", [1, 3]]}
    moved = [{"$cond": [{"$gt": [f"{of}.overflow", None]}, [part], []]} for part, of in ((3, "$newer"), (4, "$before"))]
    return [
        {"$addFields": {"part": {"$concatArrays": [[0, 1, 2], *moved]}}},
        {"$unwind": "$part"},
        {
            "$project": {
                "head": {"$cond": [{"$eq": ["$part", 0]}, try_fields(filters, "$newer.") | {"diff": difference}, {}]},
                "rank": {"$cond": [is_newer, 0, 1]},
                "attempts": _of_part({1: "$newer.attempts", 2: "$before.attempts"}),
                "chunks_of": _of_part({3: "$newer._id", 4: "$before._id"}),
            }
        },
        looked_up(OVERFLOW, "chunks_of", "holder_id", "chunk", owners),
        {"$unwind": {"path": "$chunk", "preserveNullAndEmptyArrays": True}},
        {"$project": {"head": 1, "rank": 1, "attempt": {"$ifNull": ["$chunk.attempts", "$attempts"]}}},
        {"$unwind": {"path": "$attempt", "preserveNullAndEmptyArrays": True}},
    ]


def _of_part(values: Mapping[int, str]) -> Any:
    """Of these values that of the part that a row is, null if it has none."""
    found: Any = None
    for part, value in values.items():
        found = {"$cond": [{"$eq": ["$part", part]}, value, found]}
    return found


def _against_the_newest_on_the_item() -> list[Stage]:
    """Rows in: as of `_head_and_attempts`. Rows out: as of `diff`, in no order."""
    now, earlier = (
        {"$push": {"$cond": [{"$eq": ["$rank", rank]}, {"$ifNull": [value, None]}, None]}}
        for rank, value in ((0, "$attempt"), (1, "$attempt.correct"))
    )
    return [
        {"$sort": {"attempt.end_timestamp": -1, "attempt.number": -1}},
        {"$group": {"_id": "$attempt.item", "head": {"$mergeObjects": "$head"}, "now": now, "earlier": earlier}},
        {"$project": {"head": 1, "now": _given("$now"), "newest": {"$arrayElemAt": [_given("$earlier"), 0]}}},
        {"$unwind": {"path": "$now", "preserveNullAndEmptyArrays": True}},
        {
            "$project": {
                "_id": 0,
                "head": 1,
                "attempt": "$now",
                "diff": {"correct": _subtracted("$now.correct", "$newest")},
            }
        },
    ]


def _given(values: str) -> dict[str, Any]:
    return {"$filter": {"input": values, "as": "value", "cond": {"$ne": ["$$value", None]}}}


def _subtracted(value: str, older: str) -> dict[str, Any]:
    """`value - older`, null where there is no older value."""
    return {"$cond": [{"$eq": [{"$ifNull": [older, None]}, None]}, None, {"$subtract": [value, older]}]}
