"""`learntrack check`."""

import typer

commands = typer.Typer()


@commands.command()
def check() -> None:
    """Say whether the service could do its work: settings, database, transactions, indexes.

    Exit code 1 if it could not.
    """
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from learntrack.access.secrets import with_secret
    from learntrack.access.tokens import TokenVerifier
    from learntrack.commands.connected import configured, with_database
    from learntrack.storage.readiness import checks

    settings = configured()
    found = with_database(settings, checks)
    TokenVerifier(with_secret(settings))  # behind the database: it may make a secret in a data folder that is then ours
    table = Table("check", "", "detail")
    for each in found:
        table.add_row(each.name, "[green]ok[/]" if each.ok else "[red]FAILED[/]", escape(each.detail))
    Console().print(table)
    if not all(each.ok for each in found):
        raise typer.Exit(1)
