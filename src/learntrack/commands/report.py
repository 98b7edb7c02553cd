"""`learntrack report`."""

from enum import StrEnum
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from learntrack.commands.terminal import failures_in_a_line

if TYPE_CHECKING:
    from learntrack.reports.filters import ReportFilters

commands = typer.Typer()


class Format(StrEnum):
    """The forms of a report."""

    table = "table"
    csv = "csv"
    json = "json"
    jsonl = "jsonl"
    html = "html"


Since = Annotated[str | None, typer.Option(help="From this moment on (ISO 8601, UTC), or from this day on.")]
Until = Annotated[str | None, typer.Option(help="Before this moment (ISO 8601, UTC), or up to this day.")]
OnlyFacility = Annotated[str | None, typer.Option(help="Only learners of this facility (its id).")]
OnlyClassroom = Annotated[str | None, typer.Option(help="Only learners of this classroom (its id).")]
OnlyContent = Annotated[str | None, typer.Option(help="Only this content (its id).")]
Timezone = Annotated[
    str | None, typer.Option(help="Where days begin (an IANA name); without it the facility's, else UTC.")
]
Attempts = Annotated[
    str | None, typer.Option(help="item-analysis: which answers to a question count (first, latest, all).")
]
Details = Annotated[bool, typer.Option(help="item-analysis: who gave which wrong answer.")]

Former = Annotated[
    bool, typer.Option(help="Also who has left the facility or classroom since the period began, or ever.")
]


@commands.command()
def report(
    name: Annotated[str, typer.Argument(help="Which report; `learntrack report list` prints them.")],
    since: Since = None,
    until: Until = None,
    facility: OnlyFacility = None,
    classroom: OnlyClassroom = None,
    content: OnlyContent = None,
    timezone: Timezone = None,
    attempts: Attempts = None,
    details: Details = False,
    former: Former = False,
    form: Annotated[Format, typer.Option("--format", help="In which form.")] = Format.table,
    bom: Annotated[bool, typer.Option(help="CSV: begin with a byte-order mark, as spreadsheets want.")] = True,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="A file to write to.", dir_okay=False)] = None,
) -> None:
    """Answer an analytical question about everybody in the database.

    The same pipelines run in mongosh: see scripts/analytics.
    """
    from learntrack.reports.filters import report_filters

    if name == "list":
        _list_questions()
        return
    with failures_in_a_line(output):
        filters = report_filters(
            since=since,
            until=until,
            facility=facility,
            classroom=classroom,
            content=content,
            timezone=timezone,
            attempts=attempts,
            details="true" if details else None,
            former="true" if former else None,
        )
        _answer(name, filters, form, output, bom=bom)


def _list_questions() -> None:
    from rich.console import Console

    from learntrack.reports import terminal

    terminal.list_questions(Console())


def _answer(name: str, filters: "ReportFilters", form: Format, output: Path | None, *, bom: bool) -> None:
    from learntrack.commands.connected import configured, with_database
    from learntrack.reports import terminal
    from learntrack.reports.asked_about import asked_about
    from learntrack.reports.refusals import question_for
    from learntrack.reports.service import Reports
    from learntrack.storage import Database

    question = question_for(name, filters)

    async def work(db: Database) -> None:
        with terminal.waiting(f"report {name}") as count:
            about = await asked_about(db.reports, filters)
            answer = await Reports(db).unlimited(question, filters)
            answer.about = about
            await terminal.write(answer, form.value, output, count, bom=bom)

    with_database(configured(), work, read_patience=inf)
