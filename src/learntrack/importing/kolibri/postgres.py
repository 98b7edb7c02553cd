"""A Kolibri that keeps its data in PostgreSQL."""

from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from learntrack.errors import StartError
from learntrack.importing.kolibri.source import Kolibri
from learntrack.importing.kolibri.sql import SourceRow
from learntrack.importing.kolibri.sqlite import channels_of

_FETCH = 2000
_NAME = "The PostgreSQL database"


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
        raise _no_answer(error) from error
    with _read(connection), channels_of(home) if home is not None else nullcontext(()) as channels:
        yield Kolibri(_Postgres(connection), _NAME, channels, _snapshot(connection, uri))


@dataclass(slots=True, frozen=True)
class PostgresSnapshot:
    """A moment of a database, which a transaction that is under way keeps."""

    uri: str
    key: str

    @contextmanager
    def opened(self) -> Iterator[Kolibri]:
        """The database as it was at that moment, open, without the databases of its channels.

        Raises:
            StartError: it does not answer any more.

        """
        import psycopg

        try:
            connection = psycopg.connect(self.uri)
        except psycopg.Error as error:
            raise _no_answer(error) from error
        with _read(connection):
            connection.execute(psycopg.sql.SQL("SET TRANSACTION SNAPSHOT {}").format(self.key))
            yield Kolibri(_Postgres(connection), _NAME)


@contextmanager
def _read(connection: Any) -> Iterator[None]:
    """Read one moment of a database in one transaction, and close the connection: there is nothing to commit.

    Raises:
        StartError: the server has ended it, or answers something else.

    """
    import psycopg

    connection.read_only = True
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    with closing(connection):
        try:
            yield
        except psycopg.Error as error:
            raise StartError(f"{_NAME} could not be read: {str(error).splitlines()[0]}") from error


def _snapshot(connection: Any, uri: str) -> PostgresSnapshot | None:
    """What a connection sees, for others; None where the server does not share it."""
    import psycopg

    try:
        return PostgresSnapshot(uri, connection.execute("SELECT pg_export_snapshot()").fetchone()[0])
    except psycopg.Error:
        connection.rollback()
        return None


def _no_answer(error: Exception) -> StartError:
    return StartError(f"No PostgreSQL answers there: {str(error).splitlines()[0]}")


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
