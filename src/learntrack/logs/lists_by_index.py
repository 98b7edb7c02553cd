"""The lists along an index, in whose order MongoDB reads: one sort of few fields, and a look-up of what is shown."""

from collections.abc import AsyncIterator

from learntrack.access.may_read import EVERYBODY, Readable
from learntrack.logs.attempt_rows import page_of_attempts, rows_of
from learntrack.logs.filters import LogFilters
from learntrack.logs.pipelines import (
    NEWEST,
    SESSIONS,
    TRIES,
    matching_count,
    may_hold_matching,
    owners_named,
    sessions_matching,
    tries_listed,
    tries_matching,
    try_fields,
    with_attempts,
)
from learntrack.logs.schemas import AttemptLogRow, MasteryLogRow
from learntrack.storage import Database
from learntrack.storage.database import Stage
from learntrack.web.paging import Page, PageRequest, page_of, paged


class ListsByIndex:
    """Lists (see `logs.lists`) for MongoDB and engines that use indexes as it does."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def tries_page(self, readable: Readable, filters: LogFilters, page: PageRequest) -> Page[MasteryLogRow]:
        """A page of tries."""
        stages = paged(TRIES, tries_in_order(readable, filters), [_shown(filters)], page)
        return page_of(await self._db.rows(TRIES, stages), page, MasteryLogRow)

    async def all_tries(self, readable: Readable, filters: LogFilters) -> AsyncIterator[MasteryLogRow]:
        """All tries."""
        async for row in self._db.stream(TRIES, [*tries_in_order(readable, filters), _shown(filters)]):
            yield MasteryLogRow(**row)

    async def attempts_page(self, readable: Readable, filters: LogFilters, page: PageRequest) -> Page[AttemptLogRow]:
        """A page of attempts."""
        owners = owners_named(self._db, readable)
        holders = await self._db.rows(TRIES, holders_of_page(readable, filters, page, owners))
        return await page_of_attempts(self._db, holders, filters, page)

    async def all_attempts(self, readable: Readable, filters: LogFilters) -> AsyncIterator[AttemptLogRow]:
        """All attempts."""
        async for holder in self._db.stream(TRIES, holders(readable, filters, owners_named(self._db, readable))):
            async for row in rows_of(self._db, holder, filters):
                yield row


def _shown(filters: LogFilters) -> Stage:
    return {"$project": {"_id": 0} | try_fields(filters)}


def tries_in_order(readable: Readable, filters: LogFilters) -> list[Stage]:
    """Tries, newest first. Indexes: those of `tries_matching`."""
    return [*tries_listed(readable, filters), {"$sort": NEWEST}]


def holders(readable: Readable, filters: LogFilters, owners: Readable = EVERYBODY) -> list[Stage]:
    """Every holder of matching attempts with those that are embedded in it, newest first; rows as of `with_attempts`.

    Indexes: those of `tries_matching`; owner_attempts, newest_attempts for sessions.
    """
    return [*_holders_in_order(readable, filters), *with_attempts(filters, owners)]


def holders_of_page(
    readable: Readable, filters: LogFilters, page: PageRequest, owners: Readable = EVERYBODY
) -> list[Stage]:
    """The holders whose attempts are on a page, found by adding up how many each has, so that nothing is unwound.

    Rows as of `holders`, and `before` (attempts ahead of this row) and `total` (attempts in all).
    """
    everything = {"documents": ["unbounded", "unbounded"]}
    so_far = {"documents": ["unbounded", "current"]}
    sums = {"upto": {"$sum": "$count", "window": so_far}, "total": {"$sum": "$count", "window": everything}}
    return [
        *_holders_in_order(readable, filters),
        {"$setWindowFields": {"sortBy": NEWEST, "output": sums}},
        {"$addFields": {"before": {"$subtract": ["$upto", "$count"]}}},
        {"$match": {"count": {"$gt": 0}, "upto": {"$gt": page.skip}, "before": {"$lt": page.skip + page.size}}},
        *with_attempts(filters, owners),
    ]


def _holders_in_order(readable: Readable, filters: LogFilters) -> list[Stage]:
    """What orders and counts the holders of matching attempts, newest first, without the attempts."""
    shown = {"end_timestamp": 1, "user_id": 1, "count": matching_count(filters)}
    stages: list[Stage] = [
        *tries_matching(readable, filters),
        may_hold_matching(filters),
        {"$project": shown | {"try_id": "$_id"}},
    ]
    if not filters.of_tries_only:
        sessions = [
            *sessions_matching(readable),
            may_hold_matching(filters),
            {"$project": shown | {"holder_session_id": "$_id"}},
        ]
        stages.append({"$unionWith": {"coll": SESSIONS, "pipeline": sessions}})
    return [*stages, {"$sort": NEWEST}]
