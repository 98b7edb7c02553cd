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
) -> None:
    """Bring up to date what reports over everything are answered from. Run it as a job, for example every night."""
    from learntrack.commands.connected import configured, with_database
    from learntrack.reports.rollups import roll_up
    from learntrack.storage import Database

    bar = progress_bar()

    async def work(db: Database) -> dict[str, int]:
        await db.prepare()
        with bar:
            task = bar.add_task("contents", total=None)
            return await roll_up(
                db, lambda done, total: bar.update(task, completed=done, total=total), everything=everything
            )

    for name, many in with_database(configured(), work, read_patience=inf, repeatable=True).items():
        print(f"{name}: {many} contents computed")
