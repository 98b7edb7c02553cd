"""Every report is the same in every form of the command, and in the API."""

import csv
import html
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from learntrack.reports import terminal
from learntrack.reports.filters import report_filters
from learntrack.reports.questions import Column, questions
from learntrack.reports.service import Reports
from learntrack.storage.database import Row
from tests.reports.naive import close, different
from tests.reports.world import World
from tests.support import ROOT, Api, School

CELL = re.compile(r"<td[^>]*>(.*?)</td>", re.DOTALL)
NUMBERS = ("number", "seconds", "share")


@pytest.fixture(scope="module")
async def world(api: Api) -> World:
    """One that is only read."""
    return await World(await School(api).open()).populate()


def as_in_csv(text: str, value: Any, kind: str) -> bool:
    """Whether a cell of a CSV file says a value."""
    if value is None:
        return text == ""
    if isinstance(value, bool):
        return text == str(value)
    if kind in NUMBERS:
        return float(text) == value
    return json.loads(text) == value if kind == "list" else text.removeprefix("'") == value


def as_read(row: dict[str, Any], columns: list[Column]) -> list[str]:
    """The texts that people read of a row of JSON."""
    return [terminal.cell_text(row[column.name], column.kind) for column in columns]


async def again(rows: list[Row]) -> AsyncIterator[Row]:
    for row in rows:
        yield row


@pytest.mark.engines("embedded")
async def test_every_report_says_the_same_in_every_form(world: World, tmp_path: Path) -> None:
    facility = world.school.facility
    for name, question in questions().items():
        told = await world.api.answer("GET", f"/api/reports/{name}", ROOT, params={"facility": facility})
        answer = await Reports(world.api.db).unlimited(question, report_filters(facility=facility))
        once = [row async for row in answer.rows]
        said = {}
        for form in ("json", "jsonl", "csv", "html", "table"):
            answer.rows = again(once)
            await terminal.write(answer, form, tmp_path / form, lambda: None)
            said[form] = (tmp_path / form).read_text(encoding="utf-8-sig")
        columns, expected = list(answer.columns), json.loads(said["json"])["results"]
        read = [as_read(row, columns) for row in expected]

        # The database adds up in any order, so that last digits differ from one time to the next.
        assert close(expected, told["results"]), different(name, expected, told["results"])
        assert [json.loads(line) for line in said["jsonl"].splitlines()] == expected, name
        rows = list(csv.DictReader(said["csv"].splitlines(keepends=True)))
        assert len(rows) == len(expected), name
        for row, values in zip(rows, expected, strict=True):
            assert all(as_in_csv(row[each.name], values[each.name], each.kind) for each in columns), (name, row, values)
        cells = [html.unescape(cell) for cell in CELL.findall(said["html"])]
        assert cells == [text for row in read for text in row], name
        # In a table longer texts are in several lines.
        short = {text for row in read for text, column in zip(row, columns, strict=True) if column.kind in NUMBERS}
        assert [text for text in short if text not in said["table"]] == [], name
        assert sum(said["table"].count(row[0]) for row in {row[0]: row for row in read}.values()) >= len(read), name
