"""Reports at a terminal: as a table, CSV, JSON or a page of HTML, to the terminal or into a file."""

import re
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment, PackageLoader, select_autoescape
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from learntrack.domain.shares import rounded_down
from learntrack.reports import formats
from learntrack.reports.formats import ReportAnswer, shown_value
from learntrack.reports.output import written_to
from learntrack.reports.questions import Column, questions
from learntrack.storage.database import Row

_COMMANDING = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_NUMBERS = ("number", "seconds", "share")
_IDS = ("id", "user", "lesson", "quiz", "course", "unit", "content")
_ID_WIDTH = 32
_MOMENT_WIDTH = 24
_LEAST_WIDTH = 10


def list_questions(console: Console) -> None:
    """Print every report with what it says."""
    table = Table("report", "what it says", show_lines=True)
    for name, question in questions().items():
        table.add_row(name, question.description)
    console.print(table)


@contextmanager
def waiting(what: str) -> Iterator[Callable[[], None]]:
    """Show on the terminal that work goes on, and how many rows have come; gives a function to be called a row."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}: {task.completed} rows"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=None)
        yield lambda: progress.advance(task)


async def write(
    answer: ReportAnswer, form: str, output: Path | None, count: Callable[[], None], *, bom: bool = True
) -> None:
    """Write an answer in a form (table, csv, json, jsonl, html) to a file, or to the terminal; CSV with a byte-order
    mark where `bom`.
    """
    answer.rows, answer.parts = _counted(answer.rows, count), None
    with written_to(output) as target:
        if form == "table":
            target.write((await _table(answer, wide=output is not None)).encode())
        elif form == "html":
            template = _templates().get_template("report.html")
            rows = [row async for row in answer.rows]
            target.write(
                template.render(
                    answer=answer, rows=rows, shown=shown_value, readable=cell_text, titled=_titled, numbers=_NUMBERS
                ).encode()
            )
        else:
            parts = {
                "csv": lambda: formats.as_csv(answer.columns, answer.rows, bom=bom),
                "jsonl": lambda: formats.as_json_lines(answer.columns, answer.rows),
                "json": lambda: formats.as_json(answer),
            }[form]()
            if form != "json":
                print(_said(answer), file=sys.stderr)
            async for part in parts:
                target.write(part)
            if form == "json":
                target.write(b"\n")
        target.flush()


async def _counted(rows: AsyncIterator[Row], count: Callable[[], None]) -> AsyncIterator[Row]:
    async for row in rows:
        count()
        yield row


async def _table(answer: ReportAnswer, *, wide: bool) -> str:
    console = Console(width=max(200 if wide else Console().width, _least_width(answer.columns)))
    table = Table(title=_said(answer), caption=answer.description)
    for column in answer.columns:
        justify: Literal["left", "right"] = "right" if column.kind in _NUMBERS else "left"
        whole = column.kind in (*_IDS, *_NUMBERS, "timestamp")
        table.add_column(column.name, justify=justify, overflow="fold", no_wrap=whole, min_width=_width(column))
    async for row in answer.rows:
        # As texts, because in a string `[…]` would be markup.
        table.add_row(*(Text(cell_text(row[column.name], column.kind)) for column in answer.columns))
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def _said(answer: ReportAnswer) -> str:
    title = f"{answer.title}: {_harmless(answer.about)}" if answer.about else answer.title
    return f"{title} (as of {shown_value(answer.as_of, 'timestamp')}, days of {answer.timezone})"


def _least_width(columns: Sequence[Column]) -> int:
    """In how many characters every id is whole and nothing else is squeezed beyond reading. A terminal that has fewer
    breaks the lines, and an id can still be copied.
    """
    return sum(_width(column) for column in columns) + 3 * len(columns) + 1


def _width(column: Column) -> int:
    """How many characters a column has at the least: ids, moments and the column's name are whole."""
    least = _ID_WIDTH if column.kind in _IDS else _MOMENT_WIDTH if column.kind == "timestamp" else _LEAST_WIDTH
    return max(least, len(column.name))


def cell_text(value: Any, kind: str) -> str:
    """A value as people read it: numbers rounded, shares rounded down."""
    if value is None:
        return ""
    if kind == "list":
        return _harmless("; ".join(map(_answer_in_words, value)))
    if kind == "share":
        return f"{rounded_down(value, 3):.3f}"
    if isinstance(value, float):
        return f"{value:.0f}" if value == round(value) else f"{value:.2f}"
    return _harmless(str(shown_value(value, kind)))


def _answer_in_words(answer: Row) -> str:
    """A wrong answer, how often it was given and, where that was asked for, by whom."""
    by = "".join(f", {learner}" for learner in answer.get("learners", ()))
    return f"{answer['answer']} ({answer['attempts']}×{by})"


def _titled(column: Column) -> str:
    """A column's title: its name in words, and its unit."""
    return column.name.replace("_", " ").capitalize() + (" (s)" if column.kind == "seconds" else "")


def _harmless(text: str) -> str:
    """A text of anybody's, with what a terminal would obey, or what turns the direction, as its escape."""
    return _COMMANDING.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("learntrack.reports"), autoescape=select_autoescape(), trim_blocks=True, lstrip_blocks=True
    )
