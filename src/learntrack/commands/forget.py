"""`learntrack forget`."""

from typing import Annotated

import typer

from learntrack.commands.terminal import counts_in_a_line, progress_bar, user_id_of

commands = typer.Typer()


@commands.command()
def forget(
    user: Annotated[str, typer.Argument(help="The user's id (a UUID).")],
) -> None:
    """Remove a user's roster entry and logs from every collection. Safe to repeat, also after a failure.

    Exit code 1 if nothing was stored about the user.
    """
    from learntrack.commands.connected import configured, with_database
    from learntrack.privacy.service import Privacy
    from learntrack.storage import Database

    user_id = user_id_of(user)
    settings, bar = configured(), progress_bar(with_end=False)

    async def work(db: Database) -> dict[str, int]:
        await db.prepare()
        with bar:
            task = bar.add_task("documents", total=None)
            found = await Privacy(db, settings, patience=float("inf")).remove(
                user_id, lambda step: bar.advance(task, step)
            )
        return found.removed

    removed = with_database(settings, work, repeatable=True)
    print(counts_in_a_line(removed, f"Nothing was stored about {user_id}."))
    if not any(removed.values()):
        raise typer.Exit(1)
