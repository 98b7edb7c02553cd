"""Months, by which files are divided."""

from datetime import UTC, datetime

import pytest

from learntrack.reports.parquet.months import month_named, month_of, months


@pytest.mark.parametrize(("name", "next_one"), [("2026-01", "2026-02"), ("2025-12", "2026-01"), ("0999-12", "1000-01")])
def test_a_month_ends_where_the_next_one_begins(name: str, next_one: str) -> None:
    begin, end = month_named(name)

    assert (month_of(begin), month_of(end)) == (name, next_one)
    assert month_named(next_one)[0] == end


@pytest.mark.parametrize(
    ("first", "last", "named"),
    [
        (datetime(2025, 11, 30, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC), ["2025-11", "2025-12", "2026-01"]),
        (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 31, 23, 59, tzinfo=UTC), ["2026-01"]),
        (datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC), []),
    ],
)
def test_all_months_between_are_there_the_last_one_too(first: datetime, last: datetime, named: list[str]) -> None:
    assert [month_of(begin) for begin, _ in months(first, last)] == named
