"""What jobs ask of the embedded engine makes it read no more than they are about (see `test_nothing_of_others`)."""

from pathlib import Path

import pytest

from learntrack.documents import Retained
from learntrack.domain.fading import FadingKind
from learntrack.reports.rollups import roll_up
from learntrack.reports.upkeep.worker import Upkeep
from tests.api.questions import Query, Room, whole_collections_read
from tests.api.test_batch import item, send
from tests.retention.test_service import fade
from tests.support import ROOT, Api, School, exercise, new_id, right, video, wrong

pytestmark = pytest.mark.engines("embedded")


async def test_upkeep(api: Api, school: School, asked: list[Query], monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written, late work, what everything is computed anew for, and who moves."""
    room, other = await Room(school).open(), await School(api).open()
    await room.work()
    await send(api, room.ada, item(new_id(), ago=5 * 86400, start=video()))
    upkeep = Upkeep(api.db)
    await upkeep.catch_up()
    session = await api.start(room.ada, **exercise())
    asked.clear()

    await api.update(room.ada, session, interactions=[right("a"), wrong("b")])
    with monkeypatch.context() as patch:
        patch.setattr(upkeep._items, "forget", lambda: None)  # as between two rounds of one process
        await upkeep.catch_up()
    await api.roster(ROOT, users=[{"id": room.ben.id, "username": "ben", "facility_id": other.facility}])
    await send(api, room.ada, item(new_id(), ago=6 * 86400, start=video()))
    await roll_up(api.db, lambda done, total: None)

    assert await whole_collections_read(api, asked) == []
    assert {"item_rollups", "learner_days", "mastery_logs"} <= {name for name, _ in asked}


@pytest.mark.parametrize("kind", [*FadingKind], ids=str)
async def test_retention(api: Api, school: School, asked: list[Query], tmp_path: Path, kind: FadingKind) -> None:
    room = await Room(school).open()
    await room.work()
    asked.clear()

    await fade(api, tmp_path, kind)

    of_steps = [query for query in asked if "end_timestamp" not in query[1]]  # the one look for what is old walks
    assert await whole_collections_read(api, of_steps) == []
    assert of_steps
    await api.db.collection(Retained).delete_many({})
