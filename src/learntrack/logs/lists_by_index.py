"""The lists along an index, in whose order MongoDB reads, as far as what is shown."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from functools import reduce
from typing import Any, get_args

from learntrack.access.may_read import Readable, owners_named
from learntrack.documents import ContentSummary
from learntrack.domain.mastery import TryKind
from learntrack.logs import differences
from learntrack.logs.attempt_rows import page_of_attempts, rows_of_all, with_their_attempts
from learntrack.logs.filters import LogFilters
from learntrack.logs.pipelines import (
    NEWEST,
    SESSIONS,
    TRIES,
    matching_count,
    may_hold_matching,
    sessions_holding,
    sessions_matching,
    tries_listed,
    tries_matching,
    try_fields,
)
from learntrack.logs.schemas import AttemptLogRow, MasteryLogRow
from learntrack.storage import Database
from learntrack.storage.database import Row, Stage
from learntrack.web.paging import Page, PageRequest, page_of, page_with, paged


class ListsByIndex:
    """Lists (see `logs.lists`) for MongoDB and engines that use indexes as it does."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def tries_page(self, readable: Readable, filters: LogFilters, page: PageRequest) -> Page[MasteryLogRow]:
        """A page of tries."""
        counted = tries_counted(readable, filters)
        stages = paged(TRIES, tries_in_order(readable, filters), [_shown(filters)], page, counted=counted)
        return page_of(await self._db.rows(TRIES, stages), page, MasteryLogRow)

    async def all_tries(self, readable: Readable, filters: LogFilters) -> AsyncIterator[MasteryLogRow]:
        """All tries."""
        async for row in self._db.stream(TRIES, [*tries_in_order(readable, filters), _shown(filters)]):
            yield MasteryLogRow(**row)

    async def attempts_page(self, readable: Readable, filters: LogFilters, page: PageRequest) -> Page[AttemptLogRow]:
        """A page of attempts: what holds them is walked as far as the page, by how many each holds."""
        total = await self._how_many(readable, filters)
        before, of_page = 0, list[Row]()
        if page.skip < total:
            async with aclosing(self._holders(readable, filters)) as holders:
                async for holder in holders:
                    if before + holder["count"] > page.skip:
                        of_page.append(holder | {"before": before, "total": total})
                    before += holder["count"]
                    if before >= page.skip + page.size:
                        break
        if not of_page:
            return page_with([], total, page)
        return await page_of_attempts(self._db, await with_their_attempts(self._db, of_page, filters), filters, page)

    async def all_attempts(self, readable: Readable, filters: LogFilters) -> AsyncIterator[AttemptLogRow]:
        """All attempts: those of a part of the holders at a time."""
        async with aclosing(self._holders(readable, filters)) as holders:
            async for row in rows_of_all(self._db, holders, filters):
                yield row

    async def diff(self, readable: Readable, filters: LogFilters, index: int) -> list[Row]:
        """The difference between two tries."""
        return await self._db.rows(TRIES, differences.diff(readable, filters, index, owners_named(self._db, readable)))

    def _holders(self, readable: Readable, filters: LogFilters) -> AsyncGenerator[Row, None]:
        """What holds matching attempts, newest first: `_id, user_id, end_timestamp, count, try_id | holder_session_id`.

        Tries and sessions are asked apart, each in the order of its index, and merged here: a sort of both together
        would read all of both first.
        """
        streams = [self._db.stream(TRIES, holding_tries(readable, filters))]
        if not filters.of_tries_only:
            streams.append(self._db.stream(SESSIONS, holding_sessions(readable, filters)))
        return merged(streams)

    async def _how_many(self, readable: Readable, filters: LogFilters) -> int:
        """How many attempts match. Those in tries are counted by summaries, where these can tell them apart."""
        of_some_tries = (filters.complete, filters.masterylog, filters.mastery_level, filters.quiz)
        if of_some_tries == (None, None, None, None):
            found = await self._db.rows(ContentSummary, counted_by_summaries(readable, filters))
        else:
            found = await self._db.rows(TRIES, _summed(holding_tries(readable, filters)))
        if not filters.of_tries_only:
            found += await self._db.rows(SESSIONS, _summed(holding_sessions(readable, filters)))
        return sum(row["count"] for row in found)


