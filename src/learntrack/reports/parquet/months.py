"""Months, by which the files are divided: each from its beginning (UTC) to the next one's, named `YYYY-MM`."""

from collections.abc import Iterator
from datetime import UTC, datetime


def month_of(moment: datetime) -> str:
    """The month's name."""
    return f"{moment.year:04}-{moment.month:02}"


def month_named(name: str) -> tuple[datetime, datetime]:
    """The month of this name."""
    year, month = int(name[:4]), int(name[5:])
    return datetime(year, month, 1, tzinfo=UTC), datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)


def months(first: datetime, last: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The months from that of `first` to that of `last`."""
    begin, end = month_named(month_of(first))
    while begin <= last:
        yield begin, end
        begin, end = month_named(month_of(end))
