"""The tables of the pages as CSV: the same rows and columns, in the same order, in the same language."""

import re
from collections.abc import Sequence
from typing import Any

from litestar import Response
from litestar.response import Stream
from msgspec import Struct

from learntrack.pages.activity_page import Stuck
from learntrack.pages.class_page import Grid
from learntrack.pages.days import Day
from learntrack.pages.learner_tries import LearnerTry
from learntrack.pages.lesson_page import LessonView
from learntrack.pages.quiz_page import QuizAnswer, QuizView
from learntrack.pages.school import ClassContent
from learntrack.pages.states import State
from learntrack.pages.units import Unit
from learntrack.pages.words import Words
from learntrack.reports.service import csv_of

Value = str | int | float | None


class Table(Struct):
    """A table: what it is of, its heads, and its rows."""

    name: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Value]]


def response(table: Table, about: str, words: Words) -> Response[Any]:
    """The table as a file that says what it is of, of whom, and when it was made."""
    keys = [str(number) for number in range(len(table.heads))]
    kinds = {key: _kind(row[number] for row in table.rows) for number, key in enumerate(keys)}
    rows = [dict(zip(keys, row, strict=True)) for row in table.rows]
    name = "-".join(filter(None, (_plain(part) for part in (table.name, about, words.today.isoformat()))))
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Stream(csv_of(kinds, rows, titles=list(table.heads)), media_type="text/csv", headers=headers)


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-")[:60]


def _kind(values: Any) -> str:
    return "text" if any(isinstance(value, str) for value in values) else "number"


def of_class(grid: Grid, words: Words) -> Table:
    """Learners by contents."""
    heads = [
        words.say("Learner"),
        words.say("Needs help"),
        words.say("Done"),
        words.say("Of"),
        *(title_of(each.content, words) for each in grid.columns),
    ]
    rows: list[list[Value]] = [
        [
            line.learner.name,
            line.counts.help,
            line.counts.done,
            line.counts.of,
            *(_cell(cell, words) for cell in line.cells),
        ]
        for line in grid.lines
    ]
    return Table("class", heads, rows)


def of_lesson(view: LessonView, words: Words) -> Table:
    """The contents of a lesson."""
    heads = [
        words.say("No."),
        words.say("Content"),
        words.say("needs help"),
        words.say("started"),
        words.say("finished"),
        words.say("not started"),
        words.say("Who needs help"),
        words.say("Average time, seconds"),
    ]
    rows: list[list[Value]] = [
        [
            number,
            title_of(row.column.content, words),
            row.counts.help,
            row.counts.started,
            row.counts.done,
            row.counts.none,
            ", ".join(learner.name for learner in row.learners),
            None if row.average_time is None else round(row.average_time, 1),
        ]
        for number, row in enumerate(view.rows, start=1)
    ]
    return Table("lesson", heads, rows)


def of_quiz(view: QuizView, words: Words) -> Table:
    """Learners by questions: right, or the wrong answer."""
    questions = [
        each.asked.title or words.say("Question %(number)s", number=words.number(each.asked.number))
        for each in view.questions
    ]
    heads = [
        words.say("Learner"),
        words.say("State"),
        words.say("Right"),
        words.say("Answered"),
        words.say("Score"),
        words.say("Try before, points"),
        *questions,
        words.say("Time, seconds"),
    ]
    said = {"finished": words.say("finished"), "started": words.say("started"), "not started": words.say("not started")}
    rows: list[list[Value]] = []
    for line in view.lines:
        begun = line.status != "not started"
        rows.append(
            [
                line.learner.name,
                said[line.status],
                line.correct if begun else None,
                line.answered if begun else None,
                line.score,
                line.points,
                *(_answer(answer, words) for answer in line.answers),
                line.time_spent if begun else None,
            ]
        )
    return Table("quiz", heads, rows)


def _answer(answer: QuizAnswer | None, words: Words) -> str:
    if answer is None:
        return ""
    return words.say("right") if answer.right else answer.text


def of_unit(unit: Unit, words: Words) -> Table:
    """The tests of a unit."""
    heads = [words.say("Learner"), words.say("Pre-test"), words.say("Post-test"), words.say("Gain")]
    return Table("unit", heads, [[each.learner.name, each.pre, each.post, each.gain] for each in unit.tests])


def of_days(days: Sequence[Day], words: Words) -> Table:
    """Days with and without work."""
    heads = [words.say("Day"), words.say("Learners"), words.say("Sessions"), words.say("Time, seconds")]
    return Table("days", heads, [[day.first.isoformat(), day.learners, day.sessions, day.seconds] for day in days])


def of_stuck(rows: Sequence[Stuck], words: Words) -> Table:
    """The exercises that stop learners."""
    heads = [
        words.say("Exercise"),
        words.say("Need help"),
        words.say("started"),
        words.say("Attempted"),
        words.say("Done"),
        words.say("Tries, median"),
    ]
    listed: list[list[Value]] = [
        [
            title_of(row.content, words),
            row.counts.help,
            row.counts.started,
            row.attempted,
            row.mastered,
            row.median_tries,
        ]
        for row in rows
    ]
    return Table("exercises", heads, listed)


def of_tries(tries: Sequence[LearnerTry], words: Words) -> Table:
    """The tries of a learner."""
    heads = [
        words.say("When"),
        words.say("Content"),
        words.say("Right"),
        words.say("Answered"),
        words.say("Try before"),
        words.say("Time, seconds"),
    ]
    rows: list[list[Value]] = [
        [
            words.local(each.at).isoformat(timespec="seconds"),
            title_of(each.content, words),
            each.right,
            each.answered,
            each.more_right,
            each.time_spent,
        ]
        for each in tries
    ]
    return Table("tries", heads, rows)


def title_of(content: ClassContent, words: Words) -> str:
    """The title of a content, or that it has none."""
    return content.title or kind_untitled(content.kind, words)


def _cell(state: State | None, words: Words) -> str:
    if state is None:
        return ""
    if state.score is not None:
        return words.percent(state.score)
    return state_word(state, words)


def state_word(state: State, words: Words) -> str:
    """A state in a word."""
    said = {
        "help": words.say("needs help"),
        "started": words.say("started"),
        "done": words.say("done"),
        "none": words.say("not started"),
    }
    return said[state.word]


def kind_untitled(kind: str, words: Words) -> str:
    """What a content is called of which nobody has said it."""
    said = {
        "exercise": words.say("Untitled exercise"),
        "quiz": words.say("Untitled quiz"),
        "video": words.say("Untitled video"),
        "audio": words.say("Untitled audio"),
        "document": words.say("Untitled document"),
    }
    return said.get(kind) or words.say("Untitled content")
