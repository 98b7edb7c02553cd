"""Answering questions about what was recorded, limited to what the caller may read."""

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from learntrack.access.may_read import EVERYBODY, Readable, may_read
from learntrack.access.standing import Caller
from learntrack.documents import ContentSummary, MasteryLog
from learntrack.domain.ids import is_id, parse_id
from learntrack.errors import InvalidFields, NotFound
from learntrack.logs import pipelines, question_counts, recent
from learntrack.logs.attempt_rows import attempt_diff_row, attempt_row
from learntrack.logs.filters import LogFilters
from learntrack.logs.lists import lists_of
from learntrack.logs.schemas import AttemptLogRow, MasteryLogDiff, MasteryLogRow, TotalProgress, TryDiff
from learntrack.storage import Database
from learntrack.storage.database import Row
from learntrack.web.paging import Page, PageRequest, page_with

_NO_TRY = "There is no such try."
_NO_ATTEMPT = "There is no such attempt."


class Logs:
    """The read path.

    Args:
        db: Where everything is stored.

    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lists = lists_of(db)

    async def total(self, user_id: str) -> TotalProgress:
        """How much a learner has finished."""
        found = await self._db.rows(ContentSummary, pipelines.total(user_id))
        return TotalProgress(id=user_id, progress=found[0]["progress"] if found else 0)

    async def tries(
        self, filters: LogFilters, page: PageRequest | None, *, by: Caller
    ) -> Page[MasteryLogRow] | AsyncIterator[MasteryLogRow]:
        """Tries, newest first: a page, or all of them as a stream.

        Raises:
            NotFound: the page is out of range.

        """
        readable = await _readable(filters, by)
        if readable.is_nobody:
            return _nothing(page)
        if page is None:
            return self._all_tries(readable, filters)
        shown = question_counts.with_content(filters)
        found = await self._lists.tries_page(readable, shown, page)
        await question_counts.count(self._db, found.results, filters)
        return found

    def _all_tries(self, readable: Readable, filters: LogFilters) -> AsyncIterator[MasteryLogRow]:
        rows = self._lists.all_tries(readable, question_counts.with_content(filters))
        return question_counts.counted(self._db, rows, filters)

    async def one_try(self, try_id: str, filters: LogFilters, *, by: Caller) -> MasteryLogRow:
        """A try.

        Raises:
            NotFound: there is none, or the caller may not read it.

        """
        key = _id_or_not_found(try_id, _NO_TRY)
        reader = await may_read(by) if self._db.capabilities.sharded else EVERYBODY  # theirs, or every shard is asked
        for owner in await self._db.rows(pipelines.TRIES, pipelines.one_try(key, reader)):
            readable = await may_read(by, user=owner["user_id"])
            if not readable.is_nobody:
                async for row in self._all_tries(readable, replace(filters, masterylog=key)):
                    return row
        raise NotFound(_NO_TRY)

    async def one_attempt(self, attempt_id: str, *, by: Caller) -> AttemptLogRow:
        """An attempt, in a try or outside.

        Raises:
            NotFound: there is none, or the caller may not read it.

        """
        key = _id_or_not_found(attempt_id, _NO_ATTEMPT)
        readable = await may_read(by)
        if readable.is_nobody:
            raise NotFound(_NO_ATTEMPT)
        for collection in (pipelines.TRIES, pipelines.SESSIONS, pipelines.OVERFLOW):
            for row in await self._db.rows(collection, pipelines.holding(key, readable)):
                holder: str = row.get("holder_id") or row["_id"]
                its_try = self._db.by_ids(MasteryLog, [holder], [row["user_id"]])
                in_try = collection == pipelines.TRIES or (
                    collection == pipelines.OVERFLOW
                    and await self._db.find_one(pipelines.TRIES, its_try, {"_id": 1}) is not None
                )
                return attempt_row(row["attempts"][0], user_id=row["user_id"], try_id=holder if in_try else None)
        raise NotFound(_NO_ATTEMPT)

    async def attempts(
        self, filters: LogFilters, page: PageRequest | None, *, by: Caller
    ) -> Page[AttemptLogRow] | AsyncIterator[AttemptLogRow]:
        """Attempts, by try (newest first), then start, then id: a page, or all of them as a stream.

        Raises:
            NotFound: the page is out of range.

        """
        readable = await _readable(filters, by)
        if readable.is_nobody:
            return _nothing(page)
        if page is None:
            return self._lists.all_attempts(readable, filters)
        if filters.item is not None:
            # Nothing stored counts the attempts on an item, so they are counted as they come.
            rows = [row async for row in self._lists.all_attempts(readable, filters)]
            return page_with(rows[page.skip : page.skip + page.size], len(rows), page)
        return await self._lists.attempts_page(readable, filters, page)

    async def diff(self, index: str, filters: LogFilters, *, by: Caller) -> MasteryLogDiff:
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
        readable = await _readable(filters, by)
        if readable.is_nobody:
            raise NotFound(_NO_TRY)
        rows = await self._lists.diff(readable, filters, int(index))
        if not rows:
            raise NotFound(_NO_TRY)
        content = filters.content or ""  # it is there, as has been asked
        head: Row = next(row["head"] for row in rows if row["head"])
        diff: Row = head.pop("diff")
        attempts = [
            attempt_diff_row(row["attempt"], row["diff"], user_id=filters.user, try_id=head["id"])
            for row in rows
            if row.get("attempt")
        ]
        if "question_count" in head:
            head["question_count"] = (await question_counts.counts_of(self._db, [content])).get(content)
        difference = TryDiff(**diff) if diff["correct"] is not None else None
        return MasteryLogDiff(**head, diff=difference, attemptlogs=attempts)

    async def recent_tries(self, readable: Readable, pairs: Sequence[tuple[str, str]], *, answers: int) -> list[Row]:
        """The tries of these pairs of learners and contents, each with how its newest `answers` went."""
        return await recent.recent_tries(self._db, readable, pairs, answers=answers)

    async def tries_of(self, readable: Readable) -> tuple[list[Row], dict[str, list[Row]]]:
        """All tries of a learner, newest first, and of the newest ones the attempts with their histories, by try."""
        return await recent.tries_of(self._db, readable)

    async def last_activity(self, readable: Readable) -> dict[str, datetime]:
        """When each of these learners last did something; who never has is left out."""
        return await recent.last_activity(self._db, readable)

    async def unit_tests(self, readable: Readable, among: Collection[str]) -> set[str]:
        """Those of these contents as which these learners have taken pre- and post-tests."""
        return await recent.unit_tests(self._db, readable, among)

    async def tries_at(self, content: str, readable: Readable, questions: int = 0) -> list[Row]:
        """Each learner's latest try at a content and the one before it (`rank` 0 and 1), with their attempts."""
        return await recent.tries_at(self._db, readable, content, questions)


def _id_or_not_found(text: str, message: str) -> str:
    if not is_id(text):
        raise NotFound(message)
    return parse_id(text)


async def _readable(filters: LogFilters, by: Caller) -> Readable:
    return await may_read(by, user=filters.user, places=filters.places, kinds=filters.kinds)


async def _no_rows() -> AsyncIterator[Any]:
    nothing: tuple[Any, ...] = ()
    for row in nothing:
        yield row


def _nothing(page: PageRequest | None) -> Page[Any] | AsyncIterator[Any]:
    return _no_rows() if page is None else page_with([], 0, page)
