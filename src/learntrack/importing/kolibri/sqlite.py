"""A Kolibri that keeps its data in SQLite, as it does unless told otherwise."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from math import inf
from pathlib import Path
from sys import intern

from learntrack.errors import StartError
from learntrack.importing.kolibri.source import Kolibri, SqlConnection
from learntrack.importing.kolibri.sql import SourceRow

_FILE = "db.sqlite3"
_PAGES = 20_000
"""What is copied at a time, some 80 MB."""
_MOST_BEGINNINGS = 3
"""How often SQLite may begin such a copy anew."""
_CHANNELS = "content/databases/*.sqlite3"
"""Where a Kolibri home keeps the databases of its channels, which it writes once, when a channel is imported."""


@contextmanager
def sqlite_source(path: Path) -> Iterator[Kolibri]:
    """A Kolibri home or its db.sqlite3, as it is at this moment: a copy is read, made by SQLite's own backup. The
    databases of its channels are read where they are.

    Raises:
        StartError: there is no such file, or it is no Kolibri database.

    """
    file = path / _FILE if path.is_dir() else path
    if not file.is_file():
        raise StartError(f"There is no Kolibri database at {file}.")
    with tempfile.TemporaryDirectory(prefix="learntrack-import-") as folder:
        copy = sqlite3.connect(Path(folder) / _FILE, check_same_thread=False)
        copy.execute("PRAGMA synchronous = OFF")  # nobody needs it after a crash
        try:
            _back_up(file, copy)
            with channels_of(file.parent) as channels:
                yield Kolibri(_Sqlite(copy), str(file), channels, SqliteCopy(Path(folder) / _FILE, str(file)))
        except sqlite3.DatabaseError as error:
            raise _no_database(str(file), error) from error
        finally:
            copy.close()


@dataclass(slots=True, frozen=True)
class SqliteCopy:
    """The copy of a database that is open already; `name` is what to call it in an error."""

    path: Path
    name: str

    @contextmanager
    def opened(self) -> Iterator[Kolibri]:
        """The database, open, without those of its channels.

        Raises:
            StartError: it is no Kolibri database.

        """
        with closing(sqlite3.connect(self.path)) as connection:
            try:
                yield Kolibri(_Sqlite(connection), self.name)
            except sqlite3.DatabaseError as error:
                raise _no_database(self.name, error) from error


@contextmanager
def channels_of(home: Path) -> Iterator[list[SqlConnection]]:
    """The databases of the channels of a Kolibri home, which are SQLite's wherever Kolibri keeps its own data; one that
    is none is left out, since it only has names.
    """
    with ExitStack() as opened:
        channels: list[SqlConnection] = []
        for channel in sorted(home.glob(_CHANNELS)):
            uri = channel.resolve().as_uri() + "?mode=ro&immutable=1"
            try:
                connection = opened.enter_context(closing(sqlite3.connect(uri, uri=True, check_same_thread=False)))
                connection.execute("SELECT name FROM sqlite_schema LIMIT 1").fetchall()
            except sqlite3.DatabaseError:
                continue
            channels.append(_Sqlite(connection))
        yield channels


def _no_database(name: str, error: sqlite3.DatabaseError) -> StartError:
    return StartError(f"{name} is not a database of Kolibri 0.16–0.19: {error}.")


def _back_up(file: Path, copy: sqlite3.Connection) -> None:
    uri = file.resolve().as_uri() + "?mode=ro"
    try:
        _copy_all(uri, copy)
    except sqlite3.OperationalError:
        # A write-ahead log cannot be read in a folder that may not be written to; then nobody else is writing it
        # either.
        _copy_all(uri + "&immutable=1", copy)


class _Disturbed(Exception):
    """Somebody writes so often that a copy made in steps would never end."""


def _copy_all(uri: str, copy: sqlite3.Connection) -> None:
    """Copy in steps, between which others write; SQLite then begins anew. So after some of that all at once."""
    original = sqlite3.connect(uri, uri=True, timeout=30)
    left, begun_anew = inf, 0

    def look(_: int, remaining: int, __: int) -> None:
        nonlocal left, begun_anew
        begun_anew += remaining >= left
        left = remaining
        if begun_anew >= _MOST_BEGINNINGS:
            raise _Disturbed

    try:
        with suppress(_Disturbed):
            original.backup(copy, pages=_PAGES, sleep=0.05, progress=look)
            return
        original.backup(copy)
    finally:
        original.close()


class _Sqlite:
    by_bytes = ""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def columns(self, table: str) -> set[str]:
        return {row[1] for row in self._connection.execute(f"PRAGMA table_info({table})")}

    def rows(self, query: str) -> Iterator[SourceRow]:
        done = 0
        try:
            for row in self._from(query, 0):
                yield row
                done += 1
        except sqlite3.OperationalError as error:
            if "decode" not in str(error).lower():
                raise
            # Text that is no UTF-8: read on leniently, which costs a call of Python for every text.
            self._connection.text_factory = lambda raw: raw.decode(errors="replace")
            yield from self._from(query, done)

    def _from(self, query: str, first: int) -> Iterator[SourceRow]:
        cursor = self._connection.execute(query)
        names = [intern(column[0]) for column in cursor.description]  # as those in the code, found without comparing
        for row in islice(cursor, first, None):
            yield dict(zip(names, row, strict=False))
