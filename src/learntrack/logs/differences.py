"""The aggregation pipelines of the difference between a try and the one before.

Indexes are named beside each question (see documents/).
"""

from typing import Any

from learntrack.access.may_read import EVERYBODY, Readable
from learntrack.logs.filters import LogFilters
from learntrack.logs.pipelines import NEWEST, OVERFLOW, looked_up, tries_listed, try_fields
from learntrack.storage.database import Stage


def diff(readable: Readable, filters: LogFilters, index: int, owners: Readable = EVERYBODY) -> list[Stage]:
    """The difference between a learner's try and the one before. Index: owner_content; chunks by holder.

    A row for each attempt of the try in list order (one without `attempt` where it has none): `head` is the try, with
    its `diff`; an attempt's own `diff` is against the newest attempt on the same item in the older try. No row at all:
    there is no such try. `owners` as of `looked_up`.
    """
    of_pair = {"try_id": "$try_id", "user_id": "$user_id", "attempt": {"$ifNull": ["$attempt", None]}}
    return [
        *tries_listed(readable, filters),
        {"$sort": NEWEST},
        {"$skip": index},
        {"$limit": 2},
        {"$group": {"_id": None, "tries": {"$push": "$$ROOT"}}},
        *_attempts_of_pairs("$attempt.item", of_pair, filters, owners),
        {"$unwind": "$now"},
        {
            "$project": {
                "_id": 0,
                "head": 1,
                "attempt": "$now.attempt",
                "try_id": "$now.try_id",
                "user_id": "$now.user_id",
                "diff": {"correct": _subtracted("$now.attempt.correct", "$newest")},
            }
        },
        {"$sort": {"attempt.start_timestamp": 1, "attempt.id": 1}},
    ]


def _attempts_of_pairs(key: Any, attempt_now: Any, filters: LogFilters, owners: Readable) -> list[Stage]:
    """The attempts of pairs of tries, brought together by `key` (which ends in the item).

    Rows in: `tries`, the try and perhaps the one before. Rows out: `head` (the newer try with its `diff`), `now`
    (`attempt_now` of each attempt of it) and `newest` (how correct the newest attempt of the older one is, if any).
    """
    newer, before = {"$arrayElemAt": ["$tries", 0]}, {"$arrayElemAt": ["$tries", 1]}
    shown = try_fields(filters, "$newer.")
    difference = {
        "correct": _subtracted("$newer.correct_sum", "$before.correct_sum"),
        "time_spent": _subtracted("$newer.time_spent", "$before.time_spent"),
    }
    return [
        {"$project": {"tries": 1, "newer": newer, "before": before}},
        {"$project": {"tries": 1, "head": shown | {"diff": difference}}},
        {"$unwind": {"path": "$tries", "includeArrayIndex": "rank"}},
        *_attempts_of_ranked_tries(owners),
        {"$sort": {"attempt.end_timestamp": -1, "attempt.number": -1}},
        {
            "$group": {
                "_id": key,
                "head": {"$first": "$head"},
                "now": {"$push": {"$cond": [{"$eq": ["$rank", 0]}, attempt_now, None]}},
                "earlier": {"$push": {"$cond": [{"$eq": ["$rank", 1]}, "$attempt.correct", None]}},
            }
        },
        {"$project": {"head": 1, "now": _given("$now"), "newest": {"$arrayElemAt": [_given("$earlier"), 0]}}},
    ]


def _attempts_of_ranked_tries(owners: Readable) -> list[Stage]:
    """Rows in: `head, rank, tries` (one try). Rows out: `head, rank, try_id, user_id, attempt`, for each attempt of it;
    one without `attempt` where it has none.
    """
    return [
        # What is embedded (part 0), and what has moved to chunks, if anything has (part 1).
        {"$addFields": {"part": [0, 1]}},
        {"$unwind": "$part"},
        {
            "$project": {
                "head": 1,
                "rank": 1,
                "try_id": "$tries._id",
                "user_id": "$tries.user_id",
                "attempts": {"$cond": [{"$eq": ["$part", 0]}, "$tries.attempts", []]},
                "chunk_of": {
                    "$cond": [{"$and": [{"$eq": ["$part", 1]}, {"$gt": ["$tries.overflow", None]}]}, "$tries._id", None]
                },
            }
        },
        looked_up(OVERFLOW, "chunk_of", "holder_id", "chunk", owners),
        {"$unwind": {"path": "$chunk", "preserveNullAndEmptyArrays": True}},
        {"$project": {"chunk_of": 0, "chunk.holder_id": 0}},
        {"$addFields": {"attempt": {"$ifNull": ["$chunk.attempts", "$attempts"]}}},
        {"$project": {"attempts": 0, "chunk": 0}},
        {"$unwind": {"path": "$attempt", "preserveNullAndEmptyArrays": True}},
    ]


def _given(values: str) -> dict[str, Any]:
    return {"$filter": {"input": values, "as": "value", "cond": {"$ne": ["$$value", None]}}}


def _subtracted(value: str, older: str) -> dict[str, Any]:
    """`value - older`, null where there is no older value."""
    return {"$cond": [{"$eq": [{"$ifNull": [older, None]}, None]}, None, {"$subtract": [value, older]}]}
