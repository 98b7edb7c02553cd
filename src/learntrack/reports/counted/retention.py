"""Who comes back: the report `retention`, from learner-days and the sessions of days that are not among them yet."""

from collections import Counter, defaultdict
from collections.abc import AsyncGenerator
from datetime import date
from functools import cache

from learntrack.documents import ContentSession
from learntrack.domain.moments import at_milliseconds, milliseconds
from learntrack.domain.portions import in_parts
from learntrack.domain.time_zones import day_of
from learntrack.reports.counted.asked import BATCH, MOST_ROWS, CountedAbout, TooMany, learner_days
from learntrack.reports.learner_days import KeptDays
from learntrack.reports.parts import ROWS, Parts
from learntrack.storage.reading import Reading
from learntrack.storage.some_fields import SomeFields, Values

_DAY_MILLISECONDS = 24 * 60 * 60 * 1000
_MONDAY = 1
"""The ordinal of the first Monday of all (`date.toordinal`)."""


async def retention(db: Reading, about: CountedAbout) -> Parts:
    """The rows of the report, where learner-days answer it.

    Raises:
        TooMany: there are more learners in weeks than are held here.

    """
    assert about.days is not None, "else sessions are asked"
    weeks: dict[str, set[int]] = defaultdict(set)
    begun: dict[str, int] = {}
    held = 0
    async for visits in _visits(db, about, about.days):
        for user, week, first in visits:
            theirs = weeks[user]
            held -= len(theirs)
            theirs.add(week)
            held += len(theirs)
            begun[user] = min(begun.get(user, first), first)
        if held > MOST_ROWS:
            raise TooMany
    since, until = (about.period.get(end) and milliseconds(about.period[end]) for end in ("$gte", "$lt"))
    cohorts: dict[int, Counter[int]] = defaultdict(Counter)
    for user, theirs in weeks.items():
        if (since is None or begun[user] >= since) and (until is None or begun[user] < until):
            cohorts[min(theirs)].update(theirs)
    rows = [row for cohort, came in sorted(cohorts.items()) for row in _rows(cohort, came)]
    for part in in_parts(rows, ROWS):
        yield part


def _rows(cohort: int, came: Counter[int]) -> list[Values]:
    size = max(came.values())
    monday = (cohort * 7 + _MONDAY - date(1970, 1, 1).toordinal()) * _DAY_MILLISECONDS
    return [(monday, week - cohort, learners, learners / size) for week, learners in sorted(came.items())]


async def _visits(db: Reading, about: CountedAbout, days: KeptDays) -> AsyncGenerator[list[tuple[str, int, int]], None]:
    """Who came, in which week, counted from the first of all, and when. Indexes: facility_day, facility_start."""

    @cache
    def week_of(day: str) -> int:
        return _week(date.fromisoformat(day))

    async for part in learner_days(db, about, days.params["days_ever"], ("user_id", "day", "first")):
        yield [(user, week_of(day), first) for user, day, first in part]
    sessions = SomeFields(("user_id", "start_timestamp"))
    async for part in db.parts(ContentSession, days.params["live_ever"], sessions, batch=BATCH):
        yield [
            (user, _week(day_of(at_milliseconds(began), about.timezone)), began)
            for user, began in part
            if user is not None
        ]


def _week(day: date) -> int:
    return (day.toordinal() - _MONDAY) // 7
