"""A Kolibri that keeps its data in PostgreSQL moves in as one with SQLite does."""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from learntrack.importing.kolibri.postgres import postgres_source
from learntrack.importing.kolibri.sql import OPTIONAL, REQUIRED
from learntrack.importing.kolibri.sqlite import sqlite_source
from learntrack.importing.report import ImportReport
from learntrack.importing.service import import_kolibri
from learntrack.storage import StartError
from tests.engines import ENGINES, lacking
from tests.importing.moving import HOME, outcomes

psycopg = pytest.importorskip("psycopg")


def _programs() -> Path | None:
    """The folder of PostgreSQL's own programs, which Debian does not put into the path."""
    if found := shutil.which("initdb"):
        return Path(found).parent
    return next((file.parent for file in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)), None)


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """The URI of an empty database."""
    if uri := os.environ.get("LEARNTRACK_TEST_POSTGRES_URI"):
        yield uri
        return
    if (programs := _programs()) is None:
        pytest.skip("PostgreSQL is not installed, and LEARNTRACK_TEST_POSTGRES_URI is not set")
    # It refuses to run as root; its package brings a user.
    person: Any = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="learntrack-postgres-"))

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [programs / program, "-D", "data", *arguments], check=True, stdout=subprocess.DEVNULL, cwd=folder, **person
        )

    try:
        if person:
            shutil.chown(folder, **person)
        run("initdb", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        run("pg_ctl", "-l", "log", "-o", f"-k {folder} -c listen_addresses='' -c fsync=off", "-w", "start")
        try:
            yield f"postgresql://postgres@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def kolibri(postgres: str) -> str:
    """The same Kolibri in PostgreSQL, its columns of the types that Kolibri gives them there."""
    source = sqlite3.connect(f"file:{HOME / 'db.sqlite3'}?mode=ro", uri=True)
    with psycopg.connect(postgres) as target:
        for table in {*REQUIRED, *OPTIONAL}:
            columns = [(row[1], row[2].lower()) for row in source.execute(f"PRAGMA table_info({table})")]
            if not columns:
                continue
            types = {
                "bool": "boolean",
                "real": "double precision",
                "datetime": "timestamp with time zone",
                "integer unsigned": "integer",
                "smallint unsigned": "smallint",
            }
            shape = ", ".join(f'"{name}" {types.get(kind, kind)}' for name, kind in columns)
            target.execute(f"CREATE TABLE {table} ({shape})")
            names = ", ".join(f'"{name}"' for name, _ in columns)
            with target.cursor().copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in source.execute(f"SELECT {names} FROM {table}"):
                    copy.write_row(
                        [
                            bool(v) if k == "bool" and v is not None else v
                            for v, (_, k) in zip(row, columns, strict=True)
                        ]
                    )
    source.close()
    return postgres


async def _moved_in(source: Any, processes: int = 0) -> tuple[ImportReport, Any]:
    if reason := lacking("embedded"):
        pytest.skip(reason)
    async with ENGINES["embedded"]() as db:
        await db.prepare()
        report = ImportReport()
        with source as opened:
            await import_kolibri(db, opened, report, lambda _: None, processes=processes)
        collections = (
            "users",
            "content_sessions",
            "content_summaries",
            "mastery_logs",
            "attempt_overflow",
            "lessons",
            "quizzes",
        )
        return report, {name: await db.rows(name, [{"$sort": {"_id": 1}}]) for name in collections}


async def test_all_of_it_moves_in_and_is_the_same(kolibri: str) -> None:
    from_sqlite, expected = await _moved_in(sqlite_source(HOME))
    from_postgres, found = await _moved_in(postgres_source(kolibri), processes=2)

    assert outcomes(from_postgres, "new") == outcomes(from_sqlite, "new") == 379 + 230 + 186
    for name, rows in expected.items():
        assert found[name] == rows, name


def test_the_databases_of_channels_are_read_beside_it(kolibri: str, tmp_path: Path) -> None:
    """Kolibri keeps these in its home, as SQLite's, wherever its own data is."""
    node = {"id": "d1" * 16, "content_id": "d2" * 16, "channel_id": "c1" * 16, "title": "Sets", "kind": "video"}
    databases = tmp_path / "content" / "databases"
    databases.mkdir(parents=True)
    with sqlite3.connect(databases / "channel.sqlite3") as channel:
        channel.execute(f"CREATE TABLE content_contentnode ({', '.join(node)})")
        channel.execute("INSERT INTO content_contentnode VALUES (?, ?, ?, ?, ?)", list(node.values()))

    with postgres_source(kolibri, tmp_path) as source:
        beside = [row["title"] for row in source.of_contents("content_contentnode")]
    with postgres_source(kolibri) as source:
        alone = [row["title"] for row in source.of_contents("content_contentnode")]

    assert beside == [*alone, "Sets"]
    with pytest.raises(StartError, match="no Kolibri home"), postgres_source(kolibri, tmp_path / "elsewhere"):
        pass


def test_what_is_no_kolibri_or_not_there_is_said_in_one_line(postgres: str) -> None:
    with psycopg.connect(postgres) as connection:
        connection.execute("CREATE SCHEMA elsewhere")
    elsewhere = f"{postgres}{'&' if '?' in postgres else '?'}options=-csearch_path%3Delsewhere"
    with pytest.raises(StartError, match="is not a database of Kolibri"), postgres_source(elsewhere):
        pass
    with (
        pytest.raises(StartError, match="No PostgreSQL answers there"),
        postgres_source("postgresql://127.0.0.1:1/nothing"),
    ):
        pass
