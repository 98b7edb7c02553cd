"""What a report is narrowed to, as a query string or a command line says it."""

from datetime import UTC, datetime

import pytest

from learntrack.errors import InvalidFields
from learntrack.reports.filters import ReportFilters, report_filters


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-02", datetime(2026, 3, 2, tzinfo=UTC)),
        ("2026-03-02T10:00:00Z", datetime(2026, 3, 2, 10, tzinfo=UTC)),
        ("2026-03-02T10:00:00", datetime(2026, 3, 2, 10, tzinfo=UTC)),
        ("2026-03-02T10:00:00 02:00", datetime(2026, 3, 2, 8, tzinfo=UTC)),  # a query string's plus is a space
    ],
)
def test_a_moment_is_in_utc(text: str, moment: datetime) -> None:
    assert report_filters(since=text, until=None, classroom="") == ReportFilters(since=moment)


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "0001-01-01T00:00:00+10:00"])
def test_what_is_no_moment_of_the_calendar_is_refused(text: str) -> None:
    with pytest.raises(InvalidFields) as refused:
        report_filters(until=text, facility="x")

    assert refused.value.errors["until"] == ["Must be a date or a moment (ISO 8601)."]
    assert set(refused.value.errors) == {"until", "facility"}
