"""The copy of a Kolibri's database that is in use."""

import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import pytest

from learntrack.importing.kolibri import sqlite

ROWS = 300


def test_a_database_that_is_written_all_the_time_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy in steps begins anew whenever somebody has written between two of them: one of 900 MB never ended."""
    monkeypatch.setattr(sqlite, "_PAGES", 10)
    with closing(sqlite3.connect(tmp_path / "db.sqlite3")) as made:
        made.execute("PRAGMA journal_mode = WAL")
        made.execute("CREATE TABLE logs (kept BLOB)")
        made.executemany("INSERT INTO logs VALUES (zeroblob(?))", [(4000,)] * ROWS)
        made.commit()
    is_copied, is_writing = Event(), Event()

    def write() -> None:
        with closing(sqlite3.connect(tmp_path / "db.sqlite3", timeout=60)) as writer:
            writer.execute("CREATE TABLE others (number INTEGER)")
            while not is_copied.is_set():
                writer.execute("INSERT INTO others VALUES (1)")
                writer.commit()
                is_writing.set()

    writing = Thread(target=write)
    writing.start()
    try:
        assert is_writing.wait(60)
        with closing(sqlite3.connect(tmp_path / "copy.sqlite3")) as copy:
            sqlite._back_up(tmp_path / "db.sqlite3", copy)
            assert copy.execute("SELECT count(*) FROM logs").fetchone() == (ROWS,)
            assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    finally:
        is_copied.set()
        writing.join()
