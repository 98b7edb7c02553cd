"""The activity of a class: its days, and the exercises that stop it."""

from datetime import date, timedelta

from msgspec import Struct

from learntrack.pages.class_page import column_groups, counts_by_content, grid, lessons_so_far
from learntrack.pages.class_view import WEEK, Facts
from learntrack.pages.days import Days, chart, date_of, days_of
from learntrack.pages.figures import Figures
from learntrack.pages.periods import Period
from learntrack.pages.school import ClassContent, ClassRoster
from learntrack.pages.states import Counts
from learntrack.pages.words import Words
from learntrack.reports.filters import ReportFilters
from learntrack.storage import Database

_MOST_YEARS = timedelta(days=3 * 366)
"""A longer period is cut at its beginning: nobody reads a chart of more weeks."""


class Stuck(Struct):
    """An exercise that stops somebody: the states of the class, and what the mastery-funnel report says."""

    content: ClassContent
    counts: Counts
    attempted: int
    mastered: int
    median_tries: float


class ActivityView(Struct):
    """What the page of a class's activity shows."""

    facts: Facts
    days: Days
    stuck: list[Stuck]
    of: int


async def activity_view(db: Database, school: ClassRoster, words: Words, period: Period, group: str) -> ActivityView:
    """The activity of a class, or of a group of it, in a period."""
    figures = Figures(db, school)
    states = await figures.states()
    await figures.know_titles(states)
    groups = column_groups(school, states)
    whole = grid(groups, school.learners, states)
    times = [line.last for line in whole.lines if line.last is not None]
    facts = Facts(
        worked=sum(words.now - last <= WEEK for last in times),
        so_far=lessons_so_far(groups, whole.lines),
        last=max(times, default=None),
        not_started=len(school.learners) - len(times),
        units=await figures.units(words),
    )
    learners = school.in_group(group or None)
    among = Figures(db, school.narrowed(learners))
    first, last = _shown(period, await _first_day(among, words), words.today)
    since, until = Period("days", first, last).moments(words)
    rows = await among.report("daily-activity", ReportFilters(since=since, until=until))
    shown = grid(groups, learners, states)
    counts = counts_by_content(shown.columns, shown.lines)
    stuck = [
        Stuck(
            school.content(row["content_id"], "exercise"),
            counts[row["content_id"]],
            row["attempted"],
            row["mastered"],
            row["median_tries"],
        )
        for row in await among.report("mastery-funnel", ReportFilters(since=since, until=until))
        if row["content_id"] in counts and row["attempted"] > row["mastered"]
    ]
    stuck.sort(key=lambda row: (-row.counts.help, row.mastered - row.attempted, row.content.title or ""))
    return ActivityView(facts, chart(days_of(rows, first, last), len(learners), words), stuck, len(learners))


def _shown(period: Period, first_work: date, today: date) -> tuple[date, date]:
    """The days of a period that are shown: no future ones, and at least the last one."""
    last = period.last or today
    first = period.first or min(first_work, last)
    last = max(first, min(last, today))
    return max(first, last - _MOST_YEARS), last


async def _first_day(figures: Figures, words: Words) -> date:
    """The first day with work; today where there is none."""
    return min((date_of(row["day"]) for row in await figures.report("daily-activity")), default=words.today)
