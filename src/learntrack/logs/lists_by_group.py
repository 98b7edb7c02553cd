"""The lists for an engine that uses no index within `$unionWith` and sorts whole documents (the embedded one).

There a `$group` that pushes the few fields which are shown or which order and count the rows is many times faster than
sorting: what is grouped reads only those fields, not the attempts. MongoDB itself walks an index instead (`pipelines`).
"""

from typing import Any

from learntrack.access.may_read import Readable
from learntrack.logs import pipelines
from learntrack.logs.filters import LogFilters
from learntrack.storage.database import Stage
from learntrack.web.paging import PageRequest

_MANY = 200
"""From so many learners on a look-up of their sessions costs more than reading all sessions."""


def _sorted(key: str) -> dict[str, Any]:
    return {"$sortArray": {"input": "$rows", "sortBy": {"end_timestamp": -1, key: 1}}}


_TRY = ("mastery_criterion", "start_timestamp", "end_timestamp", "completion_timestamp", "complete", "time_spent")


def _tries(readable: Readable, filters: LogFilters) -> list[Stage]:
    row = {"id": "$_id", "correct": "$correct_sum"} | {name: f"${name}" for name in _TRY}
    return [
        *pipelines.tries_matching(readable, filters),
        *([{"$match": {"complete": filters.complete}}] if filters.complete is not None else []),
        {"$group": {"_id": None, "count": {"$sum": 1}, "rows": {"$push": row}}},
    ]


def tries_page(readable: Readable, filters: LogFilters, page: PageRequest) -> list[Stage]:
    """One row: `count`, and as `rows` those of the page. No row at all: nothing matches. Index: owner_end,
    owner_content, content.
    """
    return [
        *_tries(readable, filters),
        {"$project": {"_id": 0, "count": 1, "rows": {"$slice": [_sorted("id"), page.skip, page.size]}}},
    ]


def tries(readable: Readable, filters: LogFilters) -> list[Stage]:
    """One row: as `rows` the tries, newest first. No row at all: nothing matches."""
    return [*_tries(readable, filters), {"$project": {"_id": 0, "rows": _sorted("id")}}]


def _holders(readable: Readable, filters: LogFilters, held: Any, *, of_sessions: bool) -> list[Stage]:
    """One row: as `rows`, unordered, what orders and counts the tries and the sessions without one that hold wanted
    attempts.

    No row where there are no such tries: then the sessions are asked by themselves (`of_sessions`, on
    content_sessions).
    """
    light = {"_id": "$_id", "user_id": "$user_id", "end_timestamp": "$end_timestamp", "held": held}
    if of_sessions:
        gathered = {"$group": {"_id": None, "rows": {"$push": light | {"holder_session_id": "$_id"}}}}
        return [*pipelines.sessions_matching(readable), pipelines.holding(filters), gathered]
    gathered = {"$group": {"_id": None, "rows": {"$push": light | {"try_id": "$_id"}}}}
    stages = [*pipelines.tries_matching(readable, filters), pipelines.holding(filters), gathered]
    if filters.of_tries_only:
        return stages
    if readable.users is None or len(readable.users) > _MANY:
        # Nearly everything is read anyway.
        sessions = [
            *pipelines.sessions_matching(readable),
            pipelines.holding(filters),
            {"$group": {"_id": None, "rows": {"$push": light | {"holder_session_id": "$_id"}}}},
        ]
        stages.append({"$unionWith": {"coll": "content_sessions", "pipeline": sessions}})
        # Not unwound: each unwound row would carry a copy of the whole list for a moment.
        both = {"$concatArrays": [{"$arrayElemAt": ["$both", 0]}, {"$ifNull": [{"$arrayElemAt": ["$both", 1]}, []]}]}
        return [*stages, {"$group": {"_id": None, "both": {"$push": "$rows"}}}, {"$project": {"rows": both}}]
    return [*stages, *_with_sessions(readable.users, filters, light)]


def _with_sessions(users: Any, filters: LogFilters, light: dict[str, Any]) -> list[Stage]:
    """Add the sessions of these learners that hold attempts. A `$lookup` on one field uses its index (owner_start)."""
    wanted: list[Any] = [{"$gt": ["$$each.attempt_count", 0]}]
    if filters.item is not None:
        chunks = {"$gt": [{"$ifNull": ["$$each.overflow.chunk_count", 0]}, 0]}
        items = {"$map": {"input": "$$each.attempts", "as": "attempt", "in": "$$attempt.item"}}
        wanted.append({"$or": [{"$in": [{"$literal": filters.item}, items]}, chunks]})
    shown = _at("$$each", light) | {"holder_session_id": "$$each._id"}
    kept = {"$filter": {"input": "$sessions", "as": "each", "cond": {"$and": wanted}}}
    return [
        {"$addFields": {"owners": list(users)}},
        {"$lookup": {"from": "content_sessions", "localField": "owners", "foreignField": "user_id", "as": "sessions"}},
        {"$project": {"rows": {"$concatArrays": ["$rows", {"$map": {"input": kept, "as": "each", "in": shown}}]}}},
    ]


def _at(where: str, value: Any) -> Any:
    """An expression on a document as one on `where`, which holds such a document."""
    if isinstance(value, dict):
        return {key: _at(where, inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_at(where, inner) for inner in value]
    return f"{where}.{value[1:]}" if isinstance(value, str) and value.startswith("$") else value


def order(readable: Readable, filters: LogFilters, *, of_sessions: bool = False) -> list[Stage]:
    """One row: as `rows` what `pipelines.holders` finds, in its order, without the attempts.

    `of_sessions` where there is no row.
    """
    return [*_holders(readable, filters, 1, of_sessions=of_sessions), {"$project": {"_id": 0, "rows": _sorted("_id")}}]


def attempts_in(ids: list[str], filters: LogFilters) -> list[Stage]:
    """The tries, or sessions, with these ids, and of their attempts those that are wanted."""
    return [
        {"$match": {"_id": {"$in": ids}}},
        {"$project": {"overflow": 1, "attempts": pipelines.wanted("$attempts", filters)}},
    ]


def holders_of_page(
    readable: Readable, filters: LogFilters, page: PageRequest, *, of_sessions: bool = False
) -> list[Stage]:
    """As `pipelines.holders_of_page`: their attempts are added up, none is unwound. `of_sessions` where that finds
    none.
    """
    upto = {"$add": ["$$value.total", "$$this.held"]}
    on_page = {
        "$and": [
            {"$gt": ["$$this.held", 0]},
            {"$lt": ["$$value.total", page.skip + page.size]},
            {"$gt": [upto, page.skip]},
        ]
    }
    found = {"$mergeObjects": ["$$this", {"before": "$$value.total"}]}
    added = {
        "$reduce": {
            "input": "$rows",
            "initialValue": {"total": 0, "rows": []},
            "in": {
                "total": upto,
                "rows": {"$cond": [on_page, {"$concatArrays": ["$$value.rows", [found]]}, "$$value.rows"]},
            },
        }
    }
    return [
        *_holders(readable, filters, pipelines.held(filters), of_sessions=of_sessions),
        {"$project": {"rows": _sorted("_id")}},
        {"$project": {"found": added}},
        {"$unwind": "$found.rows"},
        {"$replaceRoot": {"newRoot": {"$mergeObjects": ["$found.rows", {"total": "$found.total"}]}}},
        *pipelines.fetched(filters),
    ]
