"""What the page of a class shows: who needs help, what to look at again, the grid, and what is assigned."""

import asyncio
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from hashlib import blake2s

from msgspec import Struct

from learntrack.access.may_read import Readable
from learntrack.logs.service import Logs
from learntrack.pages.asked import Asked
from learntrack.pages.class_page import (
    ColumnGroup,
    Grid,
    Line,
    States,
    column_groups,
    counts_by_content,
    grid,
    lesson_columns,
    lesson_counts,
    lessons_so_far,
    line_of,
    listed,
    used_in,
)
from learntrack.pages.figures import Figures
from learntrack.pages.help import LOOK_AGAIN, STRIP, Again, Need, give_reasons, look_again, needs, recent_of
from learntrack.pages.periods import Period
from learntrack.pages.rules import Rule
from learntrack.pages.school import ClassContent, ClassLesson, ClassRoster
from learntrack.pages.states import Counts
from learntrack.pages.stretch import LEARNERS_AT_ONCE, places_of
from learntrack.pages.units import Unit
from learntrack.pages.words import Words
from learntrack.storage import Database
from learntrack.storage.database import Row

WEEK = timedelta(days=7)


class LessonCard(Struct):
    """A lesson with its learners' states."""

    lesson: ClassLesson
    counts: Counts


class QuizCard(Struct):
    """A quiz: how many it is assigned to, have finished it, how many of those are below what is enough, the mean."""

    content: ClassContent
    of: int
    finished: int
    below: int
    average: float | None


class Facts(Struct):
    """What stands under the name of a class."""

    worked: int
    so_far: int | None
    last: datetime | None
    not_started: int
    units: list[Unit]


class ClassView(Struct):
    """Everything that the page of a class shows."""

    school: ClassRoster
    grid: Grid
    everybody: list[Line]
    places: dict[str, tuple[str, str]]
    needs: list[Need]
    again: list[Again]
    lessons: list[LessonCard]
    quizzes: list[QuizCard]
    units: list[Unit]
    worked: int
    so_far: int | None
    last: datetime | None
    rule: Rule

    @property
    def not_started(self) -> int:
        """How many learners have not begun anything."""
        return sum(line.last is None for line in self.everybody)

    def worked_on(self, day: date, words: Words) -> int:
        """How many learners have last worked on this day."""
        return sum(line.last is not None and words.local(line.last).date() == day for line in self.everybody)

    @property
    def order(self) -> str:
        """The order of the rows in short, so that an open page notices when it would be another."""
        ids = ",".join(
            [*(line.learner.id for line in self.grid.lines), *(each.content.id for each in self.grid.columns)]
        )
        return blake2s(ids.encode(), digest_size=8).hexdigest()


async def class_view(db: Database, school: ClassRoster, words: Words, asked: Asked, period: Period) -> ClassView:
    """The page of a class."""
    figures = Figures(db, school)
    results = await figures.quiz_scores()
    everything, units = await asyncio.gather(figures.states(), figures.units(words))
    within = used_in(everything, period, words) if period else everything
    await figures.know_titles(everything)
    groups = column_groups(school, everything)
    whole = grid(groups, school.learners, everything)
    shown = grid(
        _of_lesson(school, asked.lesson) if asked.lesson else column_groups(school, everything),
        school.in_group(asked.group or None),
        within,
        search=asked.search,
        sort=asked.sort,
    )
    counts = counts_by_content(whole.columns, whole.lines)
    needed, again = await _help(db, figures, whole, counts, results, words)
    times = [line.last for line in whole.lines if line.last is not None]
    return ClassView(
        school=school,
        grid=shown,
        everybody=whole.lines,
        places=places_of(listed(school, groups)),
        needs=needed,
        again=again,
        lessons=_lesson_cards(school, everything),
        quizzes=_quiz_cards(school, results, school.rule.quiz),
        units=units,
        worked=sum(words.now - last <= WEEK for last in times),
        so_far=lessons_so_far(groups, whole.lines),
        last=max(times, default=None),
        rule=school.rule,
    )


async def _help(
    db: Database,
    figures: Figures,
    whole: Grid,
    counts: Mapping[str, Counts],
    results: Mapping[tuple[str, str], Row],
    words: Words,
) -> tuple[list[Need], list[Again]]:
    needed = needs(whole.columns, whole.lines, words)
    again = look_again(whole.columns, whole.lines, counts)
    shown = needed[:LEARNERS_AT_ONCE]
    tries, _ = await asyncio.gather(
        Logs(db).recent_tries(
            Readable([need.learner.id for need in shown]), [need.pair for need in shown], answers=STRIP
        ),
        figures.commonest_wrong(again[:LOOK_AGAIN]),
    )
    give_reasons(shown, recent_of(tries, words), averages_of(results), words)
    return needed, again


def averages_of(results: Mapping[tuple[str, str], Row]) -> dict[str, float]:
    """The mean score of each quiz, of those who have handed it in."""
    scores: dict[str, list[float]] = {}
    for (_, quiz), row in results.items():
        if row["status"] == "finished" and row["score"] is not None:
            scores.setdefault(quiz, []).append(row["score"])
    return {quiz: sum(found) / len(found) for quiz, found in scores.items()}


def _of_lesson(school: ClassRoster, lesson_id: str) -> list[ColumnGroup]:
    """The contents of a lesson of the class; nothing where it has none of this id."""
    return [
        ColumnGroup(lesson, columns)
        for lesson in school.lessons
        if lesson.id == lesson_id and (columns := lesson_columns(school, lesson))
    ]


def _lesson_cards(school: ClassRoster, states: States) -> list[LessonCard]:
    cards = []
    for lesson in school.lessons:
        columns, learners = lesson_columns(school, lesson), school.assigned(lesson.places)
        lines = [line_of(learner, columns, states) for learner in learners]
        nothing_in_it = Counts(of=len(learners))
        cards.append(LessonCard(lesson, lesson_counts(columns, lines) if columns else nothing_in_it))
    return cards


def _quiz_cards(school: ClassRoster, results: Mapping[tuple[str, str], Row], enough: float) -> list[QuizCard]:
    averages = averages_of(results)
    cards = []
    for quiz, places in school.quizzes.items():
        rows = [row for (_, each), row in results.items() if each == quiz]
        scores = [row["score"] for row in rows if row["status"] == "finished"]
        below = sum(score is not None and score < enough for score in scores)
        of = max(len(school.assigned(places)), len(rows))
        cards.append(QuizCard(school.content(quiz), of, len(scores), below, averages.get(quiz)))
    return cards
