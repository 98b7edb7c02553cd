"""Weeks in which somebody comes back are those of the calendar."""

from collections import Counter
from datetime import date, timedelta

from learntrack.domain.moments import at_milliseconds
from learntrack.reports.counted.retention import _rows, _week

DAYS = [date(1969, 12, 20) + timedelta(days=number) for number in range(0, 40_000, 3)]


def test_a_week_is_that_of_the_calendar() -> None:
    weeks: dict[int, set[tuple[int, int]]] = {}
    for day in DAYS:
        weeks.setdefault(_week(day), set()).add(day.isocalendar()[:2])

    assert all(len(of_calendar) == 1 for of_calendar in weeks.values())
    assert len(weeks) == len({day.isocalendar()[:2] for day in DAYS})


def test_a_cohort_is_told_of_by_its_monday_and_who_came_again_as_a_share() -> None:
    week = _week(date(2026, 3, 4))

    rows = _rows(week, Counter({week: 4, week + 1: 1, week + 3: 2}))

    assert [at_milliseconds(row[0]).date() for row in rows] == [date(2026, 3, 2)] * 3
    assert [row[1:] for row in rows] == [(0, 4, 1.0), (1, 1, 0.25), (3, 2, 0.5)]
