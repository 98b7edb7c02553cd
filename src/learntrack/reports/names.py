"""Names beside ids: whom and what a row is about, looked up for many rows at once."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence

from learntrack.documents import User
from learntrack.reports.questions import Column
from learntrack.reports.titles import titles_of, titles_of_assigned
from learntrack.storage.database import Row
from learntrack.storage.reading import Reading, in_parts_of

ROWS = 500
"""Rows that are looked up at once."""

_AFTER: Mapping[str, tuple[Column, ...]] = {
    "user": (
        Column("username", "text", "The learner's user name."),
        Column("full_name", "text", "The learner's full name."),
    ),
    "lesson": (Column("lesson", "text", "The lesson's title, or its id where nobody has given it one."),),
    "quiz": (Column("quiz", "text", "The quiz's title, or its id where nobody has given it one."),),
    "course": (Column("course", "text", "The course's title, or its id where nobody has given it one."),),
    "unit": (Column("unit", "text", "The unit's title, or its id where nobody has given it one."),),
    "content": (Column("content", "text", "The content's title, or its id where nobody has given it one."),),
    "question": (
        Column("question", "text", "What the question asks, as far as the roster says."),
        Column("right_answer", "text", "Its right answer, as far as the roster says."),
    ),
}


def named_columns(columns: Sequence[Column]) -> list[Column]:
    """The columns of a question with those that name what ids stand for."""
    return [named for column in columns for named in (column, *_AFTER.get(column.kind, ()))]


async def with_names(db: Reading, rows: AsyncIterator[Row], columns: Sequence[Column]) -> AsyncIterator[Row]:
    """The rows with names, in the order of `named_columns`."""
    async for part in in_parts_of(rows, ROWS):
        for each in await _named(db, part, columns):
            yield each


async def _named(db: Reading, rows: list[Row], columns: Sequence[Column]) -> list[Row]:
    found: dict[str, Mapping[str, Row]] = {}
    for column in columns:
        if column.kind in _AFTER:
            if column.kind == "question":
                found[column.name] = await _questions(db, {row["content_id"] for row in rows})
                continue
            ids = {row[column.name] for row in rows if row.get(column.name)}
            found[column.name] = await _names(db, column.kind, ids)
    return [_ordered(row, columns, found) for row in rows]


async def _names(db: Reading, kind: str, ids: Collection[str]) -> dict[str, Row]:
    """What to write in the columns behind an id, by the id. Index: the key."""
    if kind == "user":
        rows = await db.find(User, {"_id": {"$in": list(ids)}}, {"username": 1, "full_name": 1}) if ids else []
        return {row["_id"]: row for row in rows}
    titles = await (titles_of_assigned(db, ids) if kind in ("lesson", "course") else titles_of(db, ids))
    return {key: {kind: titled.shown} for key, titled in titles.items()}


async def _questions(db: Reading, contents: Collection[str]) -> dict[str, Row]:
    """What is known of all questions of these contents, by `_key`."""
    titles = await titles_of(db, contents, questions=True)
    return {
        f"{content}:{question.item}": {"question": question.title or "", "right_answer": question.right_answer or ""}
        for content, titled in titles.items()
        for question in titled.questions
    }


def _key(row: Row, column: Column) -> str:
    """By what a row's names are found: the id, of a question its content's before it."""
    value = str(row.get(column.name))
    return f"{row['content_id']}:{value}" if column.kind == "question" else value


def _ordered(row: Row, columns: Sequence[Column], found: Mapping[str, Mapping[str, Row]]) -> Row:
    result: Row = {}
    for column in columns:
        result[column.name] = row.get(column.name)
        if column.kind in _AFTER:
            names = found[column.name].get(_key(row, column), {})
            for after in _AFTER[column.kind]:
                result[after.name] = names.get(after.name, "")
    return result
