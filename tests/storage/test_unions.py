"""The parts of a union are asked one by one where the engine uses no index within it; the answer is the same."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from learntrack.storage import unions
from learntrack.storage.index_first import Stage
from learntrack.storage.reading import Reading
from tests.support import Api

pytestmark = pytest.mark.engines("embedded", "real")

ODD: list[dict[str, Any]] = [
    {"u": "$n", "v": "$$ROOT", "w": ["$_id", {"a.b": "$$NOW"}]},
    {"x": {"$literal": 1}, "\uff04ref": "x", "": None},
    {"f": -0.0, "i": 2**62, "e": {}, "l": [[], [{}]]},
]
UNION: list[dict[str, Any]] = [
    {"$match": {"kind": "a"}},
    {"$unionWith": {"coll": "others", "pipeline": [{"$match": {"kind": "b"}}]}},
    {"$addFields": {"seen": 1}},
    {"$unionWith": {"coll": "numbers", "pipeline": [{"$match": {"kind": "c"}}]}},
    {"$sort": {"_id": 1}},
]


@pytest.fixture
async def stored(api: Api) -> AsyncIterator[Api]:
    for name, kinds in (("numbers", "ac"), ("others", "bc")):
        rows = [{"_id": f"{name}{kind}{n}", "kind": kind, **odd} for kind in kinds for n, odd in enumerate(ODD)]
        await api.db.collection(name).delete_many({})
        await api.db.collection(name).insert_many(rows)
    yield api
    for name in ("numbers", "others"):
        await api.db.collection(name).drop()


@pytest.mark.parametrize("most", [0, 1000, unions.MOST_BYTES])
@pytest.mark.parametrize("pipeline", [UNION, UNION[:2], UNION[:1], UNION[1:], UNION[3:4]], ids=len)
async def test_the_answer_is_the_same(
    stored: Api, pipeline: Sequence[Stage], most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unions, "MOST_BYTES", most)
    whole = await Reading(stored.db.raw).rows("numbers", pipeline)
    apart = Reading(stored.db.raw, leads=stored.db.capabilities.walks_indexes is False)

    assert await apart.rows("numbers", pipeline) == whole
    assert [row async for row in apart.stream("numbers", pipeline, batch=2)] == whole
    assert whole
