"""`learntrack retain`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from learntrack.commands.terminal import fail, progress_bar

if TYPE_CHECKING:
    from datetime import datetime

    from learntrack.domain.fading import FadingKind
    from learntrack.settings import Settings

commands = typer.Typer()


@commands.command()
def retain(
    file: Annotated[
        Path | None, typer.Argument(help="A new file for what fades: JSON lines, compressed (.jsonl.gz).")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would fade, change nothing.")] = False,
    everything: Annotated[
        bool, typer.Option("--everything", help="Look at all that is old, also at what a run has seen before.")
    ] = False,
) -> None:
    """Let fade what is older than LEARNTRACK_RETAIN_…_MONTHS, after writing it into FILE. Totals stay.

    Run it as a job, for example every month. After a failure just run it again, with another file.
    """
    from datetime import timedelta

    from learntrack.commands.connected import configured, with_database
    from learntrack.retention.export import new_export
    from learntrack.retention.service import Retention
    from learntrack.storage import Database

    settings = configured()
    before = _fading_before(settings)
    bar = progress_bar(with_end=False)

    async def work(db: Database) -> "dict[FadingKind, int]":
        await db.prepare()
        late = timedelta(days=settings.max_occurred_days + 1)  # a clock may be wrong by a day
        retention = Retention(db, before, late=late, everything=everything)
        with bar:
            task = bar.add_task("tries and sessions", total=None)
            if file is None or dry_run:
                return await retention.run(None, lambda step: bar.advance(task, step))
            with new_export(file) as export:
                return await retention.run(export, lambda step: bar.advance(task, step))

    if file is None and not dry_run:
        fail("Name a FILE for what fades, or --dry-run.")
    verb = "would fade" if dry_run else "have faded"
    for kind, count in with_database(settings, work).items():
        print(f"{kind}: {count} tries and sessions of before {before[kind]:%Y-%m-%d} {verb}")


def _fading_before(settings: "Settings") -> "dict[FadingKind, datetime]":
    """By kind, the moment before which it fades now; the command ends where nothing is set to."""
    from learntrack.domain import moments
    from learntrack.domain.fading import FadingKind, months_before

    now = moments.now()
    months = {kind: getattr(settings, f"retain_{kind}_months") for kind in FadingKind}
    before = {kind: months_before(now, given) for kind, given in months.items() if given is not None}
    if not before:
        fail(
            "Nothing is set to fade: LEARNTRACK_RETAIN_SESSIONS_MONTHS, _ATTEMPTS_, _ANSWERS_ or _INTERACTIONS_MONTHS."
        )
    return before
