"""The lists by grouping, for an engine that uses no index within `$unionWith` and sorts whole documents (the embedded
one).

There a `$group` that pushes the few fields which are shown or which order and count the rows is many times faster than
sorting: what is grouped reads only those fields, not the attempts.
"""

from collections.abc import AsyncIterator
from typing import Any

from learntrack.access.may_read import Readable
from learntrack.logs.attempt_rows import page_of_attempts, rows_of_all
from learntrack.logs.filters import LogFilters
from learntrack.logs.newest_of_facility import NewestPart, count_attempts, count_tries, newest_part
from learntrack.logs.pipelines import (
    SESSIONS,
    TRIES,
    matching_count,
    may_hold_matching,
    sessions_matching,
    tries_listed,
    tries_matching,
    try_fields,
    with_attempts,
)
from learntrack.logs.schemas import AttemptLogRow, MasteryLogRow
from learntrack.storage import Database
from learntrack.storage.database import Row, Stage
from learntrack.web.paging import Page, PageRequest, page_with

_MANY = 200
"""From so many learners on a look-up of their sessions costs more than reading all sessions."""


class ListsByGroup:
    """Lists (see `logs.lists`) for the embedded engine."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def tries_page(self, readable: Readable, filters: LogFilters, page: PageRequest) -> Page[MasteryLogRow]:
        """A page of tries."""
        newest = await newest_part(self._db, readable, filters, page)
        if newest is not None:
            grouped = await self._db.rows(TRIES, [newest.stage(), *tries_page(readable, filters, page)])
            if grouped and grouped[0]["count"] >= page.skip + page.size:
                count = await count_tries(self._db, newest.facility_id)
                return page_with([MasteryLogRow(**row) for row in grouped[0]["rows"]], count, page)
        grouped = await self._db.rows(TRIES, tries_page(readable, filters, page))
        if not grouped:
            return page_with([], 0, page)
        return page_with([MasteryLogRow(**row) for row in grouped[0]["rows"]], grouped[0]["count"], page)

    async def all_tries(self, readable: Readable, filters: LogFilters) -> AsyncIterator[MasteryLogRow]:
        """All tries."""
        for grouped in await self._db.rows(TRIES, all_tries(readable, filters)):
            for row in grouped["rows"]:
                yield MasteryLogRow(**row)

    async def attempts_page(self, readable: Readable, filters: LogFilters, page: PageRequest) -> Page[AttemptLogRow]:
        """A page of attempts."""
        newest = await newest_part(self._db, readable, filters, page)
        if newest is not None:
            holders = await self._db.rows(TRIES, holders_of_newest(newest, readable, filters, page))
            if holders and holders[0]["total"] >= page.skip + page.size:
                total = await count_attempts(self._db, newest.facility_id)
                return await page_of_attempts(self._db, [row | {"total": total} for row in holders], filters, page)
        holders = await self._db.rows(TRIES, holders_of_page(readable, filters, page))
        if not holders and not filters.of_tries_only:
            sessions_of_page = [*_grouped_sessions(readable, filters), *_only_of_page(filters, page)]
            holders = await self._db.rows(SESSIONS, sessions_of_page)
        return await page_of_attempts(self._db, holders, filters, page)

    async def all_attempts(self, readable: Readable, filters: LogFilters) -> AsyncIterator[AttemptLogRow]:
        """All attempts: the order of their holders first, then the attempts of a part of them at a time."""
        in_order: Stage = {"$project": {"_id": 0, "rows": _newest_first("_id")}}
        grouped = await self._db.rows(TRIES, [*_grouped_holders(readable, filters), in_order])
        if not grouped and not filters.of_tries_only:
            grouped = await self._db.rows(SESSIONS, [*_grouped_sessions(readable, filters), in_order])
        holders: list[Row] = grouped[0]["rows"] if grouped else []
        async for row in rows_of_all(self._db, _one_by_one(holders), filters):
            yield row


async def _one_by_one(holders: list[Row]) -> AsyncIterator[Row]:
    """These, each let go when its turn has come."""
    holders.reverse()
    while holders:
        yield holders.pop()


def tries_page(readable: Readable, filters: LogFilters, page: PageRequest) -> list[Stage]:
    """One row: `count`, and as `rows` those of the page. No row at all: nothing matches.

    Indexes: owner_end, owner_content, content.
    """
    rows = {"$slice": [_newest_first("id"), page.skip, page.size]}
    return [*_grouped_tries(readable, filters), {"$project": {"_id": 0, "count": 1, "rows": rows}}]


def all_tries(readable: Readable, filters: LogFilters) -> list[Stage]:
    """One row: as `rows` the tries, newest first. No row at all: nothing matches."""
    return [*_grouped_tries(readable, filters), {"$project": {"_id": 0, "rows": _newest_first("id")}}]


def _grouped_tries(readable: Readable, filters: LogFilters) -> list[Stage]:
    rows = {"_id": None, "count": {"$sum": 1}, "rows": {"$push": try_fields(filters)}}
    return [*tries_listed(readable, filters), {"$group": rows}]


def _newest_first(key: str) -> dict[str, Any]:
    return {"$sortArray": {"input": "$rows", "sortBy": {"end_timestamp": -1, key: 1}}}


def holders_of_page(readable: Readable, filters: LogFilters, page: PageRequest) -> list[Stage]:
    """The holders whose attempts are on a page. No row where no try matches."""
    return [*_grouped_holders(readable, filters), *_only_of_page(filters, page)]


def holders_of_newest(newest: NewestPart, readable: Readable, filters: LogFilters, page: PageRequest) -> list[Stage]:
    """As `holders_of_page`, of the newest part of a facility's logs; `total` is of that part."""
    tries = [newest.stage(), *_grouped_holding_tries(readable, filters)]
    # Few sessions hold attempts: whose they are is asked last.
    ended: Stage = {"$match": {"end_timestamp": newest.end_timestamp}}
    sessions = [may_hold_matching(filters), ended, *_grouped_sessions(readable, filters)]
    return [*_both(tries, sessions), *_only_of_page(filters, page)]


