"""The pipelines that order and count what holds attempts, for the embedded engine (see `logs.lists_by_group`).

Where it holds them grouped there is one row: as `rows`, in no order, what orders and counts the holders of matching
attempts, and as `total` how many those are. No row at all where nothing matches.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from learntrack.access.may_read import Readable
from learntrack.logs.filters import LogFilters
from learntrack.logs.newest_of_facility import NewestPart
from learntrack.logs.pipelines import (
    SESSIONS,
    matching_count,
    may_hold_matching,
    sessions_holding,
    tries_matching,
    with_attempts,
)
from learntrack.storage.database import Row, Stage
from learntrack.web.paging import PageRequest

MORE_HOLDERS = 20
"""So many more holders are looked at than a page has attempts, as some may hold none that match."""


def newest_first(key: str) -> dict[str, Any]:
    """The `rows` in the order of the lists; `key` is the field of their ids."""
    return {"$sortArray": {"input": "$rows", "sortBy": {"end_timestamp": -1, key: 1}}}


def holders_of_few_on_page(readable: Readable, filters: LogFilters, page: PageRequest) -> list[Stage]:
    """The holders of few learners whose attempts are on a page, with them. No row where no try matches.

    Rows as of `with_attempts`, with `before` (attempts ahead of this row) and `total` (attempts in all).
    """
    return [*tries_beside_sessions(readable, filters), *_with_those_on_page(filters, page)]


def sessions_on_page(readable: Readable, filters: LogFilters, page: PageRequest) -> list[Stage]:
    """As `holders_of_few_on_page`, of sessions alone; a pipeline on content_sessions."""
    row = _ordering_sessions(filters) | {"user_id": "$user_id"}
    grouped = [*sessions_holding(readable, filters), _grouped(row, filters)]
    return [*grouped, *_with_those_on_page(filters, page)]


def _with_those_on_page(filters: LogFilters, page: PageRequest) -> list[Stage]:
    return [
        *holders_on_page(page, None),
        {"$unwind": "$rows"},
        {"$replaceRoot": {"newRoot": {"$mergeObjects": ["$rows", {"total": "$seen"}]}}},
        *with_attempts(filters),
    ]


def of_newest(newest: NewestPart, readable: Readable, filters: LogFilters) -> list[Stage]:
    """The grouped holders of the newest part of a facility's logs."""
    tries = [newest.stage(), *grouped_tries(readable, filters)]
    sessions = sessions_holding(readable, filters, newest.end_timestamp)
    return both(tries, [*sessions, _grouped(_ordering_sessions(filters), filters)])


def grouped_tries(readable: Readable, filters: LogFilters, row: Mapping[str, Any] | None = None) -> list[Stage]:
    """The tries alone. By item those that hold none are left out here; to ask of each takes a quarter of the time."""
    return [*tries_matching(readable, filters), *_by_item(filters), _grouped(row or _ordering(filters), filters)]


def grouped_sessions(readable: Readable, filters: LogFilters, most: int | None = None) -> list[Stage]:
    """The sessions alone, so many of them at the most; a pipeline on content_sessions."""
    limit: list[Stage] = [] if most is None else [{"$limit": most}]
    return [*sessions_holding(readable, filters), *limit, _grouped(_ordering_sessions(filters), filters)]


def _by_item(filters: LogFilters) -> list[Stage]:
    return [] if filters.item is None else [may_hold_matching(filters)]


def _grouped(row: Mapping[str, Any], filters: LogFilters) -> Stage:
    return {"$group": {"_id": None, "total": {"$sum": matching_count(filters)}, "rows": {"$push": row}}}


def beside(sessions: Sequence[Row]) -> Stage:
    """Sessions that have been found, added to the row of tries."""
    many = sum(session["count"] for session in sessions)
    # As literals: what somebody has stored is no expression.
    rows = {"$concatArrays": ["$rows", [{"$literal": session} for session in sessions]]}
    return {"$project": {"total": {"$add": ["$total", many]}, "rows": rows}}


