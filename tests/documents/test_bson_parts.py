"""A document's BSON in parts: what is cut out and what is left are together what was there."""

from collections.abc import Callable
from datetime import UTC, datetime

import bson
import pytest
from bson import DBRef, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from bson.binary import Binary
from bson.code import Code

from learntrack.documents.bson_parts import count_of, divided, entries

EVERY_TYPE = {
    "double": 0.5,
    "text": "a\0b ü",
    "document": {"attempts": [{"a": 1}]},
    "array": [1, {"attempts": []}],
    "binary": Binary(b"\0\1\4attempts\0"),
    "id": ObjectId("0123456789abcdef01234567"),
    "boolean": True,
    "date": datetime(2026, 1, 5, 8, tzinfo=UTC),
    "null": None,
    "expression": Regex("a.*", "i"),
    "code": Code("f()"),
    "code_with_scope": Code("f()", {"a": 1}),
    "small": 7,
    "timestamp": Timestamp(1, 2),
    "large": Int64(2**40),
    "decimal": Decimal128("0.1"),
    "least": MinKey(),
    "most": MaxKey(),
    "reference": DBRef("a", "b"),
}
ENTRIES = [{"n": 1, "answer": {"attempts": [1]}}, {}, {"text": "x" * 300}]


@pytest.mark.parametrize("place", range(len(EVERY_TYPE) + 1))
def test_an_array_is_cut_out_wherever_it_stands(place: int) -> None:
    fields = list(EVERY_TYPE.items())
    document = dict([*fields[:place], ("attempts", ENTRIES), *fields[place:]])

    rest, arrays = divided(bson.encode(document), (b"attempts",))

    assert rest == bson.encode(EVERY_TYPE)
    assert [bson.decode(entry) for entry in entries(arrays[b"attempts"])] == ENTRIES
    assert count_of(arrays[b"attempts"]) == len(ENTRIES)


def test_several_are_cut_out_and_others_stay() -> None:
    rest, arrays = divided(bson.encode({"a": [], "b": [1], "c": ENTRIES, "d": {"a": []}}), (b"a", b"c", b"d"))

    assert bson.decode(rest) == {"b": [1], "d": {"a": []}}
    assert {name: len(entries(array)) for name, array in arrays.items()} == {b"a": 0, b"c": 3}


@pytest.mark.parametrize("looking", [entries, count_of])
def test_a_list_of_other_things_is_no_list_of_documents(looking: Callable[[bytes], object]) -> None:
    _, arrays = divided(bson.encode({"a": [{}, 1]}), (b"a",))

    with pytest.raises(ValueError, match="documents"):
        looking(arrays[b"a"])
