"""`learntrack roster`: people, classes and assignments."""

from pathlib import Path
from typing import Annotated

import typer

from learntrack.commands.terminal import counts_in_a_line, fail, progress_bar

commands = typer.Typer()
roster = typer.Typer(help="People, classes and assignments.", no_args_is_help=True)
commands.add_typer(roster, name="roster")


@roster.command("load")
def load_roster(
    file: Annotated[
        Path,
        typer.Argument(help="A JSON file in the shape of PUT /api/roster, of any length.", exists=True, dir_okay=False),
    ],
) -> None:
    """Load people, classes and assignments from a file.

    They are written in parts, in the order of their references; after a failure just run it again.
    """
    from learntrack.commands.connected import configured, with_database
    from learntrack.errors import InvalidFields
    from learntrack.roster.loading import load, read_roster
    from learntrack.storage import Database

    try:
        content = read_roster(file)
    except InvalidFields as error:
        fail(f"{file}: {error.detail}")
    bar = progress_bar()

    async def work(db: Database) -> dict[str, int]:
        await db.prepare()
        with bar:
            task = bar.add_task("roster", total=content.records())
            return await load(db, content, lambda written: bar.advance(task, written))

    try:
        counts = with_database(configured(), work, repeatable=True)
    except InvalidFields as error:
        fail(f"{file}: {error.detail}")
    print(counts_in_a_line(counts, "nothing to load"))
