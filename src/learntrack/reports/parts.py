"""Rows that are counted here, many at a time: of each its values in the order of the columns, moments as milliseconds.

So they cost little to make, to name and to write as JSON, all of a part's at once. A facility's answer has 36,000.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from functools import cache, lru_cache
from operator import itemgetter
from typing import Any

import msgspec

from learntrack.domain.moments import at_milliseconds
from learntrack.domain.portions import in_parts
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


def in_order(rows: Iterable[Values]) -> Iterator[Part]:
    """Rows in the order of their first value, then of the second, some hundred at a time; both are texts.

    Of 36,000 it takes a tenth of sorting them all by both.
    """
    by_first: dict[str, list[Values]] = defaultdict(list)
    for row in rows:
        by_first[row[0]].append(row)
    part: list[Values] = []
    for first in sorted(by_first):
        part += sorted(by_first.pop(first), key=itemgetter(1))
        if len(part) >= ROWS:
            yield from in_parts(part, ROWS)
            part = []
    yield from in_parts(part, ROWS)


def rows_of(part: Part, columns: Sequence[Column]) -> Iterator[Row]:
    """The same as rows with moments."""
    names = [column.name for column in columns]
    times = [column.name for column in columns if column.kind in _MOMENTS]
    for values in part:
        row = dict(zip(names, values, strict=True))
        for name in times:
            if row[name] is not None:
                row[name] = at_milliseconds(row[name])
        yield row


def json_of(part: Part, columns: Sequence[Column]) -> bytes:
    """The rows as JSON objects with commas between them; moments as `formats.shown_value` writes them."""
    values: list[Sequence[Any]] = list(zip(*part, strict=True))
    for place, column in enumerate(columns):
        if column.kind in _MOMENTS:
            shown = _shown_days if column.kind == "date" else _shown_moments
            values[place] = shown(values[place])
    shape = _shape(tuple(column.name for column in columns))
    return _encoder.encode([shape(*row) for row in zip(*values, strict=True)])[1:-1]


_encoder = msgspec.json.Encoder()


@cache
def _shape(names: tuple[str, ...]) -> Any:
    """A struct, which is made and written in half the time of an object of these names."""
    return msgspec.defstruct("CountedRow", [(name, Any) for name in names])


def _shown_moments(moments: Iterable[int | None]) -> list[str | None]:
    found: list[str | None] = []
    for moment in moments:
        if moment is None:
            found.append(None)
            continue
        day, time = divmod(moment, _DAY)
        minute, second = _TIMES[time // _MINUTE], _SECONDS[time // 1000 % 60]
        found.append(f"{_text_of(day)}{minute}{second}{_THOUSANDTHS[time % 1000]}")
    return found


def _shown_days(moments: Iterable[int | None]) -> list[str | None]:
    return [None if moment is None else _text_of(moment // _DAY) for moment in moments]


@lru_cache(5000)
def _text_of(day: int) -> str:
    return at_milliseconds(day * _DAY).date().isoformat()
