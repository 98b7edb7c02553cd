"""A Kolibri database (0.16–0.19) as a source: opened without changing it, checked, and read in the order of its
learners.

The schema is known by its columns, not by a version number.
"""

import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby, islice
from pathlib import Path
from typing import Any, Protocol

from learntrack.storage import StartError

SourceRow = dict[str, Any]

_FILE = "db.sqlite3"
_FETCH = 2000

_TIMES = ("start_timestamp", "end_timestamp")
_ATTEMPT = (
    *("id", "user_id", "item", *_TIMES, "completion_timestamp", "time_spent", "complete", "correct", "hinted"),
    *("answer", "simple_answer", "interaction_history"),
)
REQUIRED: Mapping[str, Sequence[str]] = {
    "kolibriauth_collection": ("id", "name", "kind", "parent_id"),
    "kolibriauth_facilityuser": ("id", "username", "full_name", "facility_id"),
    "kolibriauth_membership": ("user_id", "collection_id"),
    "kolibriauth_role": ("user_id", "collection_id", "kind"),
    "logger_contentsessionlog": (
        *("id", "user_id", "content_id", "channel_id", "kind", *_TIMES, "time_spent", "progress", "extra_fields"),
    ),
    "logger_contentsummarylog": (
        *(
            "id",
            "user_id",
            "content_id",
            "channel_id",
            "kind",
            *_TIMES,
            "completion_timestamp",
            "time_spent",
            "progress",
            "extra_fields",
        ),
    ),
    "logger_masterylog": (
        *(
            "id",
            "user_id",
            "summarylog_id",
            "mastery_criterion",
            "mastery_level",
            *_TIMES,
            "completion_timestamp",
            "complete",
        ),
    ),
    "logger_attemptlog": (*_ATTEMPT, "masterylog_id", "sessionlog_id"),
}
"""Tables and columns without which a database is not a Kolibri's."""
OPTIONAL: Mapping[str, Sequence[str]] = {
    "kolibriauth_facilityuser": ("date_deleted",),
    "device_devicepermissions": ("user_id", "is_superuser"),
    "lessons_lesson": ("id", "title", "collection_id"),
    "lessons_lessonassignment": ("lesson_id", "collection_id"),
    "exams_exam": ("id", "title", "active", "collection_id"),
    "exams_examassignment": ("exam_id", "collection_id"),
    "courses_coursesession": ("id", "title", "collection_id"),
    "courses_coursesessionassignment": ("course_session_id", "collection_id"),
    "logger_contentsessionlog": ("visitor_id",),
    "logger_masterylog": ("time_spent",),
    "logger_attemptlog": ("error",),
    "logger_examlog": ("id", "user_id", "exam_id", "closed", "completion_timestamp"),
    "logger_examattemptlog": (*_ATTEMPT, "examlog_id", "content_id", "error"),
}
"""What not every version has, or not every installation."""

LOGS = {
    "sessions": "logger_contentsessionlog",
    "summaries": "logger_contentsummarylog",
    "tries": "logger_masterylog",
    "attempts": "logger_attemptlog",
    "exams": "logger_examlog",
    "exam_attempts": "logger_examattemptlog",
}


@dataclass(slots=True)
class LearnerRows:
    """Everything that was logged of one learner; `user_id` None: of one anonymous session."""

    user_id: str | None
    sessions: list[SourceRow] = field(default_factory=list)
    summaries: list[SourceRow] = field(default_factory=list)
    tries: list[SourceRow] = field(default_factory=list)
    attempts: list[SourceRow] = field(default_factory=list)
    exams: list[SourceRow] = field(default_factory=list)
    exam_attempts: list[SourceRow] = field(default_factory=list)

    def __len__(self) -> int:
        return sum(len(getattr(self, part)) for part in LOGS)


class Connection(Protocol):
    """What the two kinds of database have in common."""

    by_bytes: str
    """How a text column is ordered by its bytes, whatever the database's language."""

    def columns(self, table: str) -> set[str]:
        """The columns of a table; none if there is no such table."""
        ...

    def rows(self, query: str) -> Iterator[SourceRow]:
        """What a query returns, streamed."""
        ...


