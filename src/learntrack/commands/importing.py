"""`learntrack import`: moving in with another system's history."""

import gc
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, TextIO, cast

import typer

from learntrack.commands.terminal import ended_as_by_ctrl_c, fail, failures_in_a_line, progress_bar

if TYPE_CHECKING:
    from learntrack.importing.kolibri.source import Kolibri
    from learntrack.settings import Settings

commands = typer.Typer()
importing = typer.Typer(help="Moving in with another system's history.", no_args_is_help=True)
commands.add_typer(importing, name="import")


@importing.command("kolibri")
def import_from_kolibri(
    path: Annotated[Path | None, typer.Argument(help="A Kolibri home, or its db.sqlite3; it may be in use.")] = None,
    postgres: Annotated[
        str | None,
        typer.Option(
            help="The URI of a Kolibri's PostgreSQL database; of PATH only the channels' databases are read then."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Look at everything, store nothing.")] = False,
    skipped: Annotated[
        Path | None, typer.Option(help="A file for every skipped record and why (JSON lines).", dir_okay=False)
    ] = None,
) -> None:
    """Import people, classes and all logs of a Kolibri 0.16–0.19. Ids stay.

    Safe to repeat, also after an interruption: what is there already is left as it is, what is new in Kolibri is
    added, and what was recorded here meanwhile is kept. Each learner is imported whole or not at all, unless one
    transaction cannot hold all of it.
    """
    gc.disable()  # a history has no cycles, and looking for them in vain takes an eighth of the time
    if path is None and postgres is None:
        fail("Name the PATH of a Kolibri home (or its db.sqlite3), or --postgres URI, or both.")
    with ExitStack() as stack:
        stack.enter_context(ended_as_by_ctrl_c())  # a copy of everybody's data stays behind otherwise
        with failures_in_a_line(skipped):
            skips = stack.enter_context(skipped.open("w")) if skipped is not None else None
        with _importing_modules():
            source = stack.enter_context(_source(path, postgres))
        from learntrack.commands.connected import configured

        settings = stack.enter_context(_only_looking() if dry_run else nullcontext(configured()))
        _import(source, settings, skips, dry_run=dry_run)
    gc.freeze()  # Python looks for cycles once more when it ends, whatever is said: 0.3 s of a processor


@contextmanager
def _importing_modules() -> Iterator[None]:
    """Import what storing needs meanwhile: it takes as long as copying the source, which another core does."""

    def work() -> None:
        import learntrack.commands.connected
        import learntrack.importing.service  # noqa: F401

    # No daemon: one that is at this when the interpreter ends takes it down.
    thread = threading.Thread(target=work, name="modules")
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _source(path: Path | None, postgres: str | None) -> "AbstractContextManager[Kolibri]":
    from learntrack.importing.kolibri.postgres import postgres_source
    from learntrack.importing.kolibri.sqlite import sqlite_source

    return postgres_source(postgres, path) if postgres is not None else sqlite_source(cast(Path, path))


def _import(source: "Kolibri", settings: "Settings", skips: TextIO | None, *, dry_run: bool) -> None:
    from rich.console import Console

    from learntrack.commands.connected import with_database
    from learntrack.importing.presentation import show
    from learntrack.importing.report import ImportReport
    from learntrack.importing.service import begun
    from learntrack.storage import Database

    report, bar = ImportReport(skips), progress_bar()
    with begun(source, report) as reading:

        async def work(db: Database) -> None:
            if not dry_run:
                await db.prepare()
            with bar:
                task = bar.add_task("logs", total=source.count())
                await reading.into(db, lambda done: bar.advance(task, done), dry_run=dry_run)

        with_database(settings, work, new=True)
    show(report, Console(), dry_run=dry_run)


@contextmanager
def _only_looking() -> "Iterator[Settings]":
    """The settings; where there is no database yet, with a data folder that is gone afterwards."""
    from learntrack.commands.connected import configured
    from learntrack.storage.engine.format_record import what_wrote

    settings = configured()
    if settings.mongodb_uri is not None or what_wrote(settings.data_dir) is not None:
        yield settings
        return
    with TemporaryDirectory(prefix="learntrack-dry-run-") as folder:
        yield settings.model_copy(update={"data_dir": Path(folder)})