def both(tries: list[Stage], sessions: list[Stage]) -> list[Stage]:
    """The rows of tries, and those of sessions by a union."""
    # Not unwound: each unwound row would carry a copy of the whole list for a moment.
    rows = {"$concatArrays": [{"$arrayElemAt": ["$both", 0]}, {"$ifNull": [{"$arrayElemAt": ["$both", 1]}, []]}]}
    return [
        *tries,
        {"$unionWith": {"coll": SESSIONS, "pipeline": sessions}},
        {"$group": {"_id": None, "total": {"$sum": "$total"}, "both": {"$push": "$rows"}}},
        {"$project": {"total": 1, "rows": rows}},
    ]


def tries_beside_sessions(readable: Readable, filters: LogFilters) -> list[Stage]:
    """Both, by a look-up of the sessions of few learners: a `$lookup` on one field uses its index (owner_start_id).

    `total` is left to `holders_on_page`.
    """
    if filters.of_tries_only:
        return grouped_tries(readable, filters, _ordering_tries(filters))
    owner = {"user_id": "$$session.user_id", "holder_session_id": "$$session._id"}
    row = _ordering(filters, "$$session.") | owner
    holding = {"$filter": {"input": "$sessions", "as": "session", "cond": {"$and": _session_conditions(filters)}}}
    rows = {"$concatArrays": ["$rows", {"$map": {"input": holding, "as": "session", "in": row}}]}
    return [
        *grouped_tries(readable, filters, _ordering_tries(filters)),
        {"$addFields": {"owners": list(readable.users or ())}},
        {"$lookup": {"from": SESSIONS, "localField": "owners", "foreignField": "user_id", "as": "sessions"}},
        {"$project": {"rows": rows}},
    ]


def _session_conditions(filters: LogFilters) -> list[dict[str, Any]]:
    """`may_hold_matching` as conditions on the variable `session`, for `$and`."""
    conditions: list[dict[str, Any]] = [{"$gt": ["$$session.attempt_count", 0]}]
    if filters.item is not None:
        has_chunks = {"$gt": [{"$ifNull": ["$$session.overflow.chunk_count", 0]}, 0]}
        items = {"$map": {"input": "$$session.attempts", "as": "attempt", "in": "$$attempt.item"}}
        conditions.append({"$or": [{"$in": [{"$literal": filters.item}, items]}, has_chunks]})
    return conditions


def _ordering(filters: LogFilters, holder: str = "$") -> dict[str, Any]:
    """What orders and counts a holder; `holder` as of `matching_count`."""
    fields = {name: f"{holder}{name}" for name in ("_id", "end_timestamp")}
    return fields | {"count": matching_count(filters, holder)}


def _ordering_tries(filters: LogFilters) -> dict[str, Any]:
    """A try, with what `with_attempts` looks it up by."""
    return _ordering(filters) | {"user_id": "$user_id", "try_id": "$_id"}


def _ordering_sessions(filters: LogFilters) -> dict[str, Any]:
    return _ordering(filters) | {"holder_session_id": "$_id"}


def holders_on_page(page: PageRequest, first: int | None) -> list[Stage]:
    """Of the one row of holders those whose attempts are on a page, newest first, as `rows`: their counts are added up
    in order, so each says how many attempts are `before` it. `total` as of them all, `seen` of those looked at: so
    many of the first, or all.
    """
    upto = {"$add": ["$$value.seen", "$$this.count"]}
    on_page = {
        "$and": [  # what most holders fail comes first: they are behind the page
            {"$lt": ["$$value.seen", page.skip + page.size]},
            {"$gt": [upto, page.skip]},
            {"$gt": ["$$this.count", 0]},
        ]
    }
    holder = {"$mergeObjects": ["$$this", {"before": "$$value.seen"}]}
    rows = {"$cond": [on_page, {"$concatArrays": ["$$value.rows", [holder]]}, "$$value.rows"]}
    in_order = newest_first("_id") if first is None else {"$slice": [newest_first("_id"), first]}
    added_up = {
        "$reduce": {"input": "$rows", "initialValue": {"seen": 0, "rows": []}, "in": {"seen": upto, "rows": rows}}
    }
    return [
        {"$project": {"total": 1, "rows": in_order}},
        {"$project": {"total": 1, "page": added_up}},
        {"$project": {"_id": 0, "total": 1, "seen": "$page.seen", "rows": "$page.rows"}},
    ]
