"""A class on one page: learners by contents, in the order that the coach asks for."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from learntrack.domain.shares import per_cent
from learntrack.pages.periods import Period
from learntrack.pages.school import ClassContent, ClassLearner, ClassLesson, ClassRoster
from learntrack.pages.states import NOT_STARTED, Counts, State, counted
from learntrack.pages.words import Words

SORTS = ("help", "name", "done", "time", "last")
_QUIZ = "quiz"
"""The kind of what is nobody's who has not begun it, once it is not the class's."""
States = Mapping[tuple[str, str], State]
"""The state of a learner in a content, by both ids; what was never used is not in it."""


def used_in(states: States, period: Period, words: Words) -> States:
    """The states of what was last used in a period."""
    since, until = period.moments(words)
    return {
        pair: state
        for pair, state in states.items()
        if state.last is not None and (since is None or state.last >= since) and (until is None or state.last < until)
    }


class GridColumn(Struct):
    """A content of the grid. `learners` are those to whom it is assigned, None for everybody in the class."""

    content: ClassContent
    lesson: ClassLesson | None
    learners: frozenset[str] | None
    help: int = 0

    def concerns(self, learner: str) -> bool:
        """Whether it is a content of this learner's."""
        return self.learners is None or learner in self.learners


class ColumnGroup(Struct):
    """Contents beside each other: those of a lesson, or (without one) quizzes or what is left."""

    lesson: ClassLesson | None
    columns: list[GridColumn]
    of_quizzes: bool = False


class Line(Struct):
    """A learner's row. A cell is None where the content is not the learner's."""

    learner: ClassLearner
    cells: list[State | None]
    counts: Counts
    time_spent: float
    last: datetime | None


class Grid(Struct):
    """Learners by contents."""

    groups: list[ColumnGroup]
    lines: list[Line]

    @property
    def columns(self) -> list[GridColumn]:
        """All contents, in order."""
        return [column for group in self.groups for column in group.columns]


def column_groups(school: ClassRoster, states: States) -> list[ColumnGroup]:
    """The contents of the class in order: by lesson and place in it, then the other quizzes, then what else was used,
    by kind and then by first use.
    """
    groups = []
    seen: set[str] = set()
    for lesson in school.lessons:
        columns = [_column(school, content, lesson) for content in _once(lesson.content_ids) if content not in seen]
        seen |= set(lesson.content_ids)
        if columns:
            groups.append(ColumnGroup(lesson, columns))
    quizzes = [_column(school, quiz, None) for quiz in school.quizzes if quiz not in seen]
    if quizzes:
        groups.append(ColumnGroup(None, quizzes, of_quizzes=True))
    seen |= set(school.quizzes)
    used: dict[str, tuple[str, datetime]] = {}
    for (_, content), state in states.items():
        if content not in seen and state.last is not None:
            kind, first = used.get(content, (state.kind, state.last))
            used[content] = kind, min(first, state.last)
    others = [
        GridColumn(school.content(content, kind), None, None if kind != _QUIZ else frozenset())
        for content, (kind, _) in sorted(used.items(), key=lambda each: (*each[1], each[0]))
    ]
    if others:
        groups.append(ColumnGroup(None, others))
    return groups


def lesson_columns(school: ClassRoster, lesson: ClassLesson) -> list[GridColumn]:
    """The contents of a lesson, those among them that an earlier lesson has too."""
    return [_column(school, content, lesson) for content in _once(lesson.content_ids)]


def listed(school: ClassRoster, groups: Sequence[ColumnGroup]) -> list[ColumnGroup]:
    """The contents as a learner's page lists them: under each lesson all of it, so that one of two lessons is listed
    in both, and then the other groups.
    """
    lessons = [ColumnGroup(lesson, lesson_columns(school, lesson)) for lesson in school.lessons if lesson.content_ids]
    return [*lessons, *(group for group in groups if group.lesson is None)]


def _once(contents: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(contents))


def _column(school: ClassRoster, content: str, lesson: ClassLesson | None) -> GridColumn:
    assigned = frozenset(each.id for each in school.assigned(school.places_of(content)))
    return GridColumn(school.content(content), lesson, None if len(assigned) == len(school.learners) else assigned)


def grid(
    groups: list[ColumnGroup],
    learners: Sequence[ClassLearner],
    states: States,
    *,
    search: str = "",
    sort: str = "help",
) -> Grid:
    """The grid of these learners, narrowed to names with `search` in them, and sorted.

    What is asked for beside that counts for the columns too: `help` is of the learners that are shown.
    """
    columns = [column for group in groups for column in group.columns]
    wanted = search.casefold().strip()
    lines = [line_of(learner, columns, states) for learner in learners if wanted in learner.name.casefold()]
    for number, column in enumerate(columns):
        column.help = sum(cell is not None and cell.word == "help" for line in lines for cell in [line.cells[number]])
    return Grid(groups, sorted(lines, key=_ORDERS.get(sort, _ORDERS["help"])))


def line_of(learner: ClassLearner, columns: Sequence[GridColumn], states: States) -> Line:
    """A learner's row."""
    cells = [
        states.get((learner.id, column.content.id), NOT_STARTED if column.concerns(learner.id) else None)
        for column in columns
    ]
    there = [cell for cell in cells if cell is not None]
    times = [cell.last for cell in there if cell.last is not None]
    return Line(learner, cells, counted(there), sum(cell.time_spent for cell in there), max(times) if times else None)


_ORDERS: Mapping[str, Callable[[Line], tuple[float | str, ...]]] = {
    "help": lambda line: (-line.counts.help, _name(line)),
    "name": lambda line: (_name(line),),
    "done": lambda line: (-line.counts.done, _name(line)),
    "time": lambda line: (-line.time_spent, _name(line)),
    "last": lambda line: (-line.last.timestamp() if line.last else 0, _name(line)),
}
"""How learners are sorted: what needs the eye first, and of equal ones by name."""


def _name(line: Line) -> str:
    return line.learner.name.casefold()


def lessons_so_far(groups: Sequence[ColumnGroup], lines: Sequence[Line]) -> int | None:
    """How much of the lessons that somebody has begun is done, in whole per cent; None where there is none."""
    done = of = at = 0
    for group in groups:
        width = len(group.columns)
        cells = [cell for line in lines for cell in line.cells[at : at + width] if cell is not None]
        at += width
        if group.lesson is not None and any(cell.word != "none" for cell in cells):
            done += sum(cell.word == "done" for cell in cells)
            of += len(cells)
    return per_cent(done / of) if of else None


def counts_by_content(columns: Sequence[GridColumn], lines: Sequence[Line]) -> dict[str, Counts]:
    """Of each content, how many of those whose it is are in which state."""
    return {
        column.content.id: counted([cell for line in lines if (cell := line.cells[number]) is not None])
        for number, column in enumerate(columns)
    }


def lesson_counts(columns: Sequence[GridColumn], lines: Sequence[Line]) -> Counts:
    """How many learners need help in these contents at least once, are under way, have finished all, or not begun."""
    counts = Counts()
    for line in lines:
        cells = [cell for cell in line.cells if cell is not None]
        if not cells:
            continue
        words = {cell.word for cell in cells}
        if "help" in words:
            counts.add("help")
        elif words == {"done"}:
            counts.add("done")
        else:
            counts.add("none" if words == {"none"} else "started")
    return counts
