"""A whole Kolibri moves in: its own answers are ours afterwards, and recording goes on where it was."""

import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from learntrack.importing.kolibri.sqlite import sqlite_source
from learntrack.storage import StartError
from tests.importing.moving import HOME, UNFINISHED, actor, asked, changed, fresh, move_in, outcomes
from tests.support import Api, Person, token

EXPECTED = [
    pytest.param(list(map(json.loads, file.read_text().splitlines())), id=file.stem)
    for file in sorted((HOME / "expected").glob("*.jsonl"))
]


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


@pytest.mark.parametrize("questions", EXPECTED)
async def test_kolibris_own_answers_are_ours(moved_in: Api, questions: list[dict[str, Any]]) -> None:
    for number, each in enumerate(questions):
        about = each["path"], each["params"], each["actor"], number
        answer = await moved_in.send(each["method"], each["path"], actor(each["actor"]), params=each["params"])

        expected = each["response"]
        assert answer.status_code == expected["status"], (about, answer.text[:500])
        if expected["status"] == 200:
            assert comparable(answer.json()) == comparable(expected["body"]), about


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
