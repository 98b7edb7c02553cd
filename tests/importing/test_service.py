"""An import is interrupted, repeated, and done while the learners go on, and loses nothing."""

import asyncio
import sqlite3
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from learntrack.documents import RecordingPermit, Retained
from learntrack.domain import moments
from learntrack.domain.fading import FadingKind
from learntrack.importing import dividing, service
from learntrack.importing.kolibri.sqlite import sqlite_source
from learntrack.importing.merging import FORGOTTEN
from learntrack.importing.report import ImportReport
from learntrack.importing.service import import_kolibri
from learntrack.retention.service import NOTHING, Retention
from learntrack.storage import Database, DatabaseUnavailable, patience
from learntrack.storage.errors import DiskNearlyFull
from tests.conftest import service_on
from tests.importing.moving import HOME, UNFINISHED, asked, changed, fresh, move_in, outcomes
from tests.retention.exports import Nowhere
from tests.support import Person, right
from tests.wire import Wire, held


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


async def test_what_is_old_is_all_looked_at_after_an_import(tmp_path: Path) -> None:
    """It comes with ends of before the last run of `retain`."""
    async with fresh("embedded") as api:
        await api.db.put(Retained.begin("answers", moments.now()))
        await move_in(api, HOME, dry_run=True)
        assert len(await api.db.find(Retained, {})) == 1
        await move_in(api, HOME)
        assert await api.db.find(Retained, {}) == []


@pytest.mark.parametrize("fails", [False, True])
async def test_what_faded_while_an_import_went_on_is_looked_at_again(
    monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    async with fresh("embedded") as api:
        store = service._store

        async def meanwhile(*asked: Any) -> None:
            await Retention(api.db, {FadingKind.answers: moments.now()}).run(Nowhere())
            await store(*asked)
            if fails:
                raise DiskNearlyFull("The disk is nearly full.")

        monkeypatch.setattr(service, "_store", meanwhile)
        with pytest.raises(DiskNearlyFull) if fails else nullcontext():
            await move_in(api, HOME)
        marks = {row["_id"]: row["through"] for row in await api.db.find(Retained, {})}
        assert marks.pop("answers", NOTHING) == NOTHING
        assert list(marks) == (["import"] if fails else [])

        monkeypatch.undo()
        await move_in(api, HOME)
        assert await api.db.find(Retained, {}) == []


async def test_an_imported_session_is_updated(tmp_path: Path) -> None:
    tried = asked(UNFINISHED)
    session = asked(f"SELECT sessionlog_id FROM logger_attemptlog WHERE masterylog_id = '{tried['id']}' LIMIT 1")[0]
    learner = Person(tried["user_id"])
    async with fresh("embedded") as api:
        await move_in(api, HOME)
        await api.update(learner, session, time_spent_delta=1, interactions=[right("one more")])

        assert "one more" in [row["item"] for row in await api.attempts(learner, masterylog=tried["id"])]


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


@pytest.mark.parametrize("processes", [0, 2])
async def test_who_is_being_forgotten_is_no_user_that_is_imported(processes: int) -> None:
    """Though processes begin with what was logged of them before the database is asked."""
    learner = asked(UNFINISHED)["user_id"]
    permit = RecordingPermit.begin(learner)
    permit.withdraw(learner)
    async with fresh("embedded") as api:
        await api.db.write([permit], None)

        report = await move_in(api, HOME, processes=processes)

        assert report.examples["users", FORGOTTEN] == [learner]
        assert learner in report.examples["learners", "has logs, but is no user that is imported"]
        assert {kind for kind, reason in report.reasons if reason == FORGOTTEN} == {"users"}
        assert not await api.db.find("mastery_logs", {"user_id": learner})


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
        await third.happens()
        with wire.election() as noticed:
            wire.break_connections()
            await noticed.happens()
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
