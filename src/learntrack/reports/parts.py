"""Rows that are counted here, many at a time: of each its values in the order of the columns, moments as milliseconds.

So they cost little to make, to name and to write as JSON, all of a part's at once. A facility's answer has 36,000.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from functools import cache, lru_cache
from typing import Any

import msgspec

from learntrack.domain import moments
from learntrack.reports.questions import Column
from learntrack.storage.database import Row
from learntrack.storage.some_fields import Values

Part = Sequence[Values]
Parts = AsyncIterator[Part]
ROWS = 500
"""Rows of a part that is handed on, so that others have their turn between two of them."""

_MOMENTS = ("date", "timestamp")
_DAY, _MINUTE = 24 * 60 * 60 * 1000, 60 * 1000
_TIMES = [f"T{minute // 60:02d}:{minute % 60:02d}:" for minute in range(24 * 60)]
_SECONDS = [f"{second:02d}." for second in range(60)]
_THOUSANDTHS = [f"{thousandth:03d}Z" for thousandth in range(1000)]


def in_parts(rows: Part) -> Iterator[Part]:
    """Rows that are there already, some hundred at a time."""
    return (rows[first : first + ROWS] for first in range(0, len(rows), ROWS))


def rows_of(part: Part, columns: Sequence[Column]) -> Iterator[Row]:
    """The same as rows with moments."""
    names = [column.name for column in columns]
    times = [column.name for column in columns if column.kind in _MOMENTS]
    for values in part:
        row = dict(zip(names, values, strict=True))
        for name in times:
            if row[name] is not None:
                row[name] = moments.at_milliseconds(row[name])
        yield row


def json_of(part: Part, columns: Sequence[Column]) -> bytes:
    """The rows as JSON objects with commas between them; moments as `formats.shown_value` writes them."""
    values = list(zip(*part, strict=True))
    for place, column in enumerate(columns):
        if column.kind in _MOMENTS:
            shown = _day if column.kind == "date" else _moment
            values[place] = tuple(None if moment is None else shown(moment) for moment in values[place])
    shape = _shape(tuple(column.name for column in columns))
    return _encoder.encode([shape(*row) for row in zip(*values, strict=True)])[1:-1]


_encoder = msgspec.json.Encoder()


@cache
def _shape(names: tuple[str, ...]) -> Any:
    """A struct, which is made and written in half the time of an object of these names."""
    return msgspec.defstruct("CountedRow", [(name, Any) for name in names])


def _moment(milliseconds: int) -> str:
    day, time = divmod(milliseconds, _DAY)
    minute, rest = divmod(time, _MINUTE)
    return f"{_text_of(day)}{_TIMES[minute]}{_SECONDS[rest // 1000]}{_THOUSANDTHS[rest % 1000]}"


def _day(milliseconds: int) -> str:
    return _text_of(milliseconds // _DAY)


@lru_cache(5000)
def _text_of(day: int) -> str:
    return moments.at_milliseconds(day * _DAY).date().isoformat()
