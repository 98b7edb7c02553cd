"""How many questions the content of a try has, from the roster: of quizzes, of contents, of quizzes that are gone."""

from collections.abc import AsyncIterator, Collection, Sequence

from msgspec import UNSET
from msgspec.structs import replace

from learntrack.documents import Content, FormerEntry, Quiz
from learntrack.logs.filters import LogFilters
from learntrack.logs.schemas import MasteryLogRow
from learntrack.storage import Database
from learntrack.storage.parts import in_parts_of

_ROWS = 500
"""Rows that are looked up at once."""
_SOURCES = (FormerEntry, Content, Quiz)
"""Where a count may stand; the last that has one counts."""


def with_content(filters: LogFilters) -> LogFilters:
    """The filters with the field by which the counts are looked up, where they are asked for."""
    return replace(filters, include=tuple({*filters.include, "content"})) if _asked_for(filters) else filters


async def counts_of(db: Database, contents: Collection[str]) -> dict[str, int]:
    """How many questions each of these contents has, as far as it is known. Index: the key."""
    found: dict[str, int] = {}
    for source in _SOURCES:
        query = {"_id": {"$in": list(contents)}, "question_count": {"$ne": None}}
        found |= {row["_id"]: row["question_count"] for row in await db.find(source, query, {"question_count": 1})}
    return found


async def counted(
    db: Database, rows: AsyncIterator[MasteryLogRow], filters: LogFilters
) -> AsyncIterator[MasteryLogRow]:
    """The rows, asked for as `with_content` says, with question counts where these are asked for."""
    if not _asked_for(filters):
        async for row in rows:
            yield row
        return
    async for part in in_parts_of(rows, _ROWS):
        await count(db, part, filters)
        for each in part:
            yield each


async def count(db: Database, rows: Sequence[MasteryLogRow], filters: LogFilters) -> None:
    """Give the rows, asked for as `with_content` says, their question counts where these are asked for."""
    if not rows or not _asked_for(filters):
        return
    counts = await counts_of(db, {row.content for row in rows if isinstance(row.content, str)})
    for row in rows:
        row.question_count = counts.get(row.content) if isinstance(row.content, str) else None
        if "content" not in filters.include:
            row.content = UNSET


def _asked_for(filters: LogFilters) -> bool:
    return "question_count" in filters.include
