"""`learntrack report`."""

from enum import StrEnum
from math import inf
from pathlib import Path
from typing import Annotated

import typer

from learntrack.commands.terminal import fail

commands = typer.Typer()


class Format(StrEnum):
    """The forms of a report."""

    table = "table"
    csv = "csv"
    json = "json"
    jsonl = "jsonl"
    html = "html"


@commands.command()
def report(
    name: Annotated[str, typer.Argument(help="Which report; `learntrack report list` prints them.")],
    since: Annotated[str | None, typer.Option(help="From this moment on (ISO 8601, UTC), or from this day on.")] = None,
    until: Annotated[str | None, typer.Option(help="Before this moment (ISO 8601, UTC), or up to this day.")] = None,
    facility: Annotated[str | None, typer.Option(help="Only learners of this facility (its id).")] = None,
    classroom: Annotated[str | None, typer.Option(help="Only learners of this classroom (its id).")] = None,
    content: Annotated[str | None, typer.Option(help="Only this content (its id).")] = None,
    timezone: Annotated[
        str | None, typer.Option(help="Where days begin (an IANA name); without it the facility's, else UTC.")
    ] = None,
    attempts: Annotated[
        str | None, typer.Option(help="item-analysis: which answers to a question count (first, latest, all).")
    ] = None,
    details: Annotated[bool, typer.Option(help="item-analysis: who gave which wrong answer.")] = False,
    form: Annotated[Format, typer.Option("--format", help="In which form.")] = Format.table,
    bom: Annotated[bool, typer.Option(help="CSV: begin with a byte-order mark, as spreadsheets want.")] = True,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="A file to write to.", dir_okay=False)] = None,
) -> None:
    """Answer an analytical question about everybody in the database.

    The same pipelines run in mongosh: see scripts/analytics.
    """
    from learntrack.commands.connected import configured, with_database
    from learntrack.errors import Refusal
    from learntrack.reports import terminal
    from learntrack.reports.filters import report_filters
    from learntrack.reports.questions import questions
    from learntrack.reports.service import Reports
    from learntrack.storage import Database

    if name == "list":
        _list_questions()
        return
    if name not in questions():
        fail(f"There is no report {name}; there are {', '.join(questions())}.")

    async def work(db: Database) -> None:
        with terminal.waiting(f"report {name}") as count:
            answer = await Reports(db).unlimited(name, filters)
            await terminal.write(answer, form.value, output, count, bom=bom)

    try:
        filters = report_filters(
            since=since,
            until=until,
            facility=facility,
            classroom=classroom,
            content=content,
            timezone=timezone,
            attempts=attempts,
            details="true" if details else None,
        )
        with_database(configured(), work, read_patience=inf)
    except Refusal as refusal:
        fail(refusal.detail)
    except OSError as error:
        fail(f"{output}: {error.strerror}")


def _list_questions() -> None:
    from rich.console import Console

    from learntrack.reports import terminal

    terminal.list_questions(Console())
