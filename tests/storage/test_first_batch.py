"""An answer of many large rows is read: the embedded engine sent all of them in one message, which no driver takes."""

import pytest

from learntrack.documents import Facility
from learntrack.domain.ids import new_id
from learntrack.storage.transactions import Tx
from tests.support import Api

ROWS, BYTES = 12, 4_200_000
"""Together more than the 48 MB that a message may have."""


@pytest.mark.engines("embedded")
async def test_a_first_batch_of_many_large_rows(api: Api) -> None:
    rows = api.db.collection("large_rows")
    try:
        for _ in range(ROWS):
            await rows.insert_one({"_id": new_id(), "text": "x" * BYTES})
        pipeline = [{"$match": {}}]

        async def within(tx: Tx) -> int:
            all_rows = {"$unionWith": {"coll": "large_rows", "pipeline": []}}
            return len(await api.db.aggregate(Facility, [{"$limit": 1}, {"$match": {"_id": ""}}, all_rows], tx))

        assert [len(row["text"]) async for row in api.db.stream("large_rows", pipeline)] == [BYTES] * ROWS
        assert len(await api.db.rows("large_rows", pipeline)) == ROWS
        assert len(await api.db.find("large_rows", {})) == ROWS
        assert [len(row["text"]) for row in await api.db.find("large_rows", {}, {"text": 1})] == [BYTES] * ROWS
        assert await api.db._as_stored(rows, pipeline, 12_000_000) is None
        assert await api.db.transaction(within) == ROWS
    finally:
        await rows.drop()
