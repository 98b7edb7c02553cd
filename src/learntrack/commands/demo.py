"""`learntrack demo`."""

from typing import Annotated

import typer

from learntrack.commands.terminal import failures_in_a_line

commands = typer.Typer()


@commands.command()
def demo(
    remove: Annotated[
        bool, typer.Option("--remove", help="Take the demo school away, with all that was recorded in it.")
    ] = False,
) -> None:
    """Load the demo school into the service's database: three classes with six weeks of work.

    Nothing is changed where it is there already.
    """
    from learntrack.commands.connected import configured, with_database
    from learntrack.serving import demo as school
    from learntrack.storage import Database

    settings = configured()

    async def work(db: Database) -> str:
        await db.prepare()
        if remove:
            removed = await school.remove(db, settings)
            return f"The demo school is gone: {removed} documents." if removed else "There was no demo school."
        return "The demo school is loaded." if await school.load(db, settings) else "The demo school is there already."

    with failures_in_a_line():
        print(with_database(settings, work))
