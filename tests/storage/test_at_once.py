"""How many documents are read at once: few at first, then as many as have few bytes together."""

from types import SimpleNamespace
from typing import Any

import bson
from hypothesis import given
from hypothesis import strategies as st

from learntrack.storage import connect
from learntrack.storage.at_once import AtOnce, bytes_of
from tests.wire import Wire


@given(most=st.integers(1, 2000), sizes=st.lists(st.integers(1, 2_000_000), min_size=1, max_size=20))
def test_what_is_read_next_stays_below_its_bytes_where_the_next_are_as_large(most: int, sizes: list[int]) -> None:
    at_once = AtOnce(most)
    assert at_once.now <= AtOnce.FIRST
    for each in sizes:
        at_once.learn(each * at_once.now, at_once.now)
        assert 1 <= at_once.now <= most
        assert at_once.now == 1 or at_once.now * each <= AtOnce.BYTES


def test_of_small_ones_many_are_read_soon() -> None:
    at_once = AtOnce(200)
    numbers = []
    for _ in range(4):
        numbers.append(at_once.now)
        at_once.learn(300 * at_once.now, at_once.now)

    assert numbers == [8, 64, 200, 200]


@given(parts=st.lists(st.lists(st.integers(1, 1_000_000), max_size=8), max_size=20))
def test_of_a_few_it_is_not_told_that_many_may_be_read(parts: list[list[int]]) -> None:
    """One small one behind the other said that 200 large ones might come."""
    at_once = AtOnce(200)
    for part in parts:
        before = at_once.now
        at_once.learn(sum(part), len(part))
        assert at_once.now <= before or len(part) >= before


def test_each_counts() -> None:
    """Of the first eight one was looked at, and it was small."""
    documents = [{"text": "x" * (400_000 if number else 1)} for number in range(8)]
    assert bytes_of(documents) == sum(len(bson.encode(each)) for each in documents)
    assert bytes_of([b"12", b"3456"]) == 6
    assert bytes_of([]) == 0


def test_of_many_some_tell_how_large_all_are() -> None:
    documents = [{"text": "x" * 1000} for _ in range(100)]
    assert bytes_of(documents) == 100 * len(bson.encode(documents[0]))
    for odd in range(8):
        documents = [{"text": "x" * (1 if number % 8 == odd else 400_000)} for number in range(100)]
        assert bytes_of(documents) > 4_000_000  # however they are placed


def test_what_has_all_already_is_told_nothing() -> None:
    AtOnce(200).tell(SimpleNamespace())


async def test_a_server_sends_few_large_ones_at_a_time_and_many_small_ones(wire: Wire) -> None:
    """200 at a time of what may be 512 KiB each waited for every caller who read slowly: sixty took 775 MB."""
    db = await connect(wire.own_uri, "batches", read_patience=60)
    everything: list[dict[str, Any]] = [{"$match": {}}]
    await db.collection("sized").delete_many({})
    await db.collection("sized").insert_many([{"_id": number, "text": "x" * 100_000} for number in range(40)])

    for rows in (db.each("sized", {}, at_once=AtOnce(200)), db.stream("sized", everything, at_once=AtOnce(200))):
        before = len(wire.of("getMore"))
        assert sorted([row["_id"] async for row in rows]) == list(range(40))
        asked = [each["batchSize"] for each in wire.of("getMore")[before:]]
        assert asked
        assert set(asked) == {5}

    await db.collection("sized").delete_many({})
    await db.collection("sized").insert_many([{"_id": number, "text": "x"} for number in range(300)])
    for rows in (db.each("sized", {}, at_once=AtOnce(200)), db.stream("sized", everything, at_once=AtOnce(200))):
        before = len(wire.of("getMore"))
        assert len([row async for row in rows]) == 300
        assert {64, 200} <= {each["batchSize"] for each in wire.of("getMore")[before:]}
    await db.collection("sized").drop()
    await db.close()
