"""What a report is narrowed to, as a query string or a command line says it."""

from datetime import UTC, datetime

import pytest

from learntrack.errors import InvalidFields
from learntrack.reports.filters import ReportFilters, report_filters


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-02T10:00:00Z", datetime(2026, 3, 2, 10, tzinfo=UTC)),
        ("2026-03-02T10:00:00", datetime(2026, 3, 2, 10, tzinfo=UTC)),
        ("2026-03-02T10:00:00 02:00", datetime(2026, 3, 2, 8, tzinfo=UTC)),  # a query string's plus is a space
    ],
)
def test_a_moment_is_in_utc(text: str, moment: datetime) -> None:
    assert report_filters(since=text, until=None, classroom="") == ReportFilters(since=moment)


@pytest.mark.parametrize(
    ("zone", "since", "until", "begins", "ends"),
    [
        (None, "2026-03-02", "2026-03-02", "2026-03-02T00:00", "2026-03-03T00:00"),
        ("Asia/Kolkata", "2026-03-02", "2026-03-02", "2026-03-01T18:30", "2026-03-02T18:30"),
        ("America/New_York", "2026-03-08", "2026-03-08", "2026-03-08T05:00", "2026-03-09T04:00"),  # a day of 23 hours
        ("Asia/Beirut", "2026-03-29", "2026-03-29", "2026-03-28T22:00", "2026-03-29T21:00"),  # has no midnight
        ("Asia/Kolkata", "2026-03-02T10:00:00+02:00", "2026-03-02T10:00Z", "2026-03-02T08:00", "2026-03-02T10:00"),
    ],
)
def test_a_date_alone_is_its_whole_day_where_the_school_is(
    zone: str | None, since: str, until: str, begins: str, ends: str
) -> None:
    period = report_filters(since=since, until=until, timezone=zone).period

    assert period == {"$gte": datetime.fromisoformat(f"{begins}Z"), "$lt": datetime.fromisoformat(f"{ends}Z")}


@pytest.mark.parametrize("text", ["yesterday", "0001-01-01", "9999-12-31", "2026-13-01", "0001-01-01T00:00:00+10:00"])
def test_what_is_no_moment_of_the_calendar_is_refused(text: str) -> None:
    with pytest.raises(InvalidFields) as refused:
        report_filters(until=text, facility="x")

    assert refused.value.errors["until"] == ["Must be a date or a moment (ISO 8601)."]
    assert set(refused.value.errors) == {"until", "facility"}


@pytest.mark.parametrize(
    ("since", "until", "is_refused"),
    [
        ("2026-03-02", "2026-03-01", True),
        ("2026-03-02", "2026-03-02", False),  # that day
        ("2026-03-02T10:00Z", "2026-03-02T09:00Z", True),
        ("2026-03-02T10:00Z", "2026-03-02T10:00Z", False),
        ("2026-03-02", "2026-03-01T23:00Z", False),  # it has begun in the east
    ],
)
def test_a_period_does_not_end_before_it_begins(since: str, until: str, is_refused: bool) -> None:
    if not is_refused:
        assert report_filters(since=since, until=until).has_period
        return
    with pytest.raises(InvalidFields) as refused:
        report_filters(since=since, until=until)

    assert refused.value.errors == {"until": ["Must not be before since."]}


@pytest.mark.parametrize(("name", "text"), [("timezone", "Mars/Base"), ("attempts", "last"), ("details", "perhaps")])
def test_what_is_no_choice_is_refused(name: str, text: str) -> None:
    with pytest.raises(InvalidFields) as refused:
        report_filters(**{name: text})

    assert list(refused.value.errors) == [name]
