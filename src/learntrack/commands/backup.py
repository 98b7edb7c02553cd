"""`learntrack backup`, `restore` and `move`: the whole database in a file, from a file, to another place."""

from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from learntrack.commands.terminal import fail, progress_bar

if TYPE_CHECKING:
    from learntrack.backup.tally import Tallies
    from learntrack.settings import Settings

commands = typer.Typer()


@commands.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not be there yet.", dir_okay=False)],
) -> None:
    """Write all that is stored into FILE, as it is at one moment, and read it back. The service may run meanwhile.

    The secret that signs tokens is not in it, nor is any setting.
    """
    from learntrack.backup.service import back_up
    from learntrack.commands.connected import configured, with_database
    from learntrack.storage import Database
    from learntrack.storage.whole import Whole

    settings = configured()
    bar = progress_bar()

    async def work(db: Database) -> "Tallies":
        with bar:
            task = bar.add_task("documents", total=await Whole(db).size())
            return await back_up(db, settings.mongodb_database, file, lambda step: bar.advance(task, step))

    _show(with_database(settings, work, read_patience=inf))
    print(f"Written and read back: {file} ({file.stat().st_size / 1e6:.1f} MB)")


@commands.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `learntrack backup` has written.", dir_okay=False)],
    replace: Annotated[
        bool, typer.Option("--replace", help="Remove what is in the database; else it must be empty.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Look at the whole backup, store nothing.")] = False,
) -> None:
    """Fill a database from FILE while no service runs on it. Interrupted, just run it again.

    Without LEARNTRACK_MONGODB_URI it is the embedded engine's in LEARNTRACK_DATA_DIR, which may be new.
    """
    import asyncio

    from learntrack.backup import archive, service
    from learntrack.commands.connected import bring_up_to_date, configured, with_database
    from learntrack.storage import Database

    settings = configured()
    bar = progress_bar()
    with archive.opened(file) as opened:
        header, total = opened.header, sum(each.count for each in opened.tallies.values())
        print(f"Taken {header.taken_at} of the database {header.database} by learntrack {header.learntrack}.")
        asyncio.run(service.check_backup(opened))
        if dry_run:
            _show(opened.tallies)
            return
        _refuse_a_running_service(settings)

        async def work(db: Database) -> "Tallies":
            with bar:
                task = bar.add_task("documents", total=total)
                return await service.restore(db, opened, lambda step: bar.advance(task, step), replace=replace)

        tallies = with_database(settings, work, read_patience=inf, new=True)
    bring_up_to_date(settings)
    _show(tallies)
    print("Restored, compared, and ready for the service.")


@commands.command()
def move(
    to: Annotated[str, typer.Option(help="The URI of the MongoDB or engine to move to; @FILE where a file holds it.")],
    ahead: Annotated[
        bool,
        typer.Option("--ahead", help="Only copy, while the service runs; run again without it when it is stopped."),
    ] = False,
) -> None:
    """Copy all that is stored into an empty database elsewhere, and compare it. Interrupted, just run it again."""
    from learntrack.backup import service
    from learntrack.commands.connected import bring_up_to_date, configured, with_database
    from learntrack.storage import Database, connect
    from learntrack.storage.whole import Whole

    settings = configured()
    if not ahead:
        _refuse_a_running_service(settings)
    elsewhere = settings.model_copy(update={"mongodb_uri": _uri(to)})
    bar = progress_bar()

    async def work(source: Database) -> "Tallies":
        target = await connect(_uri(to), settings.mongodb_database, read_patience=inf, called="--to")
        try:
            with bar:
                task = bar.add_task("documents", total=await Whole(source).size())
                return await service.move(
                    source, target, _name(settings), lambda step: bar.advance(task, step), ahead=ahead
                )
        finally:
            await target.close()

    tallies = with_database(settings, work, read_patience=inf)
    if not ahead:
        bring_up_to_date(elsewhere)
    _show(tallies)
    print("Copied. Stop the service and run this without --ahead." if ahead else "Moved and compared.")


def _refuse_a_running_service(settings: "Settings") -> None:
    """End the command where a service is seen to run; on a MongoDB that cannot be seen."""
    from learntrack.storage.engine.embedded import running_uri

    if settings.mongodb_uri is None and running_uri(settings.data_dir) is not None:
        fail(f"A service runs on {settings.data_dir}: stop it first.")


def _uri(given: str) -> str:
    """A URI, or what stands in the file that is named instead."""
    from learntrack.settings.environment import content_of
    from learntrack.settings.values import mongodb_uri

    try:
        uri = content_of(Path(given[1:])) if given.startswith("@") else given
        mongodb_uri(uri)
    except ValueError as error:
        fail(f"--to: {error}")
    return uri


def _name(settings: "Settings") -> str:
    """What a database is called, without its password."""
    if settings.mongodb_uri is None:
        return f"the folder {settings.data_dir.absolute()}"
    hosts = settings.mongodb_uri.partition("://")[2].rpartition("@")[2].partition("/")[0]
    return f"the database {settings.mongodb_database} at {hosts}"


def _show(tallies: "Tallies") -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("collection", "documents", "digest")
    for name, tally in sorted(tallies.items()):
        table.add_row(name, str(tally.count), tally.digest[:16])
    Console().print(table)
