"""Days with and without work, and the axes of the charts that show them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from math import ceil

from msgspec import Struct

from learntrack.pages.words import Words
from learntrack.storage.database import Row

MOST_DAYS = 92
"""More than so many days are shown as weeks."""
_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


class Day(Struct):
    """A day, or the week that begins with it: seconds of all learners, and how many of them were at work."""

    first: date
    seconds: float = 0.0
    learners: int = 0
    sessions: int = 0


class Bar(Struct):
    """A bar of the days' chart, in per cent of its width and pixels of its height; `dash`: nothing was done."""

    x: float
    width: float
    height: float
    dash: bool
    today: bool
    day: Day


class Tick(Struct):
    """A mark on an axis: where, and what it says; `spare` ones are left out where there is little room."""

    at: float
    text: str
    spare: bool = False


class Days(Struct):
    """What the days' charts show."""

    days: list[Day]
    weeks: bool
    hours: list[Bar]
    people: list[Bar]
    hour_ticks: list[Tick]
    people_ticks: list[Tick]
    labels: list[Tick]
    weekends: list[tuple[float, float]]
    gaps: list[float]

    @property
    def seconds(self) -> float:
        """The time of all of them."""
        return sum(day.seconds for day in self.days)

    @property
    def with_work(self) -> int:
        """Days on which somebody worked."""
        return sum(day.sessions > 0 for day in self.days)

    @property
    def best(self) -> Day:
        """The day with most time."""
        return max(self.days, key=lambda day: day.seconds)


def days_of(rows: Sequence[Row], first: date, last: date) -> list[Day]:
    """Every day from the first to the last, with what rows of the daily-activity report say of it."""
    found = {date_of(row["day"]): row for row in rows}
    days = [first + timedelta(days=number) for number in range(max(0, (last - first).days) + 1)]
    return [_day(day, found.get(day)) for day in days]


def _day(day: date, row: Mapping[str, float] | None) -> Day:
    if row is None:
        return Day(day)
    return Day(day, row["time_spent"], int(row["learners"]), int(row["sessions"]))


def date_of(moment: date) -> date:
    """The day of a row's moment."""
    return moment.date() if isinstance(moment, datetime) else moment


def by_week(days: Sequence[Day]) -> list[Day]:
    """The weeks of these days, from Mondays; of learners the most on one day, since who was there twice counts once."""
    weeks: dict[date, Day] = {}
    for day in days:
        monday = day.first - timedelta(days=day.first.weekday())
        week = weeks.setdefault(monday, Day(monday))
        week.seconds += day.seconds
        week.sessions += day.sessions
        week.learners = max(week.learners, day.learners)
    return list(weeks.values())


def chart(days: list[Day], learners: int, words: Words, *, height: int = 170, people_height: int = 84) -> Days:
    """The charts of these days: hours of all learners, and learners at work."""
    weeks = len(days) > MOST_DAYS
    shown = by_week(days) if weeks else days
    step = 100 / max(1, len(shown))
    most, hour_ticks = _axis(max((day.seconds / 3600 for day in shown), default=0.0), height, words)
    hours = [
        _bar(number, day, step, day.seconds / 3600 / most * height, words, weeks) for number, day in enumerate(shown)
    ]
    top = max(1, learners)
    people = [
        _bar(number, day, step, min(1.0, day.learners / top) * people_height, words, weeks)
        for number, day in enumerate(shown)
    ]
    halves = {0, ceil(top / 2), top}
    people_ticks = [Tick(people_height - value / top * people_height, words.number(value)) for value in sorted(halves)]
    every = ceil(len(shown) / 12) if weeks else 0
    labels = _apart(
        [
            Tick((number + 0.5) * step, words.day(day.first))
            for number, day in enumerate(shown)
            if (number % every == 0 if weeks else day.first.weekday() == 0 or number == 0)
        ]
    )
    rest = _weekend(words)
    weekends = (
        [] if weeks else [(number * step, step) for number, day in enumerate(shown) if day.first.weekday() in rest]
    )
    found = Days(days, weeks, hours, people, hour_ticks, people_ticks, labels, weekends, _gaps(shown, step))
    return _mirrored(found) if words.direction == "rtl" else found


def _mirrored(days: Days) -> Days:
    """The charts for who reads from right to left: time runs so, too."""
    for bar in (*days.hours, *days.people):
        bar.x = round(100 - bar.x - bar.width, 2)
    for label in days.labels:
        label.at = 100 - label.at
    days.weekends = [(100 - x - width, width) for x, width in days.weekends]
    days.gaps = [100 - x for x in days.gaps]
    return days


def _bar(number: int, day: Day, step: float, height: float, words: Words, weeks: bool) -> Bar:
    ends = day.first + timedelta(days=6 if weeks else 0)
    width = step * 0.7
    x = number * step + (step - width) / 2
    return Bar(round(x, 2), round(width, 2), round(max(height, 2.0), 1), day.sessions == 0, ends >= words.today, day)


def _axis(most: float, height: int, words: Words) -> tuple[float, list[Tick]]:
    """Three or four round marks of hours, from nothing to at least the most."""
    step = next((each for each in (0.1, 0.25, 0.5, *_STEPS) if most / each <= 3), _STEPS[-1] * ceil(most / 3000))
    marks = max(1, ceil(most / step))
    top = step * marks
    return top, [Tick(height - number / marks * height, _hours(number * step, words)) for number in range(marks + 1)]


def _hours(hours: float, words: Words) -> str:
    return words.say("%(hours)s h", hours=words.number(hours, 2)) if hours else words.number(0)


def _weekend(words: Words) -> set[int]:
    """Saturday and Sunday, but where the week of the language's region ends otherwise."""
    start, end = words.locale.weekend_start, words.locale.weekend_end
    return {(start + number) % 7 for number in range((end - start) % 7 + 1)}


def _apart(labels: list[Tick], least: float = 7.0) -> list[Tick]:
    """The labels that do not run into the one before."""
    kept: list[Tick] = []
    for label in labels:
        if not kept or label.at - kept[-1].at >= least:
            kept.append(label)
        elif len(kept) == 1:
            kept[0] = label  # a Monday says more than the first day
    for label in kept[-2::-2]:
        label.spare = True
    return kept


def _gaps(days: Sequence[Day], step: float, least: int = 3) -> list[float]:
    """The middles of at least three days in a row without work."""
    found, run = [], 0
    for number, day in enumerate([*days, None]):
        if day is not None and day.sessions == 0:
            run += 1
            continue
        if run >= least:
            found.append((number - run / 2) * step)
        run = 0
    return found


def small_bars(days: Sequence[Day], *, height: int = 30) -> list[tuple[float, float, bool]]:
    """Of each day `(x, height, dash)` of a bar in a small chart, 10 pixels a day."""
    most = max((day.seconds for day in days), default=0.0) or 1.0
    return [
        (10 * number, 1.5 if day.sessions == 0 else max(2.0, round(height * day.seconds / most, 1)), day.sessions == 0)
        for number, day in enumerate(days)
    ]
