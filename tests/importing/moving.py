"""Moving in with a Kolibri, on an engine of its own."""

import json
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient

from learntrack.app import create_app
from learntrack.importing.kolibri.sqlite import sqlite_source
from learntrack.importing.report import ImportReport
from learntrack.importing.service import import_kolibri
from tests.conftest import running, settings
from tests.documents.stored import check
from tests.engines import ENGINES, lacking
from tests.support import Api, Person

HOME = Path(__file__).parent.parent / "kolibri" / "home"


ACTORS = json.loads((HOME / "actors.json").read_text())["actors"]


@asynccontextmanager
async def fresh(name: str) -> AsyncIterator[Api]:
    """The API on an engine of its own, since superusers see everything."""
    if reason := lacking(name):
        pytest.skip(reason)
    async with ENGINES[name]() as db:

        async def connect(_: Any) -> Any:
            return db

        app = create_app(settings(), connect)
        async with running(app), AsyncClient(transport=ASGITransport(app), base_url="http://learntrack") as client:
            yield Api(client, db, name)
            await check(db, name)


async def move_in(api: Api, path: Path, *, dry_run: bool = False, processes: int | None = None) -> ImportReport:
    report = ImportReport()
    with sqlite_source(path) as source:
        await import_kolibri(api.db, source, report, lambda _: None, dry_run=dry_run, processes=processes)
    return report


def outcomes(report: ImportReport, outcome: str) -> int:
    return sum(report.counts[name][outcome] for name in ("content_sessions", "content_summaries", "mastery_logs"))


def actor(name: str) -> Person:
    known = ACTORS.get(name)
    return Person(known["user_id"], bool(known["superuser"])) if known else Person(None)


def changed(home: Path, *statements: str) -> Path:
    """A copy of the database, with changes."""
    copy = home / "db.sqlite3"
    shutil.copy(HOME / "db.sqlite3", copy)
    with sqlite3.connect(copy) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        for statement in statements:
            assert connection.execute(statement).rowcount != 0, statement
    connection.close()
    return copy


def asked(query: str) -> Any:
    with sqlite3.connect(f"file:{HOME / 'db.sqlite3'}?mode=ro", uri=True) as connection:
        connection.row_factory = sqlite3.Row
        return connection.execute(query).fetchone()


UNFINISHED = """
    SELECT tried.*, summary.content_id, summary.channel_id, summary.extra_fields,
        (SELECT COUNT(*) FROM logger_attemptlog WHERE masterylog_id = tried.id) AS attempts
    FROM logger_masterylog tried JOIN logger_contentsummarylog summary ON summary.id = tried.summarylog_id
    WHERE tried.mastery_criterion LIKE '%in_a_row_3%' AND NOT tried.complete AND attempts BETWEEN 3 AND 20 LIMIT 1
"""