# What holds attempts: one row, as `rows`, in no order, what orders and counts the holders of matching attempts. No row
# at all where no try matches: then the sessions are asked by themselves.


def _grouped_holders(readable: Readable, filters: LogFilters) -> list[Stage]:
    """The tries that hold matching attempts, and the sessions too where a filter does not ask for tries only."""
    if filters.of_tries_only:
        return _grouped_holding_tries(readable, filters)
    if readable.users is None or len(readable.users) > _MANY:
        return _tries_beside_all_sessions(readable, filters)
    return _tries_beside_looked_up_sessions(readable, filters)


def _grouped_holding_tries(readable: Readable, filters: LogFilters) -> list[Stage]:
    """The tries alone."""
    row = _ordering("$", filters) | {"try_id": "$_id"}
    grouped = {"$group": {"_id": None, "rows": {"$push": row}}}
    return [*tries_matching(readable, filters), may_hold_matching(filters), grouped]


def _grouped_sessions(readable: Readable, filters: LogFilters) -> list[Stage]:
    """The sessions alone; a pipeline on content_sessions."""
    row = _ordering("$", filters) | {"holder_session_id": "$_id"}
    grouped = {"$group": {"_id": None, "rows": {"$push": row}}}
    return [*sessions_matching(readable), may_hold_matching(filters), grouped]


def _tries_beside_all_sessions(readable: Readable, filters: LogFilters) -> list[Stage]:
    """Both, by a union that reads all sessions: of many learners nearly all of them are read anyway."""
    return _both(_grouped_holding_tries(readable, filters), _grouped_sessions(readable, filters))


def _both(tries: list[Stage], sessions: list[Stage]) -> list[Stage]:
    """The rows of tries, and those of sessions by a union."""
    # Not unwound: each unwound row would carry a copy of the whole list for a moment.
    both = {"$concatArrays": [{"$arrayElemAt": ["$both", 0]}, {"$ifNull": [{"$arrayElemAt": ["$both", 1]}, []]}]}
    return [
        *tries,
        {"$unionWith": {"coll": SESSIONS, "pipeline": sessions}},
        {"$group": {"_id": None, "both": {"$push": "$rows"}}},
        {"$project": {"rows": both}},
    ]


def _tries_beside_looked_up_sessions(readable: Readable, filters: LogFilters) -> list[Stage]:
    """Both, by a look-up of the sessions of few learners: a `$lookup` on one field uses its index (owner_start_id)."""
    row = _ordering("$$session.", filters) | {"holder_session_id": "$$session._id"}
    holding = {"$filter": {"input": "$sessions", "as": "session", "cond": {"$and": _session_conditions(filters)}}}
    rows = {"$concatArrays": ["$rows", {"$map": {"input": holding, "as": "session", "in": row}}]}
    return [
        *_grouped_holding_tries(readable, filters),
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


def _ordering(holder: str, filters: LogFilters) -> dict[str, Any]:
    """What orders and counts a holder; `holder` as of `matching_count`."""
    fields = {name: f"{holder}{name}" for name in ("_id", "user_id", "end_timestamp")}
    return fields | {"count": matching_count(filters, holder)}


def _only_of_page(filters: LogFilters, page: PageRequest) -> list[Stage]:
    """Of the one row of holders those whose attempts are on a page, with them: their counts are added up in order.

    Rows as of `with_attempts`, with `before` (attempts ahead of this row) and `total` (attempts in all).
    """
    upto = {"$add": ["$$value.total", "$$this.count"]}
    on_page = {
        "$and": [  # what most holders fail comes first: they are behind the page
            {"$lt": ["$$value.total", page.skip + page.size]},
            {"$gt": [upto, page.skip]},
            {"$gt": ["$$this.count", 0]},
        ]
    }
    holder = {"$mergeObjects": ["$$this", {"before": "$$value.total"}]}
    rows = {"$cond": [on_page, {"$concatArrays": ["$$value.rows", [holder]]}, "$$value.rows"]}
    added_up = {
        "$reduce": {"input": "$rows", "initialValue": {"total": 0, "rows": []}, "in": {"total": upto, "rows": rows}}
    }
    return [
        {"$project": {"rows": _newest_first("_id")}},
        {"$project": {"page": added_up}},
        {"$unwind": "$page.rows"},
        {"$replaceRoot": {"newRoot": {"$mergeObjects": ["$page.rows", {"total": "$page.total"}]}}},
        *with_attempts(filters),
    ]