class Kolibri:
    """An open Kolibri database.

    Raises:
        StartError: it is not one.

    """

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection = connection
        missing = [
            table if not present else f"{table}.{wanting[0]}"
            for table, columns in REQUIRED.items()
            if (wanting := [column for column in columns if column not in (present := connection.columns(table))])
        ]
        if missing:
            raise StartError(f"{name} is not a database of Kolibri 0.16–0.19: it has no {missing[0]}.")
        self._columns: dict[str, list[str]] = {}
        for table in {*REQUIRED, *OPTIONAL}:
            present = connection.columns(table)
            self._columns[table] = [
                column for column in (*REQUIRED.get(table, ()), *OPTIONAL.get(table, ())) if column in present
            ]

    def table(self, name: str) -> Iterator[SourceRow]:
        """The rows of a table, in the order of their first column, then the others; of one that this Kolibri does not
        have, none.
        """
        if not (columns := ", ".join(self._columns[name])):
            return iter(())
        return self._connection.rows(f"SELECT {columns} FROM {name} ORDER BY {columns}")  # noqa: S608

    def count(self) -> int:
        """How many logs there are."""
        tables = [table for table in LOGS.values() if self._columns[table]]
        queries = [f"SELECT COUNT(*) AS many FROM {table}" for table in tables]  # noqa: S608
        return sum(int(next(self._connection.rows(query))["many"]) for query in queries)

    def learners(self) -> Iterator[LearnerRows]:
        """The logs, learner by learner, so that only one learner's are held at a time."""
        parts = {
            part: _Groups(self._logs(table, "user_id", "user_id IS NOT NULL"), "user_id")
            for part, table in LOGS.items()
        }
        while (
            following := min((groups.key for groups in parts.values() if groups.key is not None), default=None)
        ) is not None:
            yield LearnerRows(following, **{part: groups.take(following) for part, groups in parts.items()})

    def anonymous(self) -> Iterator[LearnerRows]:
        """The anonymous sessions, one by one, with their attempts."""
        sessions = _Groups(self._logs("logger_contentsessionlog", "id", "user_id IS NULL"), "id")
        attempts = _Groups(self._logs("logger_attemptlog", "sessionlog_id", "user_id IS NULL"), "sessionlog_id")
        while (
            following := min((groups.key for groups in (sessions, attempts) if groups.key is not None), default=None)
        ) is not None:
            yield LearnerRows(None, sessions=sessions.take(following), attempts=attempts.take(following))

    def _logs(self, table: str, key: str, where: str) -> Iterator[SourceRow]:
        columns = self._columns[table]
        if not columns:
            return iter(())
        order = f"{key}{self._connection.by_bytes}"
        return self._connection.rows(f"SELECT {', '.join(columns)} FROM {table} WHERE {where} ORDER BY {order}")  # noqa: S608


class _Groups:
    """Rows ordered by a key, taken a key's rows at a time."""

    def __init__(self, rows: Iterator[SourceRow], key: str) -> None:
        self._groups = groupby(rows, key=lambda row: str(row[key]))
        self._rows: Iterator[SourceRow] = iter(())
        self.key: str | None = None
        self._go_on()

    def take(self, key: str) -> list[SourceRow]:
        """The rows of `key`, which must not be later than the present one."""
        if self.key != key:
            return []
        found = list(self._rows)
        self._go_on()
        return found

    def _go_on(self) -> None:
        self.key, self._rows = next(self._groups, (None, iter(())))


# The two kinds of database


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
        names = [column[0] for column in cursor.description]
        for row in islice(cursor, first, None):
            yield dict(zip(names, row, strict=False))


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
        with self._connection.cursor(
            name=f"learntrack_{self._cursors}"
        ) as cursor:  # on the server: only a part is held here
            cursor.itersize = _FETCH
            cursor.execute(query)
            names: list[str] = []
            for row in cursor:
                names = names or [column.name for column in cursor.description]
                yield dict(zip(names, row, strict=True))


@contextmanager
def sqlite_source(path: Path) -> Iterator[Kolibri]:
    """A Kolibri home or its db.sqlite3, as it is at this moment: a copy is read, made by SQLite's own backup.

    Raises:
        StartError: there is no such file, or it is no Kolibri database.

    """
    file = path / _FILE if path.is_dir() else path
    if not file.is_file():
        raise StartError(f"There is no Kolibri database at {file}.")
    with tempfile.TemporaryDirectory(prefix="learntrack-import-") as folder:
        copy = sqlite3.connect(Path(folder) / _FILE, check_same_thread=False)
        try:
            _back_up(file, copy)
            yield Kolibri(_Sqlite(copy), str(file))
        except sqlite3.DatabaseError as error:
            raise StartError(f"{file} is not a database of Kolibri 0.16–0.19: {error}.") from error
        finally:
            copy.close()


def _back_up(file: Path, copy: sqlite3.Connection) -> None:
    uri = file.resolve().as_uri() + "?mode=ro"
    try:
        _copy_all(uri, copy)
    except sqlite3.OperationalError:
        # A write-ahead log cannot be read in a folder that may not be written to; then nobody else is writing it
        # either.
        _copy_all(uri + "&immutable=1", copy)


def _copy_all(uri: str, copy: sqlite3.Connection) -> None:
    original = sqlite3.connect(uri, uri=True, timeout=30)
    try:
        original.backup(copy, pages=20_000, sleep=0.05)
    finally:
        original.close()


@contextmanager
def postgres_source(uri: str) -> Iterator[Kolibri]:
    """A Kolibri that keeps its data in PostgreSQL, as it is at this moment (one read-only snapshot).

    Raises:
        StartError: psycopg is not installed, nothing answers, or it is no Kolibri database.

    """
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
        yield Kolibri(_Postgres(connection), "The PostgreSQL database")
