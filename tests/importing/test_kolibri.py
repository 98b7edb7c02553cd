"""A whole Kolibri moves in: its own answers are ours afterwards, and recording goes on where it was."""

import asyncio
import json
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient

from learntrack.app import create_app
from learntrack.importing import dividing
from learntrack.importing.kolibri.sqlite import sqlite_source
from learntrack.importing.report import ImportReport
from learntrack.importing.service import import_kolibri
from learntrack.storage import Database, DatabaseUnavailable, StartError, patience
from learntrack.storage.errors import DiskNearlyFull
from tests.conftest import running, service_on, settings
from tests.engines import ENGINES, lacking
from tests.support import Api, Person, right, token
from tests.wire import Wire, held

HOME = Path(__file__).parent.parent / "kolibri" / "home"
ACTORS = json.loads((HOME / "actors.json").read_text())["actors"]
EXPECTED = [
    pytest.param(asked, id=f"{file.stem}-{number}")
    for file in sorted((HOME / "expected").glob("*.jsonl"))
    for number, asked in enumerate(map(json.loads, file.read_text().splitlines()))
]


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


async def move_in(api: Api, path: Path, *, dry_run: bool = False) -> ImportReport:
    report = ImportReport()
    with sqlite_source(path) as source:
        await import_kolibri(api.db, source, report, lambda _: None, dry_run=dry_run)
    return report


def outcomes(report: ImportReport, outcome: str) -> int:
    return sum(report.counts[name][outcome] for name in ("content_sessions", "content_summaries", "mastery_logs"))


def actor(name: str) -> Person:
    known = ACTORS.get(name)
    return Person(known["user_id"], bool(known["superuser"])) if known else Person(None)


