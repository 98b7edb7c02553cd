"""What a release of version 2 stored (`version_2.jsonl`, its rows as extended JSON) says what was not right."""

from pathlib import Path
from typing import Any

import pytest

from learntrack.documents import ContentSummary, MasteryLog
from learntrack.documents.base import SCHEMA_VERSION
from learntrack.documents.try_numbers import numbers_by_kind
from learntrack.storage import StartError, connect, schema
from learntrack.storage.engine.embedded import engine_for
from tests.documents.stored import fault_of
from tests.migrations.loading import changes_nothing_again, is_taken_up_again, migration, old_database, rows_of
from tests.support import Api

ROWS = rows_of(2)
COUNTED = ("mastery_logs", "content_summaries")


@pytest.fixture
def third(monkeypatch: pytest.MonkeyPatch) -> Any:
    module = migration("0003_entries_that_were_not_right")
    monkeypatch.setattr(module, "PART", 3)
    return module


async def stored(database: Any) -> dict[str, list[Any]]:
    return {name: await database[name].find({}).sort("_id", 1).to_list(None) for name in COUNTED}


async def check(database: Any) -> dict[str, list[Any]]:
    """Every try has counted its histories, those in chunks too, and its summary the latest; nothing else is new."""
    found = await stored(database)
    for name in COUNTED:
        before = {line["row"]["_id"]: line["row"] for line in ROWS if line["collection"] == name}
        assert len(found[name]) == len(before)
        for row in found[name]:
            assert fault_of(name, row) is None
            assert row["schema_version"] == SCHEMA_VERSION
            kept = row.keys() - {"not_right", "of_tries", "schema_version"}
            assert {field: row[field] for field in kept} == {field: before[row["_id"]][field] for field in kept}
    chunks = [line["row"] for line in ROWS if line["collection"] == "attempt_overflow"]
    for row in found["mastery_logs"]:
        parts = [row, *(chunk for chunk in chunks if chunk["holder_id"] == row["_id"])]
        entries = [entry for part in parts for each in part["attempts"] for entry in each["interaction_history"]]
        assert row["not_right"] == sum(not entry.get("correct") for entry in entries)
    assert sorted(row["not_right"] for row in found["mastery_logs"]) == [0, 1, 2, 2, 5, 10]
    for row in found["content_summaries"]:
        tries = [MasteryLog.read(each) for each in found["mastery_logs"] if each["summary_id"] == row["_id"]]
        assert ContentSummary.read(row).of_tries == numbers_by_kind(tries)
    return found


async def test_what_was_not_right_is_counted_and_a_second_run_changes_nothing(api: Api, third: Any) -> None:
    await changes_nothing_again(api, 2, third.count_not_right, check)


@pytest.mark.engines("mongomock")
@pytest.mark.parametrize("parts_done", [1, 2, 3])
async def test_an_interrupted_run_is_taken_up_again(api: Api, third: Any, parts_done: int) -> None:
    await is_taken_up_again(api, 2, third.count_not_right, check, parts_done)


async def test_learntrack_migrate_brings_it_to_this_release(tmp_path: Path) -> None:
    with engine_for(tmp_path / "data", None) as uri:
        db = await connect(uri, "learntrack")
        await old_database(db.raw, 2)
        with pytest.raises(StartError, match="learntrack migrate"):
            await db.prepare()
        for _ in range(2):
            await schema.migrate(uri, "learntrack")

        await db.prepare()

        await check(db.raw)
        await db.close()
