"""`learntrack export`: everything as files for analysts."""

from math import inf
from pathlib import Path
from typing import Annotated

import typer

from learntrack.commands.terminal import fail, progress_bar

commands = typer.Typer()
export = typer.Typer(help="Logs and roster as files for analysts.", no_args_is_help=True)
commands.add_typer(export, name="export")


@export.callback()
def files() -> None:
    """Logs and roster as files for analysts."""


@export.command()
def parquet(
    folder: Annotated[Path, typer.Argument(help="Where to; what is there of an earlier run is brought up to date.")],
    since: Annotated[str | None, typer.Option(help="Only months from that of this date on; the rest stays.")] = None,
    pseudonym_key: Annotated[
        Path | None,
        typer.Option(help="A file with a secret key: persons' ids become hashes, names go.", exists=True),
    ] = None,
) -> None:
    """Sessions, summaries, tries, attempts, interactions and the roster, by facility and month, as Parquet files.

    A run replaces the files that differ; docs/data-model.md describes them.
    """
    from learntrack.commands.connected import configured, with_database
    from learntrack.errors import Refusal
    from learntrack.reports.filters import report_filters
    from learntrack.storage import Database

    try:
        from learntrack.reports.parquet.pseudonyms import Pseudonyms
        from learntrack.reports.parquet.service import ParquetExport
    except ImportError:
        fail("Parquet needs the extra of that name: pip install 'learntrack[parquet]'.")

    async def work(db: Database) -> dict[str, object]:
        with progress_bar() as bar:
            task = bar.add_task("rows", total=None)
            done = ParquetExport(
                db.reports,
                folder,
                since=begins,
                pseudonyms=pseudonyms,
                progress=lambda rows: bar.advance(task, rows),
            )
            return await done.run()

    try:
        begins = report_filters(since=since).period.get("$gte")
        pseudonyms = Pseudonyms(pseudonym_key.read_bytes().strip()) if pseudonym_key else None
        said = with_database(configured(), work, read_patience=inf)
    except Refusal as refusal:
        fail(refusal.detail)
    except ValueError as error:
        fail(f"{pseudonym_key}: {error}")
    except OSError as error:
        fail(f"{error.filename or folder}: {error.strerror}")
    written, removed = said["written"], said["removed"]
    assert isinstance(written, list)
    assert isinstance(removed, list)
    print(f"{said['rows']} rows; {len(written)} files written, {len(removed)} removed")
