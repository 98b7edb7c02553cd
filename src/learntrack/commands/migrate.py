"""`learntrack migrate`."""

import asyncio

import typer

commands = typer.Typer()


@commands.command()
def migrate() -> None:
    """Make collections and indexes, and bring what is stored to this release's schema.

    Safe to repeat, and while the service runs.
    """
    from learntrack.commands.connected import configured, database_uri, located_at
    from learntrack.documents.base import SCHEMA_VERSION
    from learntrack.storage import schema
    from learntrack.storage.connecting import connect_as_configured

    settings = configured()

    async def work(uri: str) -> None:
        await schema.migrate(uri, settings.mongodb_database)
        db = await connect_as_configured(located_at(settings, uri))
        try:
            await db.prepare()
        finally:
            await db.close()

    with database_uri(settings) as uri:  # which makes no data folder; what is in a MongoDB it may make
        asyncio.run(work(uri))
    print(f"The database {settings.mongodb_database} has schema version {SCHEMA_VERSION} and all indexes.")
