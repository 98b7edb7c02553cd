"""Numbers, dates and times as each language writes them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from learntrack.pages.answers import given_at, short_answer
from learntrack.pages.days import Day, chart, days_of
from learntrack.pages.languages import catalogue, locale_of
from learntrack.pages.periods import period_of
from learntrack.pages.words import Words

NOW = datetime(2026, 11, 25, 7, 42, tzinfo=UTC)
NAIROBI = ZoneInfo("Africa/Nairobi")


def words(language: str = "en", zone: ZoneInfo = NAIROBI) -> Words:
    return Words(language, locale_of(language), catalogue(language), zone, NOW)


@pytest.mark.parametrize(
    ("ago", "expected"),
    [
        (timedelta(seconds=5), "0 min ago"),
        (timedelta(minutes=59), "59 min ago"),
        (timedelta(minutes=61), "today 09:41"),
        (timedelta(hours=10, minutes=43), "yesterday 23:59"),
        (timedelta(days=2), "23 Nov"),
        (timedelta(days=400), "21 Oct 2025"),
    ],
)
def test_when_something_was_by_the_schools_own_days(ago: timedelta, expected: str) -> None:
    assert words().when(NOW - ago) == expected


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ("1,234.5", "67\u00a0%", "3 h 5 min", "25 Nov", "Nairobi time (UTC+3)")),
        ("es", ("1.234,5", "67\u00a0%", "3 h 5 min", "25 nov", "hora de Nairobi (UTC+3)")),
        ("fr", ("1\u202f234,5", "67\u00a0%", "3 h 5 min", "25 nov.", "heure de Nairobi (UTC+3)")),
        ("hi", ("1,234.5", "67\u00a0%", "3 घं॰ 5 मि॰", "25 नव॰", "नैरोबी समय (UTC+3)")),
    ],
)
def test_each_language_writes_numbers_days_and_times_as_it_does(language: str, expected: tuple[str, ...]) -> None:
    said = words(language)
    found = said.number(1234.5, 1), said.percent(0.674), said.duration(11100), said.day(NOW), said.zone_name()
    assert found == expected


def test_a_period_is_days_of_the_school_both_included() -> None:
    week = period_of("7", None, None, words())
    assert [moment and moment.astimezone(UTC).isoformat() for moment in week.moments(words())] == [
        "2026-11-18T21:00:00+00:00",
        "2026-11-25T21:00:00+00:00",
    ]
    assert not period_of(None, None, None, words())


def test_days_without_work_are_there_and_long_gaps_are_named() -> None:
    rows = [{"day": datetime(2026, 11, day), "time_spent": 3600.0, "learners": 2, "sessions": 3} for day in (2, 6)]
    days = days_of(rows, datetime(2026, 11, 1).date(), datetime(2026, 11, 7).date())
    assert [day.sessions for day in days] == [0, 3, 0, 0, 0, 3, 0]
    drawn = chart(days, 4, words())
    assert [bar.dash for bar in drawn.hours] == [True, False, True, True, True, False, True]
    assert len(drawn.gaps) == 1
    assert drawn.with_work == 2
    mirrored = chart(days, 4, words("ar"))
    assert mirrored.hours[0].x > mirrored.hours[-1].x


def test_long_periods_are_weeks() -> None:
    first = datetime(2026, 1, 1).date()
    days = [Day(first + timedelta(days=number), 60.0, 1, 1) for number in range(120)]
    drawn = chart(days, 3, words())
    assert drawn.weeks
    assert len(drawn.hours) == 18
    assert sum(bar.day.seconds for bar in drawn.hours) == 120 * 60


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("3/4", "3/4"),
        ({"value": 7}, "7"),
        ({"a": {"b": ["x", "y"]}}, "x, y"),
        (1.50, "1.5"),
        ("", "left empty"),
        (None, "left empty"),
        ({}, "left empty"),
        ({"a": 1, "b": 2}, "an answer that cannot be shown"),
        ([{"x": 1}, {}], "an answer that cannot be shown"),
        (True, "an answer that cannot be shown"),
        ("a\n  b", "a b"),
    ],
)
def test_answers_are_read_as_a_person_reads_them(answer: object, expected: str) -> None:
    assert short_answer(answer, words()) == expected
    assert len(short_answer("x" * 500, words())) == 120


def test_the_simple_answer_is_that_of_the_last_answer() -> None:
    history = [
        {"type": "answer", "answer": {"v": "2/5"}, "correct": 0},
        {"type": "hint"},
        {"type": "answer", "answer": {"v": 1, "w": 2}, "correct": 1},
    ]
    given = list(given_at({"interaction_history": history, "simple_answer": "5/6", "correct": 0}, words()))
    assert [(each.kind, each.text, each.right) for each in given] == [
        ("answer", "2/5", False),
        ("hint", "", False),
        ("answer", "5/6", True),
    ]
