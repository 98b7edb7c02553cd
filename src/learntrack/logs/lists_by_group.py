"""The lists by grouping, for an engine that uses no index within `$unionWith` and sorts whole documents (the embedded
one).

There a `$group` that pushes the few fields which are shown or which order and count the rows is many times faster than
sorting: what is grouped reads only those fields, not the attempts.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from learntrack.access.may_read import Readable
from learntrack.logs import differences_by_find
from learntrack.logs.attempt_rows import page_of_attempts, rows_of_all, with_their_attempts
from learntrack.logs.filters import LogFilters
from learntrack.logs.holders_by_group import (
    MORE_HOLDERS,
    beside,
    both,
    grouped_sessions,
    grouped_tries,
    holders_of_few_on_page,
    holders_on_page,
    newest_first,
    of_newest,
    sessions_on_page,
    tries_beside_sessions,
)
from learntrack.logs.newest_of_facility import count_attempts, count_tries, newest_part
from learntrack.logs.pipelines import SESSIONS, TRIES, shown_tries, tries_listed, try_fields, try_projection
from learntrack.logs.schemas import AttemptLogRow, MasteryLogRow
from learntrack.storage import Database
from learntrack.storage.database import Row, Stage
from learntrack.web.paging import Page, PageRequest, page_with

Grouped = tuple[str, list[Stage]]
"""A way to ask for holders, grouped: the collection that is asked, and how."""

_ASKED_APART = 200
"""Of so many learners, or fewer, the sessions are asked for apart: of more they are most of all that there are."""
_MOST_SESSIONS = 2000
"""So many sessions are asked beforehand, and sent along; where more hold attempts, the union finds them."""
_SEVERAL = 10
"""So many learners have so many tries that to ask twice, for little and then for the page's, is cheaper."""
_SMALL_PAGE = 200
"""Of so many tries the fields that are shown are read as fast by their keys as those of all."""


