"""Rows that are counted many at a time are the same rows."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learntrack.documents import Content, User
from learntrack.domain import moments
from learntrack.reports import formats, parts
from learntrack.reports.names import named_columns, with_names, with_names_in_parts
from learntrack.reports.parts import Part, Parts, json_of, rows_of
from learntrack.reports.questions import Column
from learntrack.storage import Database

COLUMNS = [
    Column("user_id", "user", ""),
    Column("content_id", "content", ""),
    Column("share", "share", ""),
    Column("day", "date", ""),
    Column("at", "timestamp", ""),
]
LAST = moments.milliseconds(datetime(9999, 12, 31, 23, 59, 59, 999000, tzinfo=UTC))
MOMENTS = st.none() | st.integers(-(10**12), LAST)
VALUES = st.tuples(st.none() | st.text(), st.text(), st.none() | st.floats(0, 1), MOMENTS, MOMENTS)


async def one_by_one(part: Part) -> Any:
    for row in rows_of(part, COLUMNS):
        yield row


async def told(*parts: Part) -> Parts:
    for part in parts:
        yield part


@given(st.lists(VALUES, min_size=1, max_size=5))
def test_their_json_is_that_of_the_rows(part: Part) -> None:
    rows = [msgspec.json.encode(formats.json_row(row, COLUMNS)) for row in rows_of(part, COLUMNS)]

    assert json_of(part, COLUMNS) == b",".join(rows)


@given(st.lists(VALUES, max_size=3))
def test_moments_come_back(part: Part) -> None:
    back = [
        (*list(row.values())[:3], *(row[name] and moments.milliseconds(row[name]) for name in ("day", "at")))
        for row in rows_of(part, COLUMNS)
    ]
    assert back == [tuple(values) for values in part]


async def test_names_are_those_that_rows_have(memory: Database) -> None:
    ada = User.begin("ada", username="ada", full_name="Ada L.", facility_id="f")
    await memory.write([ada, Content.new(id="c", title="Sums", kind="exercise")], None)
    part = [("ada", "c", 0.5, 0, 0), (None, "d", None, None, None), ("nobody", "c", 1, 0, 0)]

    [found] = [part async for part in with_names_in_parts(memory, told(part), COLUMNS)]

    expected = [row async for row in with_names(memory, one_by_one(part), COLUMNS)]
    assert list(rows_of(found, named_columns(COLUMNS))) == expected


@pytest.mark.parametrize("many", [0, 1, 3])
async def test_a_report_is_one_json_object(many: int) -> None:
    answer = formats.ReportAnswer(
        "a", "A", "It says.", moments.now(), "UTC", COLUMNS, told(), parts=told(*[[("u", "c", 1.0, 0, 0)]] * many)
    )
    whole = b"".join([part async for part in formats.as_json(answer)])

    row = {"user_id": "u", "content_id": "c", "share": 1.0, "day": "1970-01-01", "at": "1970-01-01T00:00:00.000Z"}
    assert msgspec.json.decode(whole)["results"] == [row] * many


@given(st.lists(st.tuples(st.sampled_from("abc"), st.text(max_size=2), st.none())))
def test_rows_come_in_order_some_hundred_at_a_time(rows: list[Any]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "ROWS", 2)
        found = list(parts.in_order(rows))

    assert [row[:2] for part in found for row in part] == sorted(row[:2] for row in rows)
    assert all(0 < len(part) <= 2 for part in found)
