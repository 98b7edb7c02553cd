"""Documents as a server sends them, and what is seen of them."""

from typing import Any

import bson
import pytest
from bson.codec_options import CodecOptions
from pymongo.errors import OperationFailure

from learntrack.domain import moments
from learntrack.storage.batches import Shown, batches_of
from tests.support import Api

OPTIONS: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True)
NOW = moments.now()
SMALL = {"_id": "a", "at": NOW, "numbers": {"exercise": {"tries": 2}}, "more": {"x": 1}}
LARGE = {"_id": "b", "at": NOW, "numbers": {"quiz": {"last": NOW}}, "more": {"x": ["long"] * 1000}}


def seen(*documents: dict[str, Any]) -> list[dict[str, Any]]:
    shown = Shown.of(None, ("at", "numbers.exercise"), all_come=True)
    return list(shown.documents_in(b"".join(map(bson.encode, documents)), OPTIONS))


def test_of_a_large_document_only_what_is_wanted_is_decoded() -> None:
    assert seen(LARGE) == [{name: LARGE[name] for name in ("_id", "at", "numbers")}]


def test_documents_come_in_their_order_however_large() -> None:
    assert seen() == []
    for order in ((SMALL, LARGE), (LARGE, SMALL), (SMALL, SMALL, LARGE, LARGE, SMALL)):
        assert [row["_id"] for row in seen(*order)] == [row["_id"] for row in order]
    assert seen(SMALL) == [SMALL]


def test_where_a_server_picks_the_fields_it_is_asked_for_them() -> None:
    assert Shown.of(None, ("at", "numbers.exercise"), all_come=False).projection == {"at": 1, "numbers.exercise": 1}
    assert Shown.of({"at": 1}, (), all_come=True).projection == {"at": 1}
    assert Shown.of(None, ("at",), all_come=True).projection is None


@pytest.mark.engines("embedded")
async def test_what_a_cursor_hands_on_is_what_the_driver_s_own_does(api: Api) -> None:
    collection = api.db.collection("batches_of_a_test").delegate
    collection.insert_many([{"_id": number, "at": NOW} for number in range(5)])
    try:
        for query in ({}, {"_id": {"$gt": 1}}, {"_id": 9}):
            expected = list(collection.find_raw_batches(query, batch_size=2))
            assert list(batches_of(collection, query, None, 2)) == expected
        with pytest.raises(OperationFailure):
            list(batches_of(collection, {"$unknown": 1}, None, 2))
    finally:
        collection.drop()