def comparable(value: Any, key: str = "") -> Any:
    """Times to the millisecond; attempts in any order."""
    if isinstance(value, dict):
        return {name: comparable(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        found = [comparable(inner) for inner in value]
        by_id = all(isinstance(row, dict) and "interaction_history" in row for row in found)
        return sorted(found, key=lambda row: row["id"]) if by_id else found
    if isinstance(value, str) and key.endswith("_timestamp"):
        moment = datetime.fromisoformat(value)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    return value


@pytest.fixture(scope="module", params=["embedded", "mongoeco"])
async def moved_in(request: pytest.FixtureRequest) -> AsyncIterator[Api]:
    async with fresh(request.param) as api:
        await move_in(api, HOME)
        yield api


@pytest.mark.parametrize("asked", EXPECTED)
async def test_kolibris_own_answers_are_ours(moved_in: Api, asked: dict[str, Any]) -> None:
    answer = await moved_in.send(asked["method"], asked["path"], actor(asked["actor"]), params=asked["params"])

    expected = asked["response"]
    assert answer.status_code == expected["status"], answer.text[:500]
    if expected["status"] == 200:
        assert comparable(answer.json()) == comparable(expected["body"])


async def test_a_second_run_changes_nothing_and_a_dry_one_stores_nothing() -> None:
    async with fresh("embedded") as api:
        dry = await move_in(api, HOME, dry_run=True)
        assert outcomes(dry, "new") == 379 + 230 + 186
        assert await api.db.find("content_sessions", {}) == []
        assert await api.db.find("users", {}) == []

        first = await move_in(api, HOME)
        assert outcomes(first, "new") == 379 + 230 + 186
        stored = await api.stored()
        again = await move_in(api, HOME / "db.sqlite3")

        assert outcomes(again, "unchanged") == 379 + 230 + 186
        assert await api.stored() == stored


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


def exercise_of(tried: Any) -> dict[str, Any]:
    return {
        "node_id": "0" * 32,
        "content_id": tried["content_id"],
        "channel_id": tried["channel_id"],
        "kind": "exercise",
        "mastery_model": {"type": "num_correct_in_a_row_3"},
    }


async def test_recording_goes_on_in_the_imported_try_and_a_later_import_keeps_it(tmp_path: Path) -> None:
    tried = asked(UNFINISHED)
    learner = Person(tried["user_id"])
    async with fresh("embedded") as api:
        await move_in(api, HOME)
        started = await api.start(learner, **exercise_of(tried))
        assert started["totalattempts"] == tried["attempts"]
        assert len(started["pastattempts"]) == 3
        assert started["context"]["mastery_level"] == tried["mastery_level"]
        await api.update(learner, started, time_spent_delta=7, interactions=[right("a new question")])

        attempts = await api.attempts(learner, masterylog=tried["id"])
        assert len(attempts) == tried["attempts"] + 1

        # Meanwhile the learner went on in Kolibri too.
        later = changed(
            tmp_path,
            f"UPDATE logger_masterylog SET time_spent = time_spent + 5 WHERE id = '{tried['id']}'",
            "INSERT INTO logger_attemptlog SELECT '"
            + "ab" * 16
            + "', _morango_dirty_bit, _morango_source_id, _morango_partition, 'in Kolibri',"
            " start_timestamp, end_timestamp, completion_timestamp, time_spent, complete, correct, hinted, "
            "answer, simple_answer,"
            " interaction_history, dataset_id, masterylog_id, sessionlog_id, user_id, error"
            f" FROM logger_attemptlog WHERE masterylog_id = '{tried['id']}' LIMIT 1",
        )
        report = await move_in(api, later)

        assert report.counts["mastery_logs"]["updated"] == 1
        [mine] = [row for row in await api.tries(learner) if row["id"] == tried["id"]]
        assert mine["time_spent"] == tried["time_spent"] + 7 + 5
        items = [row["item"] for row in await api.attempts(learner, masterylog=tried["id"])]
        assert len(items) == tried["attempts"] + 2
        assert {"a new question", "in Kolibri"} <= set(items)
        assert outcomes(await move_in(api, later), "unchanged") == 379 + 230 + 186


async def test_an_imported_session_is_updated(tmp_path: Path) -> None:
    tried = asked(UNFINISHED)
    session = asked(f"SELECT sessionlog_id FROM logger_attemptlog WHERE masterylog_id = '{tried['id']}' LIMIT 1")[0]
    learner = Person(tried["user_id"])
    async with fresh("embedded") as api:
        await move_in(api, HOME)
        await api.update(learner, session, time_spent_delta=1, interactions=[right("one more")])

        assert "one more" in [row["item"] for row in await api.attempts(learner, masterylog=tried["id"])]


async def test_corrupt_rows_are_reported_and_everything_else_is_there(tmp_path: Path) -> None:
    attempts = [
        row[0]
        for row in sqlite3.connect(HOME / "db.sqlite3").execute(
            "SELECT id FROM logger_attemptlog WHERE masterylog_id IS NOT NULL"
        )
    ]
    path = changed(
        tmp_path,
        f"UPDATE logger_attemptlog SET answer = '{{\"broken' WHERE id = '{attempts[0]}'",
        "UPDATE logger_attemptlog SET start_timestamp = '2026-13-45 99:00:00.000000(Etc/UTC)' WHERE id "
        f"= '{attempts[1]}'",
        f"UPDATE logger_attemptlog SET masterylog_id = '{'f' * 32}' WHERE id = '{attempts[2]}'",
        f"UPDATE logger_attemptlog SET time_spent = 'long' WHERE id = '{attempts[3]}'",
        f"UPDATE logger_attemptlog SET interaction_history = '[NaN]' WHERE id = '{attempts[4]}'",
        f"UPDATE logger_attemptlog SET simple_answer = CAST(x'ff41' AS TEXT) WHERE id = '{attempts[5]}'",
        "UPDATE kolibriauth_membership SET collection_id = 'nowhere' WHERE id = (SELECT id FROM "
        "kolibriauth_membership LIMIT 1)",
        "UPDATE logger_contentsessionlog SET user_id = 'nobody'"
        " WHERE id = (SELECT id FROM logger_contentsessionlog WHERE user_id IS NOT NULL LIMIT 1)",
    )
    async with fresh("embedded") as api:
        report = await move_in(api, path)

        reasons = {(kind, reason) for kind, reason in report.reasons}
        assert {
            ("attempts", "answer: broken JSON"),
            ("attempts", "start_timestamp: an impossible date"),
            ("attempts", "its try is not there"),
            ("attempts", "time_spent: not a number of at least 0"),
            ("attempts", "interaction_history: broken JSON"),
            ("learners", "has logs, but is no user that is imported"),
        } <= reasons
        assert report.counts["attempts"]["skipped"] == 5
        [odd] = await api.db.find("mastery_logs", {"attempts.id": attempts[5]})
        assert "\ufffdA" in [attempt["simple_answer"] for attempt in odd["attempts"]]
        assert outcomes(report, "new") == 379 + 230 + 186 - 1


async def test_an_interrupted_import_continues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dividing, "MOST_BYTES", 60_000)
    async with fresh("embedded") as api:
        done = 0

        def interrupt(_: int) -> None:
            nonlocal done
            done += 1
            if done == 3:
                raise KeyboardInterrupt

        with sqlite_source(HOME) as source, pytest.raises(KeyboardInterrupt):
            await import_kolibri(api.db, source, ImportReport(), interrupt)
        there = len(await api.db.find("content_sessions", {}))
        assert 0 < there < 379
        for user in {row["user_id"] for row in await api.db.find("content_sessions", {"user_id": {"$ne": None}})}:
            assert asked(f"SELECT COUNT(*) FROM logger_contentsessionlog WHERE user_id = '{user}'")[0] == len(
                await api.db.find("content_sessions", {"user_id": user})
            )

        report = await move_in(api, HOME)
        assert outcomes(report, "new") + outcomes(report, "unchanged") == 379 + 230 + 186
        assert report.counts["content_sessions"]["unchanged"] == there


LEGACY = (
    "DELETE FROM logger_attemptlog WHERE masterylog_id = '{tried}'",
    "DELETE FROM logger_masterylog WHERE id = '{tried}'",
    "INSERT INTO logger_examlog VALUES ('"
    + "e1" * 16
    + "', 0, '', '', 1, '{dataset}', '{exam}', '{user}', '2020-02-02 10:00:00.000000(Etc/UTC)')",
    "INSERT INTO logger_examattemptlog VALUES ('"
    + "e2" * 16
    + "', 0, '', '', 'q1', '2020-02-02 09:58:00.000000(Africa/Nairobi)',"
    " '2020-02-02 09:59:00.000000(Africa/Nairobi)', NULL, 60, 0, 1, 0, '{{}}', 'x', '[]', '"
    + "cc" * 16
    + "', '{dataset}', '"
    + "e1" * 16
    + "', '{user}', 0)",
)


async def test_a_quiz_logged_before_kolibri_0_15_becomes_a_try(tmp_path: Path) -> None:
    tried = asked(
        "SELECT tried.*, summary.content_id FROM logger_masterylog tried JOIN logger_contentsummarylog summary"
        " ON summary.id = tried.summarylog_id WHERE mastery_criterion LIKE '%coach_assigned%'"
        " AND EXISTS (SELECT 1 FROM logger_attemptlog WHERE masterylog_id = tried.id)"
    )
    values = {
        "tried": tried["id"],
        "dataset": tried["dataset_id"],
        "exam": tried["content_id"],
        "user": tried["user_id"],
    }
    path = changed(tmp_path, *(statement.format(**values) for statement in LEGACY))
    learner = Person(tried["user_id"])
    async with fresh("embedded") as api:
        await move_in(api, path)

        [log] = await api.tries(learner, content=tried["content_id"])
        assert (log["id"], log["complete"], log["correct"], log["time_spent"]) == ("e1" * 16, True, 1.0, 60.0)
        assert log["mastery_criterion"] == {"type": "quiz", "coach_assigned": True}
        [attempt] = await api.attempts(learner, masterylog=log["id"])
        assert attempt["item"] == "cc" * 16 + ":q1"
        assert attempt["start_timestamp"] == "2020-02-02T09:58:00Z"


async def test_a_database_in_use_is_read(tmp_path: Path) -> None:
    path = changed(tmp_path)
    writing = sqlite3.connect(path)
    writing.execute("PRAGMA journal_mode = WAL")
    writing.execute("UPDATE kolibriauth_facilityuser SET full_name = 'In the write-ahead log'")
    writing.commit()
    writing.execute("BEGIN IMMEDIATE")
    async with fresh("mongomock") as api:
        await move_in(api, path)
        assert {row["full_name"] for row in await api.db.find("users", {})} == {"In the write-ahead log"}
    writing.close()


def no_database(folder: Path) -> Path:
    return folder


def no_sqlite(folder: Path) -> Path:
    (folder / "db.sqlite3").write_text("something else entirely")
    return folder


def another_schema(folder: Path) -> Path:
    sqlite3.connect(folder / "db.sqlite3").execute("CREATE TABLE things (id)").connection.commit()
    return folder


@pytest.mark.parametrize("make", [no_database, no_sqlite, another_schema])
def test_what_is_no_kolibri_is_said_in_one_line(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    with pytest.raises(StartError, match="Kolibri") as refused, sqlite_source(make(tmp_path)):
        pass
    assert len(str(refused.value).splitlines()) == 1


def test_an_older_schema_is_read(tmp_path: Path) -> None:
    """Kolibri 0.16 has no courses, no deletion dates, no picture passwords."""
    path = changed(
        tmp_path,
        "DROP TABLE courses_unittestassignment",
        "DROP TABLE courses_coursesessionassignment",
        "DROP TABLE courses_coursesession",
        "ALTER TABLE kolibriauth_facilityuser DROP COLUMN date_deleted",
    )
    with sqlite_source(path) as source:
        assert sum(len(rows.sessions) for rows in source.learners()) == 379 - sum(
            len(rows.sessions) for rows in source.anonymous()
        )


LARGE = """
    WITH RECURSIVE counted(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM counted WHERE n < {many} - 1)
    INSERT INTO logger_attemptlog SELECT printf('%032x', n), _morango_dirty_bit, _morango_source_id, _morango_partition,
        'large ' || n, printf('2026-11-%02d %02d:%02d:%02d.000000(Etc/UTC)', 10 + n / 86400, n / 3600 % 24,
        n / 60 % 60, n % 60), end_timestamp, completion_timestamp, time_spent, 1, 1, hinted,
        '{{"state": "' || printf('%.*c', {size}, 'x') || '"}}', simple_answer, '[]', dataset_id, masterylog_id,
        sessionlog_id, user_id, error
    FROM counted, (SELECT * FROM logger_attemptlog WHERE masterylog_id = '{tried}' LIMIT 1)
"""
"""Many attempts more in one try, in the order of their ids."""


async def test_a_learner_who_is_larger_than_a_transaction_may_be_is_stored_in_parts(tmp_path: Path) -> None:
    tried = asked(UNFINISHED)
    many = 4000
    path = changed(tmp_path, LARGE.format(many=many, size=2500, tried=tried["id"]))  # some 12 MB
    learner = Person(tried["user_id"])
    async with fresh("embedded") as api:
        await move_in(api, path)

        [log] = [row for row in await api.tries(learner) if row["id"] == tried["id"]]
        assert log["correct"] >= many
        page = await api.attempts(learner, masterylog=tried["id"], page=1, page_size=1)
        assert page["count"] == many + tried["attempts"]
        started = await api.start(learner, **exercise_of(tried))
        assert started["totalattempts"] == many + tried["attempts"]
        await api.update(learner, started, interactions=[right("and on it goes")])
        assert outcomes(await move_in(api, path), "unchanged") == 379 + 230 + 186


async def test_a_changed_try_with_overflow_is_imported_again(tmp_path: Path) -> None:
    """Its chunks keep their ids, which an unordered deletion and insertion would fight for."""
    tried = asked(UNFINISHED)
    before = changed(tmp_path, LARGE.format(many=100, size=10, tried=tried["id"]))
    learner = Person(tried["user_id"])
    async with fresh("embedded") as api:
        await move_in(api, before)
        later = sqlite3.connect(before)
        with later:
            later.execute(
                "UPDATE logger_attemptlog SET correct = 0, end_timestamp = '2026-11-24 00:00:00.000000(Etc/UTC)'"
                f" WHERE masterylog_id = '{tried['id']}' AND item IN ('large 3', 'large 99')"
            )
        later.close()

        report = await move_in(api, before)

        assert report.counts["mastery_logs"]["updated"] == 1
        attempts = await api.attempts(learner, masterylog=tried["id"])
        assert len(attempts) == 100 + tried["attempts"]
        large = {row["item"]: row["correct"] for row in attempts if row["item"].startswith("large")}
        assert [item for item, correct in large.items() if correct == 0] == ["large 3", "large 99"]


async def test_a_history_with_entries_of_another_kind_is_shown(tmp_path: Path) -> None:
    attempt = asked("SELECT * FROM logger_attemptlog WHERE masterylog_id IS NOT NULL ORDER BY end_timestamp DESC")
    odd = '[{"answer": 3}, {"type": "answer"}, {"type": "answer", "answer": {}, "correct": 0.5}]'
    path = changed(tmp_path, f"UPDATE logger_attemptlog SET interaction_history = '{odd}' WHERE id = '{attempt['id']}'")
    cookie = {"Cookie": f"learntrack_token={token('0' * 31 + '1', superuser=True)}"}
    async with fresh("embedded") as api:
        await move_in(api, path)

        path = f"/reports/learner/{attempt['user_id']}?tries=all"
        shown = await api.client.get(path, headers=cookie, follow_redirects=True)

        assert shown.status_code == 200, shown.text[:300]
        listed = await api.attempts(Person(attempt["user_id"]), item=attempt["item"])
        histories = [row["interaction_history"] for row in listed if row["id"] == attempt["id"]]
        assert histories == [json.loads(odd)]


async def test_a_kolibri_from_before_0_18_has_its_tries_ended(tmp_path: Path) -> None:
    """Kolibri does so when it is upgraded; a later Kolibri's tries keep what they have."""
    tried = asked(UNFINISHED)
    end = asked(f"SELECT MAX(end_timestamp) FROM logger_attemptlog WHERE masterylog_id = '{tried['id']}'")[0]
    path = changed(
        tmp_path,
        f"UPDATE logger_masterylog SET end_timestamp = start_timestamp, time_spent = 0 WHERE id = '{tried['id']}'",
        "ALTER TABLE exams_exam DROP COLUMN instant_report_visibility",
    )
    async with fresh("mongomock") as api:
        await move_in(api, path)

        [log] = await api.db.find("mastery_logs", {"_id": tried["id"]})
        assert log["end_timestamp"].isoformat()[:23] == end.replace(" ", "T")[:23]


class Elsewhere:
    """A database that is away for some transactions."""

    def __init__(self, db: Database, times: int, error: DatabaseUnavailable) -> None:
        self._times, self._error = times, error
        self._transaction = db.transaction

    async def transaction(self, *arguments: Any, **more: Any) -> Any:
        if self._times:
            self._times -= 1
            raise self._error
        return await self._transaction(*arguments, **more)


async def test_an_import_survives_an_election(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PAUSES", (0.0, 0.0))
    async with fresh("mongomock") as api:
        away = Elsewhere(api.db, 2, DatabaseUnavailable("not primary"))
        monkeypatch.setattr(api.db, "transaction", away.transaction)

        assert outcomes(await move_in(api, HOME), "new") == 379 + 230 + 186


async def test_an_election_in_the_middle_of_an_import_loses_nothing(wire: Wire) -> None:
    async with service_on(wire) as api:
        commits = iter([False, False, True])
        never = asyncio.Event()
        third = wire.on("commitTransaction", do=held(never), times=1, where=lambda _: next(commits))
        moving = asyncio.create_task(move_in(api, HOME))
        await third.was_met.wait()
        with wire.election() as noticed:
            wire.break_connections()
            await noticed.was_met.wait()
        await moving

        assert outcomes(await move_in(api, HOME), "unchanged") == 379 + 230 + 186


async def test_an_import_stops_where_the_disk_is_nearly_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PAUSES", (3600.0,))
    async with fresh("mongomock") as api:
        full = Elsewhere(api.db, 1, DiskNearlyFull("The disk is nearly full."))
        monkeypatch.setattr(api.db, "transaction", full.transaction)

        with pytest.raises(DatabaseUnavailable, match="nearly full"):
            await move_in(api, HOME)

        assert await api.db.find("content_sessions", {}) == []
