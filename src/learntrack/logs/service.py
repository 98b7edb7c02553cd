"""Answering questions about what was recorded, limited to what the caller may read."""

from collections.abc import AsyncIterator
from typing import Any

from learntrack.access.actor import Actor
from learntrack.access.may_read import Readable, readable
from learntrack.domain.ids import is_id, parse_id
from learntrack.errors import Forbidden, InvalidFields, NotFound
from learntrack.logs import lists_by_group as gathered
from learntrack.logs import pipelines
from learntrack.logs.attempt_rows import attempt_row, rows_between, rows_of
from learntrack.logs.filters import LogFilters
from learntrack.storage import Database
from learntrack.storage.database import Row
from learntrack.web.paging import Page, PageRequest, page_of, page_with, paged

_NO_TRY = "There is no such try."
_PART = 200


class Logs:
    """The read path.

    Args:
        db: Where everything is stored.

    """

    def __init__(self, db: Database) -> None:
        self._db = db

    async def total(self, user_id: str, *, by: Actor) -> Row:
        """How much the caller has finished.

        Raises:
            Forbidden: it is somebody else's total.

        """
        if by.user_id is None or not is_id(user_id) or parse_id(user_id) != by.user_id:
            raise Forbidden("You may only ask for your own progress.")
        found = await self._db.rows("content_summaries", pipelines.total(by.user_id))
        return {"id": by.user_id, "progress": found[0]["progress"] if found else 0}

    async def tries(self, filters: LogFilters, page: PageRequest | None, *, by: Actor) -> Page | AsyncIterator[Row]:
        """Tries, newest first: a page, or all of them as a stream.

        Raises:
            NotFound: the page is out of range.

        """
        readable = await self._readable(filters, by)
        if readable.is_nobody:
            return _nothing(page)
        if not self._db.capabilities.walks_indexes:
            return await self._gathered_tries(readable, filters, page)
        source, shape = pipelines.tries(readable, filters)
        if page is None:
            return self._db.stream("mastery_logs", [*source, *shape])
        return page_of(await self._db.rows("mastery_logs", paged("mastery_logs", source, shape, page)), page)

    async def attempts(self, filters: LogFilters, page: PageRequest | None, *, by: Actor) -> Page | AsyncIterator[Row]:
        """Attempts, by try (newest first), then start, then id: a page, or all of them as a stream.

        Raises:
            NotFound: the page is out of range.

        """
        readable = await self._readable(filters, by)
        if readable.is_nobody:
            return _nothing(page)
        if page is None:
            return self._all_attempts(readable, filters)
        if filters.item is not None:
            # Nothing stored counts the attempts on an item, so they are counted as they come.
            rows = [row async for row in self._all_attempts(readable, filters)]
            return page_with(rows[page.skip : page.skip + page.size], len(rows), page)
        of_page = (pipelines if self._db.capabilities.walks_indexes else gathered).holders_of_page
        holders = await self._db.rows("mastery_logs", of_page(readable, filters, page))
        if not holders and self._may_be_in_sessions_alone(filters):
            sessions = gathered.holders_of_page(readable, filters, page, of_sessions=True)
            holders = await self._db.rows("content_sessions", sessions)
        if not holders:
            return _nothing(page)
        rows = await rows_between(self._db, holders, filters, page.skip - holders[0]["before"], page.size)
        return page_with(rows, holders[0]["total"], page)

    async def diff(self, index: str, filters: LogFilters, *, by: Actor) -> Row:
        """The difference between a try (index 0: the most recent) and the one before.

        Raises:
            InvalidFields: content or user is missing.
            NotFound: there is no such try, or the caller may not read it.

        """
        if missing := {
            name: ["This field is required."] for name in ("content", "user") if getattr(filters, name) is None
        }:
            raise InvalidFields(missing)
        if not (index.isascii() and index.isdecimal() and len(index) < 10):
            raise NotFound(_NO_TRY)
        readable = await self._readable(filters, by)
        if readable.is_nobody:
            raise NotFound(_NO_TRY)
        rows = await self._db.rows("mastery_logs", pipelines.diff(readable, filters, int(index)))
        if not rows:
            raise NotFound(_NO_TRY)
        head: Row = rows[0]["head"]
        difference: dict[str, Any] | None = head["diff"] if head["diff"]["correct"] is not None else None
        logs = [
            attempt_row(row["attempt"], user_id=row["user_id"], try_id=row["try_id"]) | {"diff": row["diff"]}
            for row in rows
            if row.get("attempt")
        ]
        return head | {"diff": difference, "attemptlogs": logs}

    async def _gathered_tries(
        self, readable: Readable, filters: LogFilters, page: PageRequest | None
    ) -> Page | AsyncIterator[Row]:
        if page is None:
            return _each(await self._db.rows("mastery_logs", gathered.tries(readable, filters)))
        found = await self._db.rows("mastery_logs", gathered.tries_page(readable, filters, page))
        return page_with(found[0]["rows"], found[0]["count"], page) if found else _nothing(page)

    async def _readable(self, filters: LogFilters, by: Actor) -> Readable:
        return await readable(self._db, by, user=filters.user, places=filters.places)

    def _may_be_in_sessions_alone(self, filters: LogFilters) -> bool:
        return not self._db.capabilities.walks_indexes and not filters.of_tries_only

    async def _all_attempts(self, readable: Readable, filters: LogFilters) -> AsyncIterator[Row]:
        holders = self._db.stream("mastery_logs", pipelines.holders(readable, filters))
        async for holder in (
            holders if self._db.capabilities.walks_indexes else self._gathered_holders(readable, filters)
        ):
            async for row in rows_of(self._db, holder, filters):
                yield row

    async def _gathered_holders(self, readable: Readable, filters: LogFilters) -> AsyncIterator[Row]:
        """As `pipelines.holders` finds them: their order first, then a part of them at a time."""
        found = await self._db.rows("mastery_logs", gathered.order(readable, filters))
        if not found and self._may_be_in_sessions_alone(filters):
            found = await self._db.rows("content_sessions", gathered.order(readable, filters, of_sessions=True))
        rows: list[Row] = found[0]["rows"] if found else []
        for first in range(0, len(rows), _PART):
            async for holder in self._with_attempts(rows[first : first + _PART], filters):
                yield holder

    async def _with_attempts(self, part: list[Row], filters: LogFilters) -> AsyncIterator[Row]:
        held: dict[str, Row] = {}
        for collection, name in (("mastery_logs", "try_id"), ("content_sessions", "holder_session_id")):
            if ids := [row[name] for row in part if name in row]:
                held |= {row["_id"]: row for row in await self._db.rows(collection, gathered.attempts_in(ids, filters))}
        for row in part:
            if row["_id"] in held:
                yield row | held[row["_id"]]


async def _each(gathered_rows: list[Row]) -> AsyncIterator[Row]:
    for row in gathered_rows[0]["rows"] if gathered_rows else ():
        yield row


async def _no_rows() -> AsyncIterator[Row]:
    nothing: tuple[Row, ...] = ()
    for row in nothing:
        yield row


def _nothing(page: PageRequest | None) -> Page | AsyncIterator[Row]:
    return _no_rows() if page is None else page_with([], 0, page)
