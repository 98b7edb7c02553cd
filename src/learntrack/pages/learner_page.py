"""A learner: what next, progress over time, contents by lesson, and tries with their answers."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import islice

from msgspec import Struct

from learntrack.pages.asked import Asked
from learntrack.pages.class_page import ColumnGroup, Line, States, column_groups, grid, line_of, listed
from learntrack.pages.class_view import averages_of
from learntrack.pages.figures import Figures, median
from learntrack.pages.help import STRIP, Reason, Recent, reason_of, recent_of
from learntrack.pages.learner_tries import LearnerTry, tries_shown
from learntrack.pages.periods import Period
from learntrack.pages.school import ClassContent, ClassLearner, ClassRoster
from learntrack.pages.states import State
from learntrack.pages.stretch import Stretch, groups_in, stretch_of
from learntrack.pages.units import tests_of
from learntrack.pages.words import Words
from learntrack.reports.filters import ReportFilters
from learntrack.storage import Database

NEXT = 5
TRIES = 20
"""Tries that are shown at first."""
_MONTH = 30
_WEEK = 7
_FEW = 20
"""Answers below which per cent say nothing."""


class Next(Struct):
    """What to do next: what needs help, then what was begun and left, then what comes next in the lesson."""

    content: ClassContent
    state: State
    reason: Reason
    recent: Recent | None


class Share(Struct):
    """So many of so many answers were right."""

    right: float = 0.0
    of: float = 0.0

    @property
    def is_few(self) -> bool:
        """Whether per cent would say more than is known."""
        return self.of < _FEW

    @property
    def share(self) -> float:
        """As a share."""
        return self.right / self.of if self.of else 0.0


class Point(Struct):
    """How much was done by a day: by the learner, and by the median of the class."""

    day: date
    own: int
    of_class: float | None


class LearnerView(Struct):
    """What the page of a learner shows. What is about the class is None where it is not shown.

    `columns` are the contents as they are listed, those of several lessons in each; `states` the learner's in each, by
    its id, None where it is not theirs. `line` counts each once.
    """

    learner: ClassLearner
    groups: list[str]
    line: Line
    columns: list[ColumnGroup]
    states: dict[str, State | None]
    class_done: float | None
    right: Share
    class_right: Share | None
    days_worked: int
    following: list[Next]
    points: list[Point]
    tries: list[LearnerTry]
    all_tries: int
    before: ClassLearner | None = None
    after: ClassLearner | None = None


async def learner_view(
    db: Database,
    school: ClassRoster,
    learner: ClassLearner,
    words: Words,
    asked: Asked,
    *,
    beside_class: bool,
    most: int,
) -> LearnerView:
    """The page of a learner of a class, whose figures stand beside theirs; or (`beside_class` is false) of who looks at
    their own. `asked` has the order and group of the grid that one comes from; `most` is how many tries to show.
    """
    figures, own = Figures(db, school), Figures(db, school.narrowed([learner]))
    averages = averages_of(await figures.quiz_scores()) if beside_class else {}
    states = await figures.states()
    await figures.know_titles(states)
    groups = column_groups(school, states)
    lines = grid(groups, school.in_group(asked.group or None), states, sort=asked.sort).lines
    line = line_of(learner, [column for group in groups for column in group.columns], states)
    rows, attempts = await own.tries_of(learner.id)
    school.contents |= tests_of(await figures.units(words), words)
    before, after = _neighbours(learner, [each.learner for each in lines])
    return LearnerView(
        learner=learner,
        groups=[name for key, name in school.groups.items() if key in learner.places],
        line=line,
        columns=listed(school, groups),
        states=_by_content(groups, line),
        class_done=median([each.counts.done for each in lines]) if beside_class else None,
        right=await _right(own, words, figures.used),
        class_right=await _right(figures, words, figures.used) if beside_class else None,
        days_worked=await _days_worked(own, words),
        following=await _following(own, line, columns_contents(groups), averages, words),
        points=_points(learner, states, school, words, beside_class=beside_class),
        tries=await tries_shown(db, school, rows[:most], rows, attempts, words),
        all_tries=len(rows),
        before=before,
        after=after,
    )


def _neighbours(
    learner: ClassLearner, order: Sequence[ClassLearner]
) -> tuple[ClassLearner | None, ClassLearner | None]:
    """Who comes before and after a learner, where they are in this order."""
    at = next((number for number, each in enumerate(order) if each.id == learner.id), None)
    if at is None:
        return None, None
    return order[at - 1] if at else None, order[at + 1] if at + 1 < len(order) else None


def columns_contents(groups: Sequence[ColumnGroup]) -> list[ClassContent]:
    """The contents of a grid, in order."""
    return [column.content for group in groups for column in group.columns]


def _by_content(groups: Sequence[ColumnGroup], line: Line) -> dict[str, State | None]:
    return {content.id: cell for content, cell in zip(columns_contents(groups), line.cells, strict=True)}


async def _right(figures: Figures, words: Words, used: Mapping[str, datetime]) -> Share:
    """How many answers of the last 30 days were right; `used` says since when there are none at each content."""
    first = words.today - timedelta(days=_MONTH - 1)
    since, until = Period("days", first, words.today).moments(words)
    contents = frozenset(content for content, last in used.items() if since is None or last >= since)
    asked = ReportFilters(since=since, until=until, attempts="all", contents=contents)
    rows = await figures.report("item-analysis", asked) if contents else []
    return Share(sum(row["difficulty"] * row["attempts"] for row in rows), sum(row["attempts"] for row in rows))


async def _days_worked(figures: Figures, words: Words) -> int:
    first = words.today - timedelta(days=_WEEK - 1)
    since, until = Period("days", first, words.today).moments(words)
    return len(await figures.report("daily-activity", ReportFilters(since=since, until=until)))


async def _following(
    figures: Figures, line: Line, contents: Sequence[ClassContent], averages: Mapping[str, float], words: Words
) -> list[Next]:
    pairs = [(content, cell) for content, cell in zip(contents, line.cells, strict=True) if cell is not None]
    begun = [pair for pair in pairs if pair[1].word in ("help", "started") and pair[1].last is not None]
    begun.sort(key=lambda pair: (pair[1].word != "help", words.now - (pair[1].last or words.now)))
    stuck = [(line.learner.id, content.id) for content, cell in begun[:NEXT] if cell.word == "help"]
    recent = recent_of(await figures.logs.recent_tries(figures.readable, stuck, answers=STRIP), words)
    found = []
    for content, cell in begun[:NEXT]:
        last = recent.get((line.learner.id, content.id))
        if cell.word == "help":
            found.append(Next(content, cell, reason_of(cell, last, averages.get(content.id), words), last))
        else:
            found.append(Next(content, cell, _left(cell, words), None))
    return found


def _left(state: State, words: Words) -> Reason:
    assert state.last is not None
    return Reason(
        words.say("%(share)s done", share=words.percent(state.progress)),
        words.say("left on %(day)s", day=words.day(state.last)),
    )


def next_to_begin(view: LearnerView) -> ClassContent | None:
    """What comes next in the lessons and was not begun."""
    for group in view.columns:
        for content, cell in zip([column.content for column in group.columns], cells_of(view, group), strict=True):
            if cell is not None and cell.word == "none":
                return content
    return None


def contents_shown(
    view: LearnerView, chosen: str, skip: str | None
) -> tuple[list[tuple[ColumnGroup, list[State | None]]], Stretch]:
    """The contents of the chosen lesson, or of `all`, each group with the learner's states in it."""
    groups = [group for group in view.columns if chosen == "all" or (group.lesson and group.lesson.id == chosen)]
    cells = [cell for group in groups for cell in cells_of(view, group)]
    stretch = stretch_of(len(cells), skip)
    left = iter(stretch.of(cells))
    return [(group, list(islice(left, len(group.columns)))) for group in groups_in(groups, stretch)], stretch


def cells_of(view: LearnerView, group: ColumnGroup) -> list[State | None]:
    """The learner's states in the contents of a group of columns."""
    return [view.states[column.content.id] for column in group.columns]


def _points(
    learner: ClassLearner, states: States, school: ClassRoster, words: Words, *, beside_class: bool
) -> list[Point]:
    """Contents done by the end of each week, from the first that was done until today."""
    done: dict[str, list[date]] = defaultdict(list)
    for (user, _), state in states.items():
        if state.word == "done" and (moment := state.done_at) is not None:
            done[user].append(words.local(moment).date())
    begun = min((day for days in done.values() for day in days), default=None)
    if begun is None:
        return []
    first = begun - timedelta(days=1)
    for each in done.values():
        each.sort()
    weeks = range((words.today - first).days // _WEEK + 1)
    days = sorted({*(words.today - timedelta(weeks=number) for number in weeks), first})
    return [
        Point(
            day,
            bisect_right(done[learner.id], day),
            median([bisect_right(done[one.id], day) for one in school.learners]) if beside_class else None,
        )
        for day in days
    ]
