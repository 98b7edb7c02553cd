"""A further opinion on the pipelines, independent of every engine: npm's mingo, MongoDB's language in JavaScript."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from bson import json_util

from learntrack import documents
from learntrack.documents import LearnerDay
from learntrack.documents.base import Row
from learntrack.reports.rollups import roll_up
from learntrack.storage import Database
from learntrack.storage.database import Stage
from learntrack.storage.reading import Reading
from tests.reports.naive import NAIVE, close, different
from tests.reports.upkeep.test_learner_days import Visits, assert_equal_to_the_sessions
from tests.reports.upkeep.test_upkeep import nobody
from tests.reports.world import World

HERE = Path(__file__).parent
PACKAGES = HERE.parents[1] / ".venv" / "node" / "node_modules"

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or not (PACKAGES / "mingo").exists(),
    reason="mingo is not installed (scripts/test installs it where there is npm)",
)
AS_JSON = json_util.JSONOptions(json_mode=json_util.JSONMode.RELAXED, tz_aware=True)


class Mingo(Reading):
    """Answers reports from what a database holds."""

    def __init__(self, db: Database) -> None:
        super().__init__(db.raw)
        self._db = db

    async def stream(  # type: ignore[override]
        self, collection: str, pipeline: Sequence[Stage], **_: Any
    ) -> AsyncIterator[Row]:
        rows = {each.collection(): await self._db.find(each, {}) for each in documents.ALL}
        asked = {"collections": rows, "questions": [{"collection": collection, "pipeline": list(pipeline)}]}
        node = await asyncio.create_subprocess_exec(
            "node", HERE / "mingo.mjs", PACKAGES, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        answered, _ = await node.communicate(json_util.dumps(asked, json_options=AS_JSON).encode())
        [found] = json_util.loads(answered, json_options=AS_JSON)
        for row in found:
            yield row


@pytest.fixture
async def world(school: Any, monkeypatch: pytest.MonkeyPatch) -> World:
    world = await World(school).populate()
    monkeypatch.setattr(world.api.db, "reports", Mingo(world.api.db))
    return world


@pytest.mark.engines("mongomock")
async def test_every_report_equals_a_naive_computation(world: World) -> None:
    for name in NAIVE:
        found, expected = await world.report(name, world.admin), NAIVE[name](world)
        assert close(found, expected), different(name, found, expected)


@pytest.mark.engines("embedded")
async def test_what_is_told_from_learner_days_equals_what_the_sessions_say(
    school: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await Visits(school).populate()
    await roll_up(world.api.db, nobody)
    assert await world.api.db.find(LearnerDay, {"facility_id": school.facility}) != []
    monkeypatch.setattr(world.api.db, "reports", Mingo(world.api.db))

    await assert_equal_to_the_sessions(world, monkeypatch)
