"""The `learntrack` command."""

import asyncio
import gc
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from enum import StrEnum
from math import inf
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar, cast

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from learntrack import __version__
from learntrack.domain.ids import parse_id
from learntrack.settings import Settings
from learntrack.storage import Database, DatabaseUnavailable, StartError
from learntrack.storage.connecting import connect_as_configured
from learntrack.storage.engine.embedded import engine_for

cli = typer.Typer(
    help="learntrack records how learners use content, and answers their coaches' questions about it.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)
roster = typer.Typer(help="People, classes and assignments.", no_args_is_help=True)
cli.add_typer(roster, name="roster")
importing = typer.Typer(help="Moving in with another system's history.", no_args_is_help=True)
cli.add_typer(importing, name="import")

T = TypeVar("T")
_USAGE = 2


class Format(StrEnum):
    """The forms of a report."""

    table = "table"
    csv = "csv"
    json = "json"
    html = "html"


def main() -> None:
    """Run the command; what the user can mend is one line and exit code 2."""
    try:
        cli()
    except (StartError, DatabaseUnavailable) as error:
        fail(str(error))
    except ValidationError as error:
        fail(
            "; ".join(f"LEARNTRACK_{'_'.join(map(str, each['loc'])).upper()}: {each['msg']}" for each in error.errors())
        )


def fail(message: str) -> NoReturn:
    """End with a message in one line."""
    print(f"learntrack: {' '.join(message.split())}", file=sys.stderr)
    raise SystemExit(_USAGE)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"learntrack {__version__}")
        raise typer.Exit


