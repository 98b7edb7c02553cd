"""What the release before stored (`version_1.jsonl`, its rows as extended JSON) becomes what this release stores."""

from pathlib import Path
from typing import Any

import pytest

from learntrack.documents import ContentSummary, MasteryLog
from learntrack.documents.try_numbers import numbers_by_kind
from learntrack.storage import StartError, connect, schema
from learntrack.storage.engine.embedded import engine_for
from tests.documents.stored import fault_of
from tests.migrations.loading import changes_nothing_again, is_taken_up_again, migration, old_database, rows_of
from tests.support import Api

LOGS = ("content_sessions", "mastery_logs", "attempt_overflow", "content_summaries")
ROWS = rows_of(1)
SECOND = 2


@pytest.fixture
def second(monkeypatch: pytest.MonkeyPatch) -> Any:
    module = migration("0001_facilities_and_numbers_of_tries")
    monkeypatch.setattr(module, "PART", 3)
    return module


async def logs(database: Any) -> dict[str, list[Any]]:
    return {name: await database[name].find({}).sort("_id", 1).to_list(None) for name in LOGS}


async def check(database: Any) -> dict[str, list[Any]]:
    """Every log has its learner's facility, and every summary the numbers of its tries."""
    found = await logs(database)
    [facility] = [line["row"]["_id"] for line in ROWS if line["collection"] == "facilities"]
    known = {line["row"]["_id"] for line in ROWS if line["collection"] == "users"}
    for name in LOGS:
        assert len(found[name]) == len([line for line in ROWS if line["collection"] == name])
        for row in found[name]:
            assert fault_of(name, row) is None
            assert row["schema_version"] >= SECOND
            assert row["facility_id"] == (facility if row["user_id"] in known else None)
    [chunk] = found["attempt_overflow"]
    [holder] = [row for row in found["mastery_logs"] if row["_id"] == chunk["holder_id"]]
    assert chunk["content_id"] == holder["content_id"]
    for row in found["content_summaries"]:
        tries = [MasteryLog.read(each) for each in found["mastery_logs"] if each["summary_id"] == row["_id"]]
        assert ContentSummary.read(row).of_tries == numbers_by_kind(tries)
    assert {kind for row in found["content_summaries"] for kind in row.get("of_tries", {})} == {
        "exercise",
        "coach_quiz",
    }
    return found


async def test_every_log_gets_what_it_lacks_and_a_second_run_changes_nothing(api: Api, second: Any) -> None:
    await changes_nothing_again(api, 1, second.write_new_fields, check)


@pytest.mark.engines("mongomock")
@pytest.mark.parametrize("parts_done", [1, 4, 7])
async def test_an_interrupted_run_is_taken_up_again(api: Api, second: Any, parts_done: int) -> None:
    await is_taken_up_again(api, 1, second.write_new_fields, check, parts_done)


async def test_learntrack_migrate_brings_an_old_database_to_this_release(tmp_path: Path) -> None:
    with engine_for(tmp_path / "data", None) as uri:
        db = await connect(uri, "learntrack")
        await old_database(db.raw, 1)
        await db.raw["content_sessions"].create_index([("user_id", 1), ("start_timestamp", 1)], name="owner_start")
        with pytest.raises(StartError, match="learntrack migrate"):
            await db.prepare()
        for _ in range(2):
            await schema.migrate(uri, "learntrack")

        await db.prepare()

        await check(db.raw)
        names = set(await db.collection(MasteryLog).index_information())
        assert {"facility_end", "facility_content"} <= names
        assert "owner_start" not in await db.raw["content_sessions"].index_information()
        await db.close()