class ListsByGroup:
    """Lists (see `logs.lists`) for the embedded engine."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def tries_page(self, readable: Readable, filters: LogFilters, page: PageRequest) -> Page[MasteryLogRow]:
        """A page of tries."""
        newest = await newest_part(self._db, readable, filters, page)
        if newest is not None:
            rows, reached = await self._tries_of([newest.stage()], readable, filters, page)
            if reached >= page.skip + page.size:
                return page_with(rows, await count_tries(self._db, newest.facility_id), page)
        rows, count = await self._tries_of([], readable, filters, page)
        return page_with(rows, count, page)

    async def _tries_of(
        self, part: list[Stage], readable: Readable, filters: LogFilters, page: PageRequest
    ) -> tuple[list[MasteryLogRow], int]:
        """The tries of a page of those in a part of all, and how many these are."""
        if _is_of_many(readable, filters, page):
            found = await self._tries_of_many(part, readable, filters, page)
            if found is not None:
                return found
        grouped = await self._db.rows(TRIES, [*part, *tries_on_page(readable, filters, page)])
        return ([MasteryLogRow(**row) for row in grouped[0]["rows"]], grouped[0]["count"]) if grouped else ([], 0)

    async def _tries_of_many(
        self, part: list[Stage], readable: Readable, filters: LogFilters, page: PageRequest
    ) -> tuple[list[MasteryLogRow], int] | None:
        """The same by two questions, which spare the fields of those that are not on the page; None where some of the
        page's have gone between the two: others have their places.
        """
        grouped = await self._db.rows(TRIES, [*part, *order_of_tries_on_page(readable, filters, page)])
        keys = [row["id"] for row in grouped[0]["rows"]] if grouped else []
        if not keys:
            return [], sum(row["count"] for row in grouped)
        # By a find: an aggregation takes this engine seven times as long.
        found = await self._db.find(TRIES, {"_id": {"$in": keys}}, try_projection(filters), in_turn=True)
        rows = [MasteryLogRow(**row) for row in shown_tries(found, filters)]
        # As they are now: a class at work ends and completes tries between the two questions.
        rows = [row for row in rows if filters.complete in (None, row.complete)]
        if len(rows) < len(keys):
            return None
        rows.sort(key=lambda row: row.id)
        rows.sort(key=lambda row: row.end_timestamp, reverse=True)
        return rows, grouped[0]["count"]

    async def all_tries(self, readable: Readable, filters: LogFilters) -> AsyncIterator[MasteryLogRow]:
        """All tries."""
        for grouped in await self._db.rows(TRIES, all_tries(readable, filters)):
            for row in grouped["rows"]:
                yield MasteryLogRow(**row)

    async def attempts_page(self, readable: Readable, filters: LogFilters, page: PageRequest) -> Page[AttemptLogRow]:
        """A page of attempts."""
        if not _are_several(readable):
            return await self._attempts_of_few(readable, filters, page)
        some_count = filters.complete is not None
        newest = await newest_part(self._db, readable, filters, page)
        if newest is not None:
            ways = [(TRIES, of_newest(newest, readable, filters))]
            total, rows = await self._total_and_holders(ways, page, some_count=some_count)
            if total >= page.skip + page.size:
                return await self._page_from(rows, await count_attempts(self._db, newest.facility_id), filters, page)
        total, rows = await self._total_and_holders(await self._holders(readable, filters), page, some_count=some_count)
        return await self._page_from(rows, total, filters, page)

    async def _attempts_of_few(self, readable: Readable, filters: LogFilters, page: PageRequest) -> Page[AttemptLogRow]:
        """All in one question, as a question more would take longer than it spares."""
        rows = await self._db.rows(TRIES, holders_of_few_on_page(readable, filters, page))
        if not rows and not filters.of_tries_only:
            rows = await self._db.rows(SESSIONS, sessions_on_page(readable, filters, page))
        return await page_of_attempts(self._db, rows, filters, page)

    async def _total_and_holders(
        self, ways: Sequence[Grouped], page: PageRequest, *, some_count: bool
    ) -> tuple[int, list[Row]]:
        """How many attempts the holders have, and those of them whose attempts are on a page.

        The first holders are looked at, and all where these hold too few, as often where only some attempts count.
        """
        last = page.skip + page.size
        row: Row = {"total": 0, "seen": 0, "rows": []}
        for first in (None,) if some_count else (last + MORE_HOLDERS, None):
            row = await self._one_row(ways, holders_on_page(page, first)) or row
            if row["seen"] >= min(row["total"], last):
                break
        return row["total"], row["rows"]

    async def _one_row(self, ways: Sequence[Grouped], stages: Sequence[Stage]) -> Row | None:
        """What these stages make of the holders, grouped the first way that finds any."""
        for collection, grouped in ways:
            if rows := await self._db.rows(collection, [*grouped, *stages]):
                return rows[0]
        return None

    async def _page_from(
        self, holders: Sequence[Row], total: int, filters: LogFilters, page: PageRequest
    ) -> Page[AttemptLogRow]:
        if not holders:
            return page_with([], total, page)
        rows = [_told(holder) | {"total": total} for holder in holders]
        return await page_of_attempts(self._db, await with_their_attempts(self._db, rows, filters), filters, page)

    async def all_attempts(self, readable: Readable, filters: LogFilters) -> AsyncIterator[AttemptLogRow]:
        """All attempts: the order of their holders first, then the attempts of a part of them at a time."""
        in_order: Stage = {"$project": {"_id": 0, "rows": newest_first("_id")}}
        grouped = await self._one_row(await self._holders(readable, filters), [in_order])
        holders: list[Row] = [row for row in grouped["rows"] if row["count"] > 0] if grouped else []
        async for row in rows_of_all(self._db, _one_by_one(holders), filters):
            yield row

    async def diff(self, readable: Readable, filters: LogFilters, index: int) -> list[Row]:
        """The difference between two tries."""
        return await differences_by_find.diff(self._db, readable, filters, index)

    async def _holders(self, readable: Readable, filters: LogFilters) -> list[Grouped]:
        """The tries that hold matching attempts, and the sessions too where a filter does not ask for tries only.

        Few sessions hold any, so those of a class are asked for first: beside its tries, within one question, that
        takes the engine as long as the tries.
        """
        tries = grouped_tries(readable, filters)
        if filters.of_tries_only:
            return [(TRIES, tries)]
        sessions = grouped_sessions(readable, filters)
        if not _are_several(readable):
            return [(TRIES, tries_beside_sessions(readable, filters)), (SESSIONS, sessions)]
        if readable.users is not None and len(readable.users) <= _ASKED_APART:
            some = await self._db.rows(SESSIONS, grouped_sessions(readable, filters, _MOST_SESSIONS + 1))
            found: list[Row] = some[0]["rows"] if some else []
            if not found:
                return [(TRIES, tries)]
            if len(found) <= _MOST_SESSIONS:
                return [(TRIES, [*tries, beside(found)]), (SESSIONS, sessions)]
        return [(TRIES, both(tries, sessions))]


async def _one_by_one(holders: list[Row]) -> AsyncIterator[Row]:
    """These, each let go when its turn has come."""
    holders.reverse()
    while holders:
        yield _told(holders.pop())


def _told(holder: Row) -> Row:
    """A holder by what it is: grouped, a try is told by nothing, for there are many."""
    return holder if "holder_session_id" in holder else holder | {"try_id": holder["_id"]}


def _are_several(readable: Readable) -> bool:
    return readable.users is None or len(readable.users) >= _SEVERAL


def _is_of_many(readable: Readable, filters: LogFilters, page: PageRequest) -> bool:
    """Whether these tries are likely to be many more than the page has."""
    of_all = filters.content is None and filters.masterylog is None
    return of_all and page.size <= _SMALL_PAGE and _are_several(readable)


def order_of_tries_on_page(readable: Readable, filters: LogFilters, page: PageRequest) -> list[Stage]:
    """As `tries_on_page`, but that of each try there is `id` and `end_timestamp` alone: to group a field of a try more
    takes the engine 2 µs. Indexes: owner_end, owner_content, content.
    """
    row = {"id": "$_id", "end_timestamp": "$end_timestamp"}
    return [*tries_listed(readable, filters), *_counted_rows(row), _rows_on_page(page)]


def tries_on_page(readable: Readable, filters: LogFilters, page: PageRequest) -> list[Stage]:
    """One row: `count`, and as `rows` those of the page. No row at all: nothing matches.

    Indexes: owner_end, owner_content, content.
    """
    return [*tries_listed(readable, filters), *_counted_rows(try_fields(filters)), _rows_on_page(page)]


def all_tries(readable: Readable, filters: LogFilters) -> list[Stage]:
    """One row: as `rows` the tries, newest first. No row at all: nothing matches."""
    in_order: Stage = {"$project": {"_id": 0, "rows": newest_first("id")}}
    return [*tries_listed(readable, filters), *_counted_rows(try_fields(filters)), in_order]


def _counted_rows(row: Mapping[str, Any]) -> list[Stage]:
    return [{"$group": {"_id": None, "count": {"$sum": 1}, "rows": {"$push": row}}}]


def _rows_on_page(page: PageRequest) -> Stage:
    return {"$project": {"_id": 0, "count": 1, "rows": {"$slice": [newest_first("id"), page.skip, page.size]}}}
