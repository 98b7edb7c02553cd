"""A Kolibri database (0.16–0.19) as a source: opened without changing it, checked, and read in the order of its
learners.

The schema is known by its columns, not by a version number.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import groupby
from typing import Protocol

from learntrack.domain.time_zones import is_place
from learntrack.errors import StartError
from learntrack.importing.kolibri import sql
from learntrack.importing.kolibri.sql import SourceRow


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
        return sum(len(getattr(self, part)) for part in sql.LOGS)


class SqlConnection(Protocol):
    """What the two kinds of database have in common."""

    by_bytes: str
    """How a text column is ordered by its bytes, whatever the database's language."""

    def columns(self, table: str) -> set[str]:
        """The columns of a table; none if there is no such table."""
        ...

    def rows(self, query: str) -> Iterator[SourceRow]:
        """What a query returns, streamed."""
        ...


class OpensAgain(Protocol):
    """Opens a database once more, in another process, as it was when it was opened here."""

    def opened(self) -> AbstractContextManager["Kolibri"]:
        """The database, open."""
        ...


class Kolibri:
    """An open Kolibri database.

    Args:
        connection: To the database.
        name: What to call it in an error.
        channels: To the databases of its channels, which it keeps beside its own.
        again: Opens it once more in another process; None: it cannot be.

    Raises:
        StartError: it is not one.

    """

    def __init__(
        self,
        connection: SqlConnection,
        name: str,
        channels: Sequence[SqlConnection] = (),
        again: OpensAgain | None = None,
    ) -> None:
        self._connection = connection
        self.again = again
        self._channels = channels
        self._columns: dict[str, list[str]] = {}
        for table in (*sql.REQUIRED, *sql.OPTIONAL):
            present = connection.columns(table)
            required = sql.REQUIRED.get(table, ())
            for column in required:
                if column not in present:
                    lacking = f"{table}.{column}" if present else table
                    raise StartError(f"{name} is not a database of Kolibri 0.16–0.19: it has no {lacking}.")
            self._columns[table] = [name for name in (*required, *sql.OPTIONAL.get(table, ())) if name in present]
        table, column = sql.SINCE_0_18
        self.moves_ends_of_tries = column in connection.columns(table)
        """Whether this Kolibri moves the end of a try as its learner goes on; before 0.18 none did."""

    def table(self, name: str) -> Iterator[SourceRow]:
        """The rows of a table; of one that this Kolibri does not have, none."""
        columns = self._columns[name]
        return self._connection.rows(sql.whole_table(name, columns)) if columns else iter(())

    def of_contents(self, name: str) -> Iterator[SourceRow]:
        """The rows of a table about contents: those of Kolibri's own database, then those of its channels' databases,
        which also say what is not on the device any more.
        """
        yield from self.table(name)
        for channel in self._channels:
            present = channel.columns(name)
            if columns := [column for column in sql.OPTIONAL[name] if column in present]:
                yield from channel.rows(sql.whole_table(name, columns))

    def used_contents(self) -> set[str]:
        """The ids of the contents that learners have used."""
        return {str(row["content_id"]) for row in self._connection.rows(sql.used_contents())}

    def zones(self) -> dict[str, str]:
        """The IANA name of the time zone in which most sessions of each facility's learners were, as far as it is known
        and is a place's: UTC is what a computer has that nobody has told where it is.
        """
        found: dict[str, tuple[int, str]] = {}
        for row in self._connection.rows(sql.zones()):
            zone = str(row["zone"])
            if zone.startswith("(") and zone.endswith(")") and is_place(zone[1:-1]):
                key = str(row["facility_id"])
                found[key] = max(found.get(key, (0, "")), (int(row["many"]), zone[1:-1]))
        return {key: zone for key, (_, zone) in found.items()}

    def count(self) -> int:
        """How many logs there are."""
        tables = [table for table in sql.LOGS.values() if self._columns[table]]
        return sum(int(next(self._connection.rows(sql.count(table)))["many"]) for table in tables)

    def learners(self, share: sql.Share = sql.EVERYBODY) -> Iterator[LearnerRows]:
        """The logs of a share of the learners, one after the other, so that only one learner's are held at a time."""
        parts = {
            part: _Groups(self._logs(table, by="user_id", share=share), "user_id") for part, table in sql.LOGS.items()
        }
        while (following := _first_of(list(parts.values()))) is not None:
            yield LearnerRows(following, **{part: groups.take(following) for part, groups in parts.items()})

    def anonymous(self) -> Iterator[LearnerRows]:
        """The anonymous sessions, one by one, with their attempts."""
        sessions = _Groups(self._logs(sql.LOGS["sessions"], by="id", share=None), "id")
        attempts = _Groups(self._logs(sql.LOGS["attempts"], by="sessionlog_id", share=None), "sessionlog_id")
        while (following := _first_of([sessions, attempts])) is not None:
            yield LearnerRows(None, sessions=sessions.take(following), attempts=attempts.take(following))

    def _logs(self, table: str, *, by: str, share: sql.Share | None) -> Iterator[SourceRow]:
        columns = self._columns[table]
        if not columns:
            return iter(())
        collation = self._connection.by_bytes
        return self._connection.rows(sql.logs(table, columns, share=share, by=by, collation=collation))


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


def _first_of(parts: Sequence[_Groups]) -> str | None:
    """The key with which these go on; None where all are at their end."""
    return min((groups.key for groups in parts if groups.key is not None), default=None)
