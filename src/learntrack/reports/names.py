"""Names beside ids: whom and what a row is about, looked up for many rows at once."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any

from learntrack.documents import User
from learntrack.reports.parts import Part, Parts
from learntrack.reports.questions import Column
from learntrack.reports.titles import titles_of, titles_of_assigned
from learntrack.storage.database import Row
from learntrack.storage.parts import in_parts_of
from learntrack.storage.reading import Reading

ROWS = 500
"""Rows that are looked up at once."""
_MOST_KNOWN = 5000
"""Names that are kept for the rows that follow."""
_PARTS = 4
"""Parts of some hundred rows for which names are looked up at once."""
_Called = dict[str, dict[str | None, Sequence[str]]]
"""What is written in the columns behind an id, by the column and the id."""
Known = dict[str, dict[str, Row]]
"""What has been looked up, by column and id, of a question by its `_key`; nothing where the roster knows nothing."""

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
    known: Known = {}
    followed = [(column.name, column if column.kind in _AFTER else None) for column in columns]
    async for part in in_parts_of(rows, ROWS):
        for column in columns:
            if column.kind in _AFTER:
                of = "content_id" if column.kind == "question" else column.name
                await _learn(db, known.setdefault(column.name, {}), column.kind, {row.get(of) for row in part})
        for row in part:
            yield _ordered(row, followed, known)


async def with_names_in_parts(db: Reading, parts: Parts, columns: Sequence[Column]) -> Parts:
    """The same for rows in parts, column by column; none of these is a question."""
    known: Known = {}
    called: _Called = {column.name: {} for column in columns}
    async for several in in_parts_of(parts, _PARTS):
        for place, column in enumerate(columns):
            if column.kind not in _AFTER:
                continue
            names, rows = called[column.name], known.setdefault(column.name, {})
            if len(names) > _MOST_KNOWN:
                names.clear()
            unnamed = {row[place] for part in several for row in part} - names.keys()
            await _learn(db, rows, column.kind, unnamed)
            for key in unnamed:
                row = rows.get(key or "", {})
                names[key] = [row.get(after.name, "") for after in _AFTER[column.kind]]
        for part in several:
            yield _named(part, columns, called)


def _named(part: Part, columns: Sequence[Column], called: _Called) -> Part:
    found: list[Sequence[Any]] = []
    for values, column in zip(zip(*part, strict=True), columns, strict=True):
        found.append(values)
        if column.kind in _AFTER:
            found += zip(*map(called[column.name].__getitem__, values), strict=True)
    return list(zip(*found, strict=True))


async def _learn(db: Reading, known: dict[str, Row], kind: str, ids: Collection[str | None]) -> None:
    """Look up what is called how, of what is not known yet; of contents the questions, where these are the kind."""
    if len(known) > _MOST_KNOWN:
        known.clear()
    asked = {key for key in ids if key} - known.keys()
    if asked:
        known |= await (_questions(db, asked) if kind == "question" else _names(db, kind, asked))
        known |= {key: {} for key in asked if key not in known}


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


def _ordered(row: Row, columns: Sequence[tuple[str, Column | None]], found: Mapping[str, Mapping[str, Row]]) -> Row:
    """The row in the order of its columns, with names behind those of which the column is given."""
    result: Row = {}
    for name, column in columns:
        result[name] = row.get(name)
        if column is not None:
            names = found[name].get(_key(row, column), {})
            for after in _AFTER[column.kind]:
                result[after.name] = names.get(after.name, "")
    return result
