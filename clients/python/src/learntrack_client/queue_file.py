"""The SQLite file of a queue: its form, its transactions, and what can be wrong with it, by name.

What a transaction did is on the disk once it ends (WAL, synchronous=FULL), so that neither `kill -9` nor a power cut
takes anything of it.
"""

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

from learntrack_client.problems import LearntrackError, QueueFull, QueueUnusable

_WAIT_SECONDS = 30
"""How long another program may hold the file."""
_LOOK_AGAIN_SECONDS = 0.01
_VERSION = 2
_ITEMS = (
    """CREATE TABLE items (
      number INTEGER PRIMARY KEY AUTOINCREMENT,  -- the order in which it was done
      learner TEXT NOT NULL, content TEXT NOT NULL, session TEXT NOT NULL, key TEXT NOT NULL UNIQUE,
      occurred_at TEXT NOT NULL, kind TEXT NOT NULL, body BLOB NOT NULL,
      tries INTEGER NOT NULL DEFAULT 0,
      problem BLOB  -- the service's answer, where it was refused for good: then it is set aside
    )""",
    "CREATE INDEX items_waiting ON items (learner, number) WHERE problem IS NULL",
    "CREATE INDEX items_of_content ON items (learner, content, number)",
    """CREATE TABLE states (
      learner TEXT NOT NULL, content TEXT NOT NULL, state BLOB NOT NULL,  -- as the service has told it last
      PRIMARY KEY (learner, content)
    )""",
)
_TOTALS = (
    # What a learner's items come to, so that to ask for it takes no longer the more there are.
    """CREATE TABLE totals (
      learner TEXT PRIMARY KEY, items INTEGER NOT NULL, aside INTEGER NOT NULL, bytes INTEGER NOT NULL
    )""",
    "CREATE INDEX items_of_session ON items (session) WHERE problem IS NULL",
    "INSERT INTO totals SELECT learner, count(*), count(problem), sum(length(body)) FROM items GROUP BY learner",
    """CREATE TRIGGER item_added AFTER INSERT ON items BEGIN
      INSERT OR IGNORE INTO totals VALUES (NEW.learner, 0, 0, 0);
      UPDATE totals SET items = items + 1, bytes = bytes + length(NEW.body) WHERE learner = NEW.learner;
    END""",
    """CREATE TRIGGER item_removed AFTER DELETE ON items BEGIN
      UPDATE totals SET items = items - 1, aside = aside - (OLD.problem IS NOT NULL),
        bytes = bytes - length(OLD.body) WHERE learner = OLD.learner;
    END""",
    """CREATE TRIGGER item_judged AFTER UPDATE OF problem ON items BEGIN
      UPDATE totals SET aside = aside + (NEW.problem IS NOT NULL) - (OLD.problem IS NOT NULL)
        WHERE learner = NEW.learner;
    END""",
)
_STEPS = (_ITEMS, _TOTALS)
"""What makes each form of the form before it."""


def code_of(error: sqlite3.Error) -> int:
    """Which of SQLite's primary codes it is (`sqlite3.SQLITE_BUSY`, …); 0 where it has none."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


class QueueFile:
    """An open file.

    Args:
        path: Where it is; it is made if it is not there.

    Raises:
        QueueUnusable: it cannot be opened, is no queue, or was written by a later release of this package.
        QueueFull: there is no room on the disk.

    """

    def __init__(self, path: Path) -> None:
        self._path = path
        if not path.parent.is_dir():
            raise QueueUnusable(f"{path} cannot be used: there is no folder {path.parent}. Nothing was stored.")
        with self._by_name():
            self._db = sqlite3.connect(path, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            self._begin()
            self._opened = os.stat(path)
        except BaseException:
            self._db.close()
            raise

    def _begin(self) -> None:
        with self._by_name():
            self._write_ahead()
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("PRAGMA fullfsync=1")  # on macOS a sync ends before the disk has written
        with self.transaction():
            [(version,)] = self.rows("PRAGMA user_version")
            if version > _VERSION:
                raise QueueUnusable(f"{self._path} is a queue of a later release (form {version}, not {_VERSION}).")
            for step in _STEPS[version:]:
                for statement in step:
                    self.run(statement)
            if version < _VERSION:
                self.run(f"PRAGMA user_version = {_VERSION}")

    def _write_ahead(self) -> None:
        """Change to WAL. Where two programs make the same file at the same moment SQLite tells one of them at once that
        it is locked, instead of waiting.
        """
        until = time.monotonic() + _WAIT_SECONDS
        while True:
            try:
                self._db.execute("PRAGMA journal_mode=WAL")
            except sqlite3.OperationalError as error:
                if code_of(error) != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
                time.sleep(_LOOK_AGAIN_SECONDS)
            else:
                return

    def check_place(self) -> None:
        """Raise `QueueUnusable` if the file is not where it was: what is put into it now nobody would find again."""
        try:
            there = os.path.samestat(os.stat(self._path), self._opened)
        except OSError:
            there = False
        if not there:
            raise QueueUnusable(f"{self._path} was removed or replaced while it was open. Nothing was stored.")

    def close(self) -> None:
        """Close it."""
        self._db.close()

    def transaction(self) -> AbstractContextManager[None]:
        """All that is done within, or nothing of it; on the disk at its end."""
        return self._within("BEGIN IMMEDIATE")

    def snapshot(self) -> AbstractContextManager[None]:
        """All that is read within is of one moment, whatever other programs do meanwhile."""
        return self._within("BEGIN")

    @contextmanager
    def _within(self, begin: str) -> Iterator[None]:
        with self._by_name():
            if self._db.in_transaction:  # one that could not even be undone
                self._db.execute("ROLLBACK")
            self._db.execute(begin)
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # SQLite may have undone it already
                    self._db.execute("ROLLBACK")
                raise

    def rows(self, question: str, given: Sequence[Any] = ()) -> list[Any]:
        """All rows of the answer."""
        with self._by_name():
            return self._db.execute(question, given).fetchall()

    def each(self, question: str, given: Sequence[Any] = ()) -> Iterator[Any]:
        """The rows of the answer, read as they are wanted."""
        with self._by_name():
            found = self._db.execute(question, given)
            try:
                yield from found
            finally:
                found.close()

    def run(self, change: str, given: Sequence[Any] = ()) -> int:
        """Change something; how many rows."""
        with self._by_name():
            return self._db.execute(change, given).rowcount

    @contextmanager
    def _by_name(self) -> Iterator[None]:
        try:
            yield
        except LearntrackError:
            raise
        except sqlite3.Error as error:
            if code_of(error) == sqlite3.SQLITE_FULL:
                raise QueueFull("There is no room on the disk: nothing was stored.") from error
            raise QueueUnusable(f"{self._path} cannot be used: {error}. Nothing was stored.") from error
