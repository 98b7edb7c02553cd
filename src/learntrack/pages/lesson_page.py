"""A lesson: its contents in order, who is where, and how long it takes."""

from msgspec import Struct

from learntrack.pages.class_page import (
    ColumnGroup,
    GridColumn,
    Line,
    States,
    counts_by_content,
    grid,
    lesson_columns,
    lesson_counts,
)
from learntrack.pages.figures import Figures
from learntrack.pages.school import ClassLearner, ClassLesson, ClassRoster
from learntrack.pages.states import Counts
from learntrack.pages.words import Words
from learntrack.storage import Database


class ContentRow(Struct):
    """A content of the lesson: who needs help with it, the latest first, and the mean time of those who have begun."""

    column: GridColumn
    counts: Counts
    learners: list[ClassLearner]
    average_time: float | None
    score: float | None
    groups: list[str]


class LessonView(Struct):
    """What the page of a lesson shows; times are in seconds."""

    lesson: ClassLesson
    rows: list[ContentRow]
    counts: Counts
    average_time: float | None
    groups: list[str]
    before: ClassLesson | None
    after: ClassLesson | None


async def lesson_view(db: Database, school: ClassRoster, lesson: ClassLesson) -> LessonView:
    """The page of a lesson."""
    figures = Figures(db, school)
    states = await figures.states()
    columns, lines = _of_lesson(school, lesson, states)
    counts = counts_by_content(columns, lines)
    numbered = {each.number: each for each in school.lessons}
    times = [line.time_spent for line in lines if line.time_spent > 0]
    return LessonView(
        lesson=lesson,
        rows=[_row(school, lesson, number, column, counts, lines) for number, column in enumerate(columns)],
        counts=lesson_counts(columns, lines),
        average_time=sum(times) / len(times) if times else None,
        groups=school.groups_among(lesson.places),
        before=numbered.get(lesson.number - 1),
        after=numbered.get(lesson.number + 1),
    )


def _of_lesson(school: ClassRoster, lesson: ClassLesson, states: States) -> tuple[list[GridColumn], list[Line]]:
    """The lesson's contents, those among them that an earlier lesson has too, and whose the lesson is."""
    groups = [ColumnGroup(lesson, lesson_columns(school, lesson))]
    found = grid(groups, school.assigned(lesson.places), states, sort="name")
    return found.columns, found.lines


def _row(
    school: ClassRoster,
    lesson: ClassLesson,
    number: int,
    column: GridColumn,
    counts: dict[str, Counts],
    lines: list[Line],
) -> ContentRow:
    cells = [(line.learner, cell) for line in lines if (cell := line.cells[number]) is not None]
    stuck = [(cell.last, learner) for learner, cell in cells if cell.word == "help" and cell.last is not None]
    times = [cell.time_spent for _, cell in cells if cell.time_spent > 0]
    scores = [cell.score for _, cell in cells if cell.score is not None]
    content = column.content.id
    return ContentRow(
        column=column,
        counts=counts[content],
        learners=[learner for _, learner in sorted(stuck, key=lambda each: each[0], reverse=True)],
        average_time=sum(times) / len(times) if times else None,
        score=sum(scores) / len(scores) if scores else None,
        groups=school.groups_among(school.quizzes.get(content, lesson.places)),
    )


def lesson_said(view: LessonView, school: ClassRoster, words: Words) -> str:
    """What stands above the title: which lesson it is, and for whom."""
    number = words.say(
        "Lesson %(number)s of %(all)s", number=words.number(view.lesson.number), all=words.number(len(school.lessons))
    )
    return f"{number} · {whom_in_words(view.groups, words)}"


def whom_in_words(groups: list[str], words: Words) -> str:
    """For whom something is."""
    if not groups:
        return words.say("for everybody")
    if len(groups) == 1:
        return words.say("for the group %(name)s", name=groups[0])
    return words.say("for the groups %(names)s", names=words.together(groups))