_SUM: Stage = {"$group": {"_id": None, "count": {"$sum": "$count"}}}


def _shown(filters: LogFilters) -> Stage:
    return {"$project": {"_id": 0} | try_fields(filters)}


def _of_facility(readable: Readable) -> list[Stage]:
    """Narrow to the facility, where its learners are too many to be asked for one by one. Index: facility_end.

    Of so many MongoDB does not merge the parts of an index that begins with them: a facility has its own.
    """
    return [] if readable.narrows_to is None else [{"$match": {"facility_id": readable.narrows_to}}]


def tries_in_order(readable: Readable, filters: LogFilters) -> list[Stage]:
    """Tries, newest first. Indexes: those of `tries_matching`, facility_end."""
    return [*_of_facility(readable), *tries_listed(readable, filters), {"$sort": NEWEST}]


def tries_counted(readable: Readable, filters: LogFilters) -> list[Stage]:
    """As many rows as `tries_in_order` has, for who only counts them.

    Indexes: those of `tries_matching`, without the facility's, which has nothing of whose a try is; so keys alone are
    counted, also where a cluster asks each whether it belongs to the shard: no try is read unless another of its fields
    is asked for.
    """
    matching = tries_listed(readable, filters)
    return matching or [{"$match": {"user_id": {"$gte": ""}}}]


def holding_tries(readable: Readable, filters: LogFilters) -> list[Stage]:
    """Tries that hold matching attempts, newest first: what orders and counts them.

    Indexes: those of `tries_matching`, facility_end.
    """
    matching = [*_of_facility(readable), *tries_matching(readable, filters), may_hold_matching(filters)]
    return [*matching, {"$sort": NEWEST}, {"$project": _ordering(filters) | {"try_id": "$_id"}}]


def holding_sessions(readable: Readable, filters: LogFilters) -> list[Stage]:
    """Sessions that hold matching attempts, newest first. Indexes: owner_attempts, newest_attempts."""
    order: Stage = {"$project": _ordering(filters) | {"holder_session_id": "$_id"}}
    return [*sessions_holding(readable, filters), {"$sort": NEWEST}, order]


def counted_by_summaries(readable: Readable, filters: LogFilters) -> list[Stage]:
    """One row, `count`: the attempts in these tries that have not faded, of which each summary knows.

    Indexes: owner_progress, content.
    """
    kinds = [{"$ifNull": [f"$of_tries.{kind}.attempts", 0]} for kind in get_args(TryKind)]
    content: list[Stage] = [] if filters.content is None else [{"$match": {"content_id": filters.content}}]
    counted: Stage = {"$project": {"count": {"$subtract": [{"$add": kinds}, {"$ifNull": ["$faded_attempts", 0]}]}}}
    return [*_of_facility(readable), *sessions_matching(readable), *content, counted, _SUM]


def _summed(holding: Sequence[Stage]) -> list[Stage]:
    """One row, `count`: the attempts that all of these hold."""
    return [*(stage for stage in holding if "$sort" not in stage), _SUM]


def _ordering(filters: LogFilters) -> dict[str, Any]:
    """What orders and counts a holder."""
    return {"end_timestamp": 1, "user_id": 1, "count": matching_count(filters)}


async def merged(streams: Sequence[AsyncIterator[Row]]) -> AsyncGenerator[Row, None]:
    """The rows of streams that are each in the order of `NEWEST`, in that order; those that hold nothing left out."""
    heads = [await anext(stream, None) for stream in streams]
    while rows := [row for row in heads if row is not None]:
        first = reduce(_newer, rows)
        number = heads.index(first)
        heads[number] = await anext(streams[number], None)
        if first["count"] > 0:
            yield first


def _newer(one: Row, other: Row) -> Row:
    """Which of two rows comes first in the order of `NEWEST`."""
    return other if (other["end_timestamp"], one["_id"]) > (one["end_timestamp"], other["_id"]) else one
