"""`learntrack rollup`."""

from math import inf
from typing import Annotated

import typer

from learntrack.commands.terminal import progress_bar

commands = typer.Typer()


@commands.command()
def rollup(
    everything: Annotated[
        bool, typer.Option("--everything", help="Compute all anew, not only what may have changed.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Compare all that is derived with the logs, and mend what differs.")
    ] = False,
) -> None:
    """Bring up to date what is derived from the logs; a running service does it by itself (LEARNTRACK_ROLLUP_SECONDS).

    With --check the exit code is 1 where something differed.
    """
    from learntrack.commands.connected import configured, with_database
    from learntrack.reports import rollups
    from learntrack.reports.upkeep.checking import Checked
    from learntrack.storage import Database

    bar = progress_bar()

    async def work(db: Database) -> Checked | int:
        await db.prepare()
        with bar:
            task = bar.add_task("contents", total=None)

            def told(done: int, total: int) -> None:
                bar.update(task, completed=done, total=total)

            if check:
                return await rollups.check_derived(db, told)
            return await rollups.roll_up(db, told, everything=everything)

    done = with_database(configured(), work, read_patience=inf, repeatable=True)
    if isinstance(done, int):
        print(f"item-analysis: {done} contents computed")
        return
    for what, many in done.looked_at.items():
        print(f"{what}: {many} looked at, {done.differed[what]} differed")
    if any(done.differed.values()):
        raise typer.Exit(1)
