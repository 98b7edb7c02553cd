"""What an index covers is asked first, by itself: the embedded engine uses an index for nothing else."""

from itertools import product
from typing import Any

import pytest

from learntrack.storage.index_first import found_by_index, index_first
from learntrack.storage.reading import Reading
from tests.api.test_indexes import stages
from tests.support import Api

SESSIONS, TRIES = "content_sessions", "mastery_logs"
AFTER, MANY = {"$gte": 1}, {"$in": ["u", "v"]}
HOLDING = {"$gt": 0}


@pytest.mark.parametrize(
    ("collection", "query", "first"),
    [
        (SESSIONS, {"_id": "s", "user_id": "u"}, {"_id": "s"}),
        (SESSIONS, {"user_id": "u", "_id": {"$in": ["s", "t"]}}, {"_id": {"$in": ["s", "t"]}}),
        (SESSIONS, {"user_id": MANY, "start_timestamp": AFTER}, {"user_id": MANY}),
        (
            SESSIONS,
            {"user_id": "u", "start_timestamp": AFTER, "kind": "video"},
            {"user_id": "u", "start_timestamp": AFTER},
        ),
        (TRIES, {"user_id": MANY, "content_id": MANY}, {"user_id": MANY}),
        (TRIES, {"user_id": "u", "complete": True, "content_id": "c"}, {"user_id": "u", "content_id": "c"}),
        (TRIES, {"summary_id": MANY, "mastery_criterion.type": "quiz"}, {"summary_id": MANY}),
        (TRIES, {"$or": [{"complete": True}], "user_id": "u"}, {"user_id": "u"}),
        (TRIES, {"user_id": MANY, "attempt_count": HOLDING}, {"user_id": MANY}),
        (SESSIONS, {"user_id": MANY, "attempt_count": {"$gt": 1}}, {"user_id": MANY}),
        (SESSIONS, {"$or": [], "attempt_count": HOLDING, "user_id": MANY}, {"user_id": MANY, "attempt_count": HOLDING}),
        (
            SESSIONS,
            {"user_id": "u", "end_timestamp": AFTER, "attempt_count": HOLDING},
            {"user_id": "u", "attempt_count": HOLDING},
        ),
        (
            SESSIONS,
            {"user_id": {"$ne": None}, "end_timestamp": AFTER, "attempt_count": HOLDING},
            {"end_timestamp": AFTER, "attempt_count": HOLDING},
        ),
        (SESSIONS, {"_id": "s", "user_id": "u", "attempt_count": HOLDING}, {"_id": "s"}),
    ],
)
def test_what_is_asked_in_two(collection: str, query: dict[str, Any], first: dict[str, Any]) -> None:
    divided = index_first(collection, [{"$match": query}, {"$limit": 1}])

    assert divided[0] == {"$match": first}
    assert {**first, **divided[1]["$match"]} == query
    assert divided[2:] == [{"$limit": 1}]
    assert not found_by_index(collection, query)


@pytest.mark.parametrize(
    ("collection", "query"),
    [
        (SESSIONS, {}),
        (SESSIONS, {"_id": "s"}),
        (SESSIONS, {"user_id": MANY}),
        (SESSIONS, {"user_id": MANY, "attempt_count": HOLDING}),
        (SESSIONS, {"end_timestamp": AFTER, "attempt_count": HOLDING}),
        (SESSIONS, {"content_id": "c", "context.unit_id": {"$exists": True}}),
        (SESSIONS, {"user_id": "u", "start_timestamp": AFTER}),
        (TRIES, {"user_id": "u", "content_id": "c"}),
        (TRIES, {"attempt_count": {"$gt": 0}}),
        ("nothing_of_ours", {"a": 1, "b": 2}),
    ],
)
def test_what_is_asked_as_it_is(collection: str, query: dict[str, Any]) -> None:
    assert index_first(collection, [{"$match": query}]) == [{"$match": query}]
    assert found_by_index(collection, query)


def test_one_learner_is_asked_for_as_one() -> None:
    one = {"user_id": {"$in": ["u"]}, "start_timestamp": AFTER}
    assert index_first(SESSIONS, [{"$match": one}]) == [{"$match": {"user_id": "u", "start_timestamp": AFTER}}]


def test_what_an_index_covers_is_found_as_it_is_asked_for() -> None:
    """An aggregation would take the engine several times as long."""
    for query in ({"_id": {"$in": ["x"]}}, {"_id": {"$in": ["x", "y"]}}, {"user_id": "u"}, {"progress": 1}):
        assert found_by_index("content_summaries", query), query
    assert not found_by_index("content_summaries", {"_id": {"$in": ["x"]}, "user_id": "u"})


CONDITIONS: dict[str, list[Any]] = {
    "_id": ["x", {"$in": ["x", "y"]}, {"$gt": "a"}],
    "user_id": ["x", MANY, {"$in": ["u"]}, {"$ne": None}],
    "content_id": ["x", MANY],
    "facility_id": ["x", MANY],
    "start_timestamp": [AFTER, {"$gte": 1, "$lt": 2}],
    "progress": [1, {"$ne": 0}],
    "attempt_count": [HOLDING, {"$gt": 1}],
    "end_timestamp": [AFTER],
}


@pytest.mark.engines("embedded")
async def test_the_engine_finds_by_an_index_what_is_asked_first(api: Api) -> None:
    """Of every pair of conditions; only what no index has anything of is looked through."""
    for kind, (one, some), (other, others) in product(
        (SESSIONS, TRIES, "content_summaries"), *[CONDITIONS.items()] * 2
    ):
        for query in ({one: a, other: b} for a in some for b in others if one < other):
            [first, *more] = index_first(kind, [{"$match": query}])
            asked = {"find": kind, "filter": first["$match"]}
            plan = await api.db.raw.command("explain", asked, verbosity="queryPlanner")
            scan = "COLLSCAN" in {stage["stage"] for stage in stages(plan["queryPlanner"]["winningPlan"])}
            assert not (scan and more), (query, first)
            assert not scan or "_id" not in query or query["_id"] == {"$gt": "a"}, query


@pytest.mark.engines("embedded")
async def test_found_in_two_it_is_the_same(api: Api) -> None:
    rows = [{"_id": f"{n}", "user_id": f"{n % 3}", "kind": f"{n % 2}", "questions": n} for n in range(12)]
    await api.db.collection("content_summaries").insert_many(rows)
    query = {"user_id": {"$in": ["0", "1"]}, "kind": "1"}
    as_it_is, led = Reading(api.db.raw), Reading(api.db.raw, leads=True)
    try:
        for shown in (None, {"questions": 1}, {"questions": 0}, {"_id": 0, "kind": 1}):
            found = [await each.find("content_summaries", query, shown) for each in (led, as_it_is)]
            found += [
                [row async for row in each.each("content_summaries", query, shown, batch=3)] for each in (led, as_it_is)
            ]
            assert len({str(sorted(map(str, rows))) for rows in found}) == 1
            assert len(found[0]) == 4
    finally:
        await api.db.collection("content_summaries").delete_many({"_id": {"$in": [row["_id"] for row in rows]}})
