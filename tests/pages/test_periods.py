"""The days that a page is about."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from learntrack.errors import InvalidFields
from learntrack.pages.languages import catalogue, locale_of
from learntrack.pages.periods import Period, period_of
from learntrack.pages.words import Words

NAIROBI = ZoneInfo("Africa/Nairobi")
LATE = datetime(2026, 3, 9, 22, 30, tzinfo=UTC)
"""In Nairobi the tenth has begun."""
WORDS = Words("en", locale_of("en"), catalogue("en"), NAIROBI, LATE)
FIRST, LAST = date(2026, 3, 2), date(2026, 3, 6)


@pytest.mark.parametrize(("name", "first"), [("1", 10), ("7", 4)])
def test_a_number_of_days_ends_with_the_schools_own_today(name: str, first: int) -> None:
    assert period_of(name, None, None, WORDS) == Period(name, date(2026, 3, first), date(2026, 3, 10))


def test_days_of_ones_own_are_both_included() -> None:
    since, until = period_of(None, "2026-03-02", "2026-03-06", WORDS).moments(WORDS)

    assert since == datetime(2026, 3, 2, tzinfo=NAIROBI)
    assert until == datetime(2026, 3, 7, tzinfo=NAIROBI)


def test_days_in_the_wrong_fields_are_the_same_days() -> None:
    assert period_of("days", "2026-03-06", "2026-03-02", WORDS) == Period("days", FIRST, LAST)


@pytest.mark.parametrize(
    ("first", "last", "period"),
    [("2026-03-02", None, Period("days", FIRST)), (None, "2026-03-06", Period("days", None, LAST))],
)
def test_one_end_may_be_open(first: str | None, last: str | None, period: Period) -> None:
    found = period_of(None, first, last, WORDS)

    assert found == period
    assert found
    assert sorted(each is None for each in found.moments(WORDS)) == [False, True]


@pytest.mark.parametrize("name", ["", "90", "week", "-1"])
def test_another_name_is_all_the_time(name: str) -> None:
    found = period_of(name, "2026-03-02", None, WORDS)

    assert not found
    assert found.moments(WORDS) == (None, None)


def test_the_pages_own_period_where_nothing_is_asked_for() -> None:
    assert period_of(None, None, None, WORDS, default="7").name == "7"
    assert period_of(None, "2026-03-02", None, WORDS, default="7").name == "days"
    assert period_of("", None, None, WORDS, default="7") == Period()


@pytest.mark.parametrize("text", ["x", "2026-02-30", "1969-12-31", "9001-01-01", "2026-03-02T00:00"])
@pytest.mark.parametrize("field", ["since", "until"])
def test_what_is_no_day_is_named(field: str, text: str) -> None:
    first, last = (text, None) if field == "since" else (None, text)

    with pytest.raises(InvalidFields) as refused:
        period_of("days", first, last, WORDS)

    assert refused.value.errors == {field: ["Must be a date."]}


def test_the_last_day_of_all_has_an_end() -> None:
    _, until = period_of("days", None, "9000-12-31", WORDS).moments(WORDS)

    assert until == datetime(9001, 1, 1, tzinfo=NAIROBI)
    assert until - timedelta(days=1) > LATE
