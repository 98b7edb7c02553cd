"""`learntrack export`: everything as files for analysts."""

import sys
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from learntrack.commands.terminal import fail, failures_in_a_line, progress_bar

if TYPE_CHECKING:
    from datetime import datetime

    from learntrack.reports.parquet.pseudonyms import Pseudonyms
    from learntrack.reports.parquet.watermark import Watermark

commands = typer.Typer()
export = typer.Typer(help="Logs and roster as files for analysts.", no_args_is_help=True)
commands.add_typer(export, name="export")


@export.callback()
def files() -> None:
    """Logs and roster as files for analysts."""


@export.command()
def parquet(
    folder: Annotated[Path, typer.Argument(help="Where to; what is there of an earlier run is brought up to date.")],
    since: Annotated[
        str | None, typer.Option(help="Only months from that of this date on, and what has gone on since.")
    ] = None,
    pseudonym_key: Annotated[
        Path | None,
        typer.Option(help="A file with a secret key: persons' ids become hashes, names go.", exists=True),
    ] = None,
) -> None:
    """Sessions, summaries, tries, attempts, interactions and the roster, by facility and month, as Parquet files.

    A run replaces the files that differ; docs/data-model.md describes them.
    """
    from learntrack.reports.filters import report_filters
    from learntrack.reports.parquet.pseudonyms import Pseudonyms

    with failures_in_a_line(folder):
        begins = report_filters(since=since).period.get("$gte")
        try:
            pseudonyms = Pseudonyms(pseudonym_key.read_bytes().strip()) if pseudonym_key else None
        except ValueError as error:
            fail(f"{pseudonym_key}: {error}")
        done = _write(folder, begins, pseudonyms)
    print(f"{done.rows} rows; {len(done.written)} files written, {len(done.removed)} removed")


def _write(folder: Path, since: "datetime | None", pseudonyms: "Pseudonyms | None") -> "Watermark":
    from learntrack.commands.connected import configured, with_database
    from learntrack.storage import Database

    try:
        from learntrack.reports.parquet.service import ParquetExport
    except ImportError:
        fail(f"Parquet needs pyarrow: {sys.executable} -m pip install pyarrow")

    async def work(db: Database) -> "Watermark":
        with progress_bar() as bar:
            task = bar.add_task("rows", total=None)
            export = ParquetExport(
                db.reports,
                folder,
                since=since,
                pseudonyms=pseudonyms,
                progress=lambda rows: bar.advance(task, rows),
            )
            return await export.run()

    return with_database(configured(), work, read_patience=inf)