@cli.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Settings are read from the environment (LEARNTRACK_…); the README lists them."""


@cli.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.", envvar="LEARNTRACK_HOST")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="The port to listen on; 0 takes a free one.", min=0, max=65535, envvar="LEARNTRACK_PORT")
    ] = 8000,
    workers: Annotated[
        int, typer.Option(help="How many worker processes.", min=1, max=64, envvar="LEARNTRACK_WORKERS")
    ] = 1,
    demo: Annotated[bool, typer.Option("--demo", help="Load a small demo school and print commands to try.")] = False,
) -> None:
    """Start the service.

    With LEARNTRACK_MONGODB_URI it uses that MongoDB, else its own embedded engine with its data in LEARNTRACK_DATA_DIR.
    Ctrl-C or SIGTERM stops everything.
    """
    from learntrack.serving.server import Server

    Server(Settings(), host=host, port=port, workers=workers, demo=demo).run()


@roster.command("load")
def roster_load(
    file: Annotated[
        Path,
        typer.Argument(help="A JSON file in the shape of PUT /api/roster, of any length.", exists=True, dir_okay=False),
    ],
) -> None:
    """Load people, classes and assignments from a file.

    They are written in parts, in the order of their references; after a failure just run it again.
    """
    from learntrack.errors import InvalidFields
    from learntrack.roster.loading import load, read

    try:
        content = read(file)
    except InvalidFields as error:
        fail(f"{file}: {error.detail}")
    bar = _bar()

    async def work(db: Database) -> dict[str, int]:
        await db.prepare()
        with bar:
            task = bar.add_task("roster", total=content.records())
            return await load(db, content, lambda written: bar.advance(task, written))

    try:
        counts = _with_database(Settings(), work)
    except InvalidFields as error:
        fail(f"{file}: {error.detail}")
    print(
        ", ".join(f"{count} {part.replace('_', ' ')}" for part, count in counts.items() if count) or "nothing to load"
    )


@importing.command("kolibri")
def import_kolibri(
    path: Annotated[Path | None, typer.Argument(help="A Kolibri home, or its db.sqlite3; it may be in use.")] = None,
    postgres: Annotated[
        str | None, typer.Option(help="The URI of a Kolibri's PostgreSQL database, instead of PATH.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Look at everything, store nothing.")] = False,
    skipped: Annotated[
        Path | None, typer.Option(help="A file for every skipped record and why (JSON lines).", dir_okay=False)
    ] = None,
) -> None:
    """Import people, classes and all logs of a Kolibri 0.16–0.19. Ids stay.

    Safe to repeat, also after an interruption: what is there already is left as it is, what is new in Kolibri is
    added, and what was recorded here meanwhile is kept. Each learner is imported whole or not at all.
    """
    from learntrack.importing.kolibri.source import postgres_source, sqlite_source
    from learntrack.importing.presentation import show
    from learntrack.importing.report import ImportReport
    from learntrack.importing.service import import_kolibri

    if (path is None) == (postgres is None):
        fail("Name either the PATH of a Kolibri home (or its db.sqlite3) or --postgres URI.")
    bar = _bar()
    opened = postgres_source(postgres) if postgres is not None else sqlite_source(cast(Path, path))
    gc.disable()  # a history has no cycles, and looking for them in vain takes an eighth of the time
    with ExitStack() as stack:
        report = ImportReport(stack.enter_context(skipped.open("w")) if skipped is not None else None)
        source = stack.enter_context(opened)

        async def work(db: Database) -> None:
            if not dry_run:
                await db.prepare()
            with bar:
                task = bar.add_task("logs", total=source.count())
                await import_kolibri(db, source, report, lambda done: bar.advance(task, done), dry_run=dry_run)

        _with_database(Settings(), work)
    show(report, Console(), dry_run=dry_run)


@cli.command()
def token(
    user: Annotated[str, typer.Argument(help="The user's id (a UUID).")],
    superuser: Annotated[bool, typer.Option("--superuser", help="The token of a superuser.")] = False,
    ttl: Annotated[int, typer.Option(help="Seconds until it expires.", min=1)] = 24 * 3600,
) -> None:
    """Print a token for USER, signed with LEARNTRACK_JWT_SECRET or the secret in the data folder."""
    from learntrack.access.secrets import with_secret
    from learntrack.access.tokens import issue

    settings = with_secret(Settings(), create=False)
    try:
        user_id = parse_id(user)
    except ValueError:
        fail(f"{user} is not a UUID.")
    if settings.jwt_secret is None:
        fail("Tokens are signed elsewhere: this service only has a public key.")
    print(
        issue(
            settings.jwt_secret.get_secret_value(),
            user_id,
            superuser=superuser,
            ttl=timedelta(seconds=ttl),
            settings=settings,
        )
    )


@cli.command()
def report(
    name: Annotated[str, typer.Argument(help="Which report; `learntrack report list` prints them.")],
    since: Annotated[str | None, typer.Option(help="From this date or moment on (ISO 8601, UTC).")] = None,
    until: Annotated[str | None, typer.Option(help="Before this date or moment (ISO 8601, UTC).")] = None,
    facility: Annotated[str | None, typer.Option(help="Only learners of this facility (its id).")] = None,
    classroom: Annotated[str | None, typer.Option(help="Only learners of this classroom (its id).")] = None,
    content: Annotated[str | None, typer.Option(help="Only this content (its id).")] = None,
    form: Annotated[Format, typer.Option("--format", help="In which form.")] = Format.table,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="A file to write to.", dir_okay=False)] = None,
) -> None:
    """Answer an analytical question about everybody in the database.

    The same pipelines run in mongosh: see scripts/analytics.
    """
    from learntrack.errors import Refusal
    from learntrack.reports import terminal
    from learntrack.reports.filters import report_filters
    from learntrack.reports.questions import questions
    from learntrack.reports.service import Reports

    if name == "list":
        terminal.list_questions(Console())
        return
    if name not in questions():
        fail(f"There is no report {name}; there are {', '.join(questions())}.")

    async def work(db: Database) -> None:
        with terminal.waiting(f"report {name}") as count:
            answer = await Reports(db).unlimited(name, filters)
            await terminal.write(answer, form.value, output, count)

    try:
        filters = report_filters(since=since, until=until, facility=facility, classroom=classroom, content=content)
        _with_database(Settings(), work, read_patience=inf)
    except Refusal as refusal:
        fail(refusal.detail)
    except OSError as error:
        fail(f"{output}: {error.strerror}")


@cli.command()
def rollup(
    everything: Annotated[
        bool, typer.Option("--everything", help="Compute all anew, not only what may have changed.")
    ] = False,
) -> None:
    """Bring up to date what reports over everything are answered from. Run it as a job, for example every night."""
    from learntrack.reports.rollups import roll_up

    bar = _bar()

    async def work(db: Database) -> dict[str, int]:
        await db.prepare()
        with bar:
            task = bar.add_task("contents", total=None)
            return await roll_up(
                db, lambda done, total: bar.update(task, completed=done, total=total), everything=everything
            )

    for name, many in _with_database(Settings(), work, read_patience=inf).items():
        print(f"{name}: {many} contents computed")


@cli.command()
def check() -> None:
    """Say whether the service could do its work: settings, database, transactions, indexes. Exit code 1 if it could
    not.
    """
    from learntrack.access.secrets import with_secret
    from learntrack.access.tokens import TokenVerifier
    from learntrack.storage.readiness import checks

    settings = Settings()
    TokenVerifier(with_secret(settings))
    table = Table("check", "", "detail")
    found = _with_database(settings, checks)
    for each in found:
        table.add_row(each.name, "[green]ok[/]" if each.ok else "[red]FAILED[/]", each.detail)
    Console().print(table)
    if not all(each.ok for each in found):
        raise typer.Exit(1)


@cli.command()
def migrate() -> None:
    """Make collections and indexes, and bring what is stored to this release's schema. Safe to repeat, and while the
    service runs.
    """
    from learntrack.documents.base import SCHEMA_VERSION
    from learntrack.storage import schema

    settings = Settings()

    async def work(uri: str) -> None:
        await schema.migrate(uri, settings.mongodb_database)
        db = await connect_as_configured(settings.model_copy(update={"mongodb_uri": uri}))
        try:
            await db.prepare()
        finally:
            await db.close()

    with database_uri(settings) as uri:
        asyncio.run(work(uri))
    print(f"The database {settings.mongodb_database} has schema version {SCHEMA_VERSION} and all indexes.")


@cli.command()
def forget(
    user: Annotated[str, typer.Argument(help="The user's id (a UUID).")],
) -> None:
    """Remove a user's roster entry and logs from every collection. Safe to repeat, also after a failure."""
    from learntrack.privacy.service import Privacy

    try:
        user_id = parse_id(user)
    except ValueError:
        fail(f"{user} is not a UUID.")
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}"),
        console=console,
        disable=not console.is_terminal,
    )

    async def work(db: Database) -> dict[str, int]:
        with bar:
            task = bar.add_task("documents", total=None)
            found = await Privacy(db, patience=float("inf")).remove(user_id, lambda step: bar.advance(task, step))
        return found.removed

    removed = _with_database(Settings(), work)
    print(
        ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in removed.items() if count)
        or "nothing was stored"
    )


def _bar() -> Progress:
    """A progress bar on the terminal, if there is one."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal)


def _with_database(
    settings: Settings, work: Callable[[Database], Coroutine[Any, Any, T]], *, read_patience: float | None = None
) -> T:
    """Run `work` on the configured database, on the embedded engine if there is no URI (a running service's, if one
    runs); `read_patience` as of `connect_as_configured`.
    """

    async def connected(uri: str) -> T:
        located = settings.model_copy(update={"mongodb_uri": uri})
        db = await connect_as_configured(located, read_patience=read_patience)
        try:
            return await work(db)
        finally:
            await db.close()

    with database_uri(settings) as uri:
        return asyncio.run(connected(uri))


@contextmanager
def database_uri(settings: Settings) -> Iterator[str]:
    """The URI of the configured database."""
    if settings.mongodb_uri is not None:
        yield settings.mongodb_uri
    else:
        with engine_for(settings.data_dir) as uri:
            yield uri


if __name__ == "__main__":
    main()
