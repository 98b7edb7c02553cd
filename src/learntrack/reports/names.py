"""Names beside ids: whom and what a row is about, looked up for many rows at once."""

from collections.abc import AsyncIterator, Sequence

from learntrack.reports.questions import Column
from learntrack.storage.database import Row
from learntrack.storage.reading import Reading

ROWS = 500
_NAMES = {
    "user": ("users", {"username": 1, "full_name": 1}),
    "lesson": ("lessons", {"title": 1}),
    "quiz": ("quizzes", {"title": 1}),
}

_AFTER: dict[str, tuple[Column, ...]] = {
    "user": (
        Column("username", "text", "The learner's user name."),
        Column("full_name", "text", "The learner's full name."),
    ),
    "lesson": (Column("lesson", "text", "The lesson's title."),),
    "quiz": (Column("quiz", "text", "The quiz's title."),),
}


def named_columns(columns: Sequence[Column]) -> list[Column]:
    """The columns of a question with those that name what ids stand for."""
    return [named for column in columns for named in (column, *_AFTER.get(column.kind, ()))]


async def named(db: Reading, rows: AsyncIterator[Row], columns: Sequence[Column]) -> AsyncIterator[Row]:
    """The rows with names, in the order of `named_columns`."""
    async for part in in_parts(rows):
        for each in await _named(db, part, columns):
            yield each


async def in_parts(rows: AsyncIterator[Row]) -> AsyncIterator[list[Row]]:
    """The rows, as many at a time as are looked up at once."""
    part: list[Row] = []
    async for row in rows:
        part.append(row)
        if len(part) == ROWS:
            yield part
            part = []
    if part:
        yield part


async def _named(db: Reading, rows: list[Row], columns: Sequence[Column]) -> list[Row]:
    found: dict[str, dict[str, Row]] = {}
    for column in columns:
        if column.kind in _NAMES:
            collection, fields = _NAMES[column.kind]
            ids = list({row[column.name] for row in rows if row.get(column.name)})
            found[column.name] = {row["_id"]: row for row in await db.find(collection, {"_id": {"$in": ids}}, fields)}
    return [_ordered(row, columns, found) for row in rows]


def _ordered(row: Row, columns: Sequence[Column], found: dict[str, dict[str, Row]]) -> Row:
    result: Row = {}
    for column in columns:
        result[column.name] = row.get(column.name)
        if column.kind in _AFTER:
            names = found.get(column.name, {}).get(row.get(column.name) or "", {})
            for after in _AFTER[column.kind]:
                result[after.name] = names.get(after.name, names.get("title", ""))
    return result
