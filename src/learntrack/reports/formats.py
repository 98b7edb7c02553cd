"""An answer in the form that was asked for, sent as it is read. Numbers are numbers in every form."""

import asyncio
from codecs import BOM_UTF8
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from learntrack.reports.parts import Parts, json_of
from learntrack.reports.questions import Column
from learntrack.reports.schemas import Report
from learntrack.storage.database import Row
from learntrack.web.answers import csv_parts, encoded, in_parts, write_json

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_MOMENTS = ("date", "timestamp")
"""Kinds of columns whose values are moments."""
_NO_ROWS_AFTER = b"]}"
"""How a report without rows ends, since `results` is the last of its fields that it has."""


@dataclass(slots=True)
class ReportAnswer:
    """The answer to a question: rows as they come, and as of when they are. `about` says in words what it is narrowed
    to, where that is shown. `parts` are the same rows where these are counted many at a time; only one of both is read.
    """

    name: str
    title: str
    description: str
    as_of: datetime
    timezone: str
    columns: Sequence[Column]
    rows: AsyncIterator[Row]
    about: str = ""
    parts: Parts | None = None

    def report(self, results: list[Row]) -> Report:
        """The report with these rows."""
        return Report(
            report=self.name,
            title=self.title,
            description=self.description,
            as_of=self.as_of,
            timezone=self.timezone,
            columns=list(self.columns),
            results=results,
        )


def shown_value(value: Any, kind: str) -> Any:
    """A value as text formats show it: dates as dates, lists as JSON, and no number turned into a text."""
    if isinstance(value, datetime):
        return (
            value.date().isoformat()
            if kind == "date"
            else value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        )
    if isinstance(value, (list, dict)):
        return encoded(value).decode()
    if isinstance(value, bool) or not isinstance(value, int):
        return value
    return int(value)


def cell(value: Any, kind: str) -> Any:
    """A value in a CSV file: nothing for null, and no text that a spreadsheet would take for a formula."""
    found = shown_value(value, kind)
    if isinstance(found, str) and found.startswith(_FORMULA):
        return f"'{found}"
    return found


async def as_csv(
    columns: Sequence[Column], rows: AsyncIterator[Row], *, titles: Sequence[str] = (), bom: bool = True
) -> AsyncIterator[bytes]:
    """CSV (RFC 4180) with a header, in parts; with a byte-order mark, by which spreadsheets know that it is UTF-8."""
    before = BOM_UTF8 if bom else b""
    async for part in csv_parts(
        titles or [column.name for column in columns],
        rows,
        lambda row: [cell(row[column.name], column.kind) for column in columns],
    ):
        yield before + part
        before = b""


def as_json_lines(columns: Sequence[Column], rows: AsyncIterator[Row]) -> AsyncIterator[bytes]:
    """One JSON object a line, in parts."""

    def write(row: Row, buffer: bytearray) -> None:
        write_json(json_row(row, columns), buffer)
        buffer += b"\n"

    return in_parts(rows, write)


def as_json(answer: ReportAnswer) -> AsyncIterator[bytes]:
    """One JSON object, in parts: the whole report, whose rows come last."""
    report = encoded(answer.report([]))
    if answer.parts is not None:
        return _json_of_parts(report.removesuffix(_NO_ROWS_AFTER), answer.parts, answer.columns)
    return in_parts(
        answer.rows,
        lambda row, buffer: write_json(json_row(row, answer.columns), buffer),
        before=report.removesuffix(_NO_ROWS_AFTER),
        between=b",",
        after=_NO_ROWS_AFTER,
    )


async def _json_of_parts(before: bytes, parts: Parts, columns: Sequence[Column]) -> AsyncIterator[bytes]:
    async for part in parts:
        yield before + json_of(part, columns)
        before = b","
        await asyncio.sleep(0)
    yield _NO_ROWS_AFTER if before == b"," else before + _NO_ROWS_AFTER


def json_row(row: Row, columns: Sequence[Column]) -> Row:
    """A row with dates as dates."""
    found = {column.name: row[column.name] for column in columns}
    for column in columns:
        if column.kind in _MOMENTS and isinstance(found[column.name], datetime):
            found[column.name] = shown_value(found[column.name], column.kind)
    return found
