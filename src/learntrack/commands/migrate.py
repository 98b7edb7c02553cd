"""`learntrack migrate`."""

import typer

commands = typer.Typer()


@commands.command()
def migrate() -> None:
    """Make collections and indexes, and bring what is stored to this release's schema.

    Safe to repeat, and while the service runs, unless the upgrade notes say otherwise.
    """
    from learntrack.commands.connected import bring_up_to_date, configured
    from learntrack.documents.base import SCHEMA_VERSION

    settings = configured()
    bring_up_to_date(settings)
    print(f"The database {settings.mongodb_database} has schema version {SCHEMA_VERSION} and all indexes.")
