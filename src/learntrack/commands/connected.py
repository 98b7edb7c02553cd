"""What commands that need settings or the database share."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from pydantic import ValidationError

from learntrack.commands.terminal import fail
from learntrack.settings import Settings
from learntrack.settings.environment import read_environment
from learntrack.storage import Database, StartError, schema
from learntrack.storage.connecting import connect_as_configured
from learntrack.storage.engine.embedded import engine_for
from learntrack.storage.engine.format_record import what_wrote
from learntrack.storage.patience import patiently

T = TypeVar("T")


def configured(**options: object) -> Settings:
    """The settings; what is wrong with them ends the command with a line that names each.

    Args:
        options: What the command line gave, by the setting's name; None where it gave nothing. It wins over the
            environment.

    """
    given = {name: value for name, value in options.items() if value is not None}
    faults = read_environment(Settings.model_fields).faults
    try:
        settings = Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        faults += [f"{_named(each['loc'], given)}: {_plain(each['msg'])}" for each in error.errors()]
        fail("; ".join(faults))
    if faults:
        fail("; ".join(faults))
    return settings


def _named(place: tuple[int | str, ...], given: dict[str, object]) -> str:
    """A setting as its user wrote it: `--port`, or `LEARNTRACK_PORT`."""
    name = "_".join(map(str, place))
    return f"--{name}" if name in given else f"LEARNTRACK_{name.upper()}"


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ")


def with_database(
    settings: Settings,
    work: Callable[[Database], Coroutine[Any, Any, T]],
    *,
    read_patience: float | None = None,
    new: bool = False,
    repeatable: bool = False,
) -> T:
    """Run `work` on the configured database; without a URI on the embedded engine (a running service's, if one runs).

    Args:
        settings: Which database.
        work: What to do.
        read_patience: As for `connect_as_configured`.
        new: Whether it may be a database that nothing is stored in yet. Else a wrong folder, address or name would
            be answered from nothing, as if all were well.
        repeatable: Whether `work` is safe to repeat, so that it is done again where the database was away for a while.

    Raises:
        StartError: there is no such database.

    """

    async def connected(uri: str) -> T:
        located = located_at(settings, uri)
        called = "LEARNTRACK_MONGODB_URI" if settings.mongodb_uri else "the address of the embedded engine"
        db = await connect_as_configured(located, read_patience=read_patience, called=called)
        try:
            if not new and not await schema.is_there(db.raw):
                raise StartError(
                    f"Nothing of learntrack is stored in the database {settings.mongodb_database} there: is "
                    "LEARNTRACK_MONGODB_DATABASE that of the service? A new one is made by `learntrack migrate`."
                )
            return await (patiently(lambda: work(db)) if repeatable else work(db))
        finally:
            await db.close()

    with database_uri(settings, new=new) as uri:
        return asyncio.run(connected(uri))


def bring_up_to_date(settings: Settings) -> None:
    """Make collections and indexes, and bring what is stored to this release's schema. Makes no data folder.

    Raises:
        StartError: the database is of a newer release, or there is none.

    """

    async def work(uri: str) -> None:
        await schema.migrate(uri, settings.mongodb_database)
        db = await connect_as_configured(located_at(settings, uri))
        try:
            await db.prepare()
        finally:
            await db.close()

    with database_uri(settings) as uri:
        asyncio.run(work(uri))


def located_at(settings: Settings, uri: str) -> Settings:
    """The settings with where the database is; the embedded engine's disk is watched, as its service does."""
    watched = settings.data_dir if settings.mongodb_uri is None else settings.watched_disk
    return settings.model_copy(update={"mongodb_uri": uri, "watched_disk": watched})


@contextmanager
def database_uri(settings: Settings, *, new: bool = False) -> Iterator[str]:
    """The URI of the configured database.

    Raises:
        StartError: it would be a new one, and `new` is not given.

    """
    if settings.mongodb_uri is not None:
        yield settings.mongodb_uri
        return
    if not new and what_wrote(settings.data_dir) is None:
        raise StartError(
            f"There is no data in {settings.data_dir.absolute()}, and LEARNTRACK_MONGODB_URI is not set: set "
            "LEARNTRACK_DATA_DIR or LEARNTRACK_MONGODB_URI as the service has it, or run this where the service runs."
        )
    with engine_for(settings.data_dir, settings.engine) as uri:
        yield uri
