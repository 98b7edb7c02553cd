"""An answer in the form that was asked for, sent as it is read. Numbers are numbers in every form."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from learntrack.domain.any_json import encoder
from learntrack.reports.questions import Column
from learntrack.storage.database import Row

_PART = 64 * 1024
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(slots=True)
class Answer:
    """The answer to a question: rows as they come, and as of when they are."""

    name: str
    title: str
    description: str
    as_of: datetime
    columns: Sequence[Column]
    rows: AsyncIterator[Row]


def shown(value: Any, kind: str) -> Any:
    """A value as text formats show it: dates as dates, lists as JSON, and no number turned into a text."""
    if isinstance(value, datetime):
        return (
            value.date().isoformat()
            if kind == "date"
            else value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        )
    if isinstance(value, (list, dict)):
        return encoder.encode(value).decode()
    if isinstance(value, bool) or not isinstance(value, int):
        return value
    return int(value)


def cell(value: Any, kind: str) -> Any:
    """A value in a CSV file: nothing for null, and no text that a spreadsheet would take for a formula."""
    found = shown(value, kind)
    if isinstance(found, str) and found.startswith(_FORMULA):
        return f"'{found}"
    return found


async def as_csv(
    columns: Sequence[Column], rows: AsyncIterator[Row], *, titles: Sequence[str] = ()
) -> AsyncIterator[bytes]:
    """CSV (RFC 4180) with a header, in parts."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(titles or [column.name for column in columns])
    async for row in rows:
        writer.writerow([cell(row[column.name], column.kind) for column in columns])
        if buffer.tell() >= _PART:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


async def as_json(answer: Answer) -> AsyncIterator[bytes]:
    """One JSON object: what it is, as of when, its columns and its rows; in parts."""
    head = {
        "report": answer.name,
        "title": answer.title,
        "description": answer.description,
        "as_of": answer.as_of,
        "columns": msgspec.to_builtins(answer.columns),
    }
    buffer = bytearray(encoder.encode(head)[:-1] + b',"results":[')
    first = True
    async for row in answer.rows:
        if not first:
            buffer += b","
        first = False
        encoder.encode_into(json_row(row, answer.columns), buffer, -1)
        if len(buffer) >= _PART:
            yield bytes(buffer)
            buffer.clear()
    yield bytes(buffer) + b"]}"


def json_row(row: Row, columns: Sequence[Column]) -> Row:
    """A row with dates as dates."""
    return {
        column.name: shown(row[column.name], column.kind)
        if isinstance(row[column.name], datetime)
        else row[column.name]
        for column in columns
    }
