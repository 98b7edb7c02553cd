"""What commands that need settings or the database share."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from pydantic import ValidationError

from learntrack.commands.terminal import fail
from learntrack.settings import Settings
from learntrack.storage import Database
from learntrack.storage.connecting import connect_as_configured
from learntrack.storage.engine.embedded import engine_for

T = TypeVar("T")


def configured(**options: object) -> Settings:
    """The settings; what is wrong with them ends the command with a line that names each.

    Args:
        options: What the command line gave, by the setting's name; None where it gave nothing. It wins over the
            environment.

    """
    given = {name: value for name, value in options.items() if value is not None}
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        fail("; ".join(f"{_named(each['loc'], given)}: {each['msg']}" for each in error.errors()))


def _named(place: tuple[int | str, ...], given: dict[str, object]) -> str:
    """A setting as its user wrote it: `--port`, or `LEARNTRACK_PORT`."""
    name = "_".join(map(str, place))
    return f"--{name}" if name in given else f"LEARNTRACK_{name.upper()}"


def with_database(
    settings: Settings, work: Callable[[Database], Coroutine[Any, Any, T]], *, read_patience: float | None = None
) -> T:
    """Run `work` on the configured database; without a URI on the embedded engine (a running service's, if one runs).

    `read_patience` is that of `connect_as_configured`.
    """

    async def connected(uri: str) -> T:
        located = located_at(settings, uri)
        db = await connect_as_configured(located, read_patience=read_patience)
        try:
            return await work(db)
        finally:
            await db.close()

    with database_uri(settings) as uri:
        return asyncio.run(connected(uri))


def located_at(settings: Settings, uri: str) -> Settings:
    """The settings with where the database is; the embedded engine's disk is watched, as its service does."""
    watched = settings.data_dir if settings.mongodb_uri is None else settings.watched_disk
    return settings.model_copy(update={"mongodb_uri": uri, "watched_disk": watched})


@contextmanager
def database_uri(settings: Settings) -> Iterator[str]:
    """The URI of the configured database."""
    if settings.mongodb_uri is not None:
        yield settings.mongodb_uri
    else:
        with engine_for(settings.data_dir, settings.engine) as uri:
            yield uri
