"""A Kolibri that keeps its data in PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from learntrack.importing.kolibri.source import Kolibri
from learntrack.importing.kolibri.sqlite import channels_of
from learntrack.importing.kolibri.values import SourceRow
from learntrack.storage import StartError

_FETCH = 2000


@contextmanager
def postgres_source(uri: str, home: Path | None = None) -> Iterator[Kolibri]:
    """A Kolibri that keeps its data in PostgreSQL, as it is at this moment (one read-only snapshot).

    Args:
        uri: Where the database is.
        home: The Kolibri home, in which the databases of its channels are; None: they are not read.

    Raises:
        StartError: psycopg is not installed, nothing answers, it is no Kolibri database, or `home` is no folder.

    """
    if home is not None and not home.is_dir():
        raise StartError(f"There is no Kolibri home at {home}.")
    try:
        import psycopg
    except ImportError as error:
        raise StartError("Reading PostgreSQL needs `pip install 'learntrack[postgres]'`.") from error
    try:
        connection = psycopg.connect(uri)
    except psycopg.Error as error:
        raise StartError(f"No PostgreSQL answers there: {str(error).splitlines()[0]}") from error
    with connection:
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        with channels_of(home) if home is not None else nullcontext(()) as channels:
            yield Kolibri(_Postgres(connection), "The PostgreSQL database", channels)


class _Postgres:
    by_bytes = ' COLLATE "C"'

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._cursors = 0

    def columns(self, table: str) -> set[str]:
        query = (
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND table_schema = "
            "ANY (current_schemas(false))"
        )
        return {row[0] for row in self._connection.execute(query, (table,))}

    def rows(self, query: str) -> Iterator[SourceRow]:
        self._cursors += 1
        # A cursor on the server, so that only a part is held here.
        with self._connection.cursor(name=f"learntrack_{self._cursors}") as cursor:
            cursor.itersize = _FETCH
            cursor.execute(query)
            names: list[str] = []
            for row in cursor:
                names = names or [column.name for column in cursor.description]
                # Truth as a number, as SQLite has it, so that the same Kolibri is the same in both.
                values = (int(value) if isinstance(value, bool) else value for value in row)
                yield dict(zip(names, values, strict=True))
