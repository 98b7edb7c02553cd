"""Every question that starts from a user, content, try, classroom or facility is an index scan."""

from typing import Any

import pytest

from learntrack.access.may_read import EVERYBODY, Readable, members_of
from learntrack.domain import moments
from learntrack.logs import lists_by_index, pipelines
from learntrack.logs.filters import LogFilters
from learntrack.storage.index_first import index_first
from tests.support import Api, new_id

PLANNING = ("embedded", "real")
LEARNER, CLASS = Readable((new_id(),)), Readable(tuple(new_id() for _ in range(30)))
_SCHOOL = new_id()
FACILITY = Readable(tuple(new_id() for _ in range(300)), _SCHOOL, narrows_to=_SCHOOL)


def stages(plan: Any) -> list[dict[str, Any]]:
    """All stages of a plan, wherever they are nested."""
    found: list[dict[str, Any]] = []
    if isinstance(plan, dict):
        if isinstance(plan.get("stage"), str):
            found.append(plan)
        for value in plan.values():
            found += stages(value)
    elif isinstance(plan, list):
        for value in plan:
            found += stages(value)
    return found


async def scanned(api: Api, collection: str, pipeline: list[Any]) -> tuple[set[str], set[str]]:
    """The kinds of scan, and the indexes, of the pipeline's start."""
    command = {"explain": {"aggregate": collection, "pipeline": pipeline, "cursor": {}}, "verbosity": "queryPlanner"}
    explained = await api.db.raw.command(command)
    # What a $unionWith or $lookup does is another pipeline of its own.
    cursor = explained["stages"][0]["$cursor"] if "stages" in explained else explained
    plan = stages(cursor["queryPlanner"]["winningPlan"])
    return {stage["stage"] for stage in plan}, {stage["indexName"] for stage in plan if "indexName" in stage}


@pytest.mark.engines(*PLANNING)
@pytest.mark.parametrize("readable", [LEARNER, CLASS, EVERYBODY], ids=["learner", "class", "everybody"])
@pytest.mark.parametrize("content", [None, new_id()], ids=["any-content", "one-content"])
@pytest.mark.parametrize("more", [{}, {"complete": True}, {"quiz": True}], ids=str)
async def test_tries(api: Api, readable: Readable, content: str | None, more: dict) -> None:
    if readable is EVERYBODY and content is None:
        pytest.skip("everything is asked for; test_the_newest_of_all sees to its order")
    tries = lists_by_index.tries_in_order(readable, LogFilters(content=content, **more))

    kinds, indexes = await scanned(api, "mastery_logs", tries)

    assert "COLLSCAN" not in kinds
    assert indexes <= {"owner_end", "owner_content", "content"}
    assert indexes


@pytest.mark.engines(*PLANNING)
@pytest.mark.parametrize("readable", [LEARNER, CLASS, FACILITY, EVERYBODY], ids=["learner", "class", "facility", "all"])
async def test_what_is_counted_are_keys_that_name_the_owner(api: Api, readable: Readable) -> None:
    kinds, indexes = await scanned(api, "mastery_logs", lists_by_index.tries_counted(readable, LogFilters()))

    assert indexes
    assert indexes <= {"owner_end", "owner_content"}
    assert api.engine != "real" or "FETCH" not in kinds  # the embedded one always fetches
    assert "COLLSCAN" not in kinds


@pytest.mark.engines(*PLANNING)
@pytest.mark.parametrize("readable", [LEARNER, CLASS, EVERYBODY], ids=["learner", "class", "everybody"])
@pytest.mark.parametrize(
    "narrowed", [{}, {"content": "c" * 32}, {"item": "a"}, {"complete": False}, {"mastery_level": 1}], ids=str
)
async def test_attempts(api: Api, readable: Readable, narrowed: dict) -> None:
    filters = LogFilters(**narrowed)
    if readable is EVERYBODY and filters.content is None:
        pytest.skip("everything is asked for")

    kinds, indexes = await scanned(api, "mastery_logs", lists_by_index.holding_tries(readable, filters))

    assert "COLLSCAN" not in kinds
    assert indexes


@pytest.mark.engines(*PLANNING)
@pytest.mark.parametrize(
    ("readable", "ended", "index"),
    [
        (LEARNER, None, "owner_attempts"),
        (CLASS, None, "owner_attempts"),
        (FACILITY, None, "owner_attempts"),
        (EVERYBODY, None, "newest_attempts"),
        (EVERYBODY, {"$gte": moments.now()}, "newest_attempts"),
        (FACILITY, {"$gte": moments.now()}, "newest_attempts"),
    ],
    ids=["learner", "class", "facility", "all", "all-of-late", "facility-of-late"],
)
@pytest.mark.parametrize("narrowed", [{}, {"item": "a"}, {"complete": False}], ids=str)
async def test_sessions_that_hold_attempts(
    api: Api, readable: Readable, ended: dict | None, index: str, narrowed: dict
) -> None:
    asked = pipelines.sessions_holding(readable, LogFilters(**narrowed), ended)
    if api.engine == "embedded":
        asked = [*index_first("content_sessions", asked)]

    kinds, indexes = await scanned(api, "content_sessions", asked)

    assert "COLLSCAN" not in kinds
    # Those of one learner, or of a moment, two indexes lead to; which is MongoDB's to choose.
    assert indexes == {index} or (api.engine == "real" and indexes <= {"owner_attempts", "newest_attempts"})


@pytest.mark.engines(*PLANNING)
@pytest.mark.parametrize("readable", [LEARNER, CLASS], ids=["learner", "class"])
@pytest.mark.parametrize("collection", ["mastery_logs", "content_sessions", "attempt_overflow"])
async def test_one_attempt(api: Api, readable: Readable, collection: str) -> None:
    kinds, indexes = await scanned(api, collection, pipelines.holding(new_id(), readable))

    assert "COLLSCAN" not in kinds
    assert indexes


@pytest.mark.engines(*PLANNING)
async def test_one_try(api: Api) -> None:
    kinds, _ = await scanned(
        api, "mastery_logs", lists_by_index.holding_tries(EVERYBODY, LogFilters(masterylog=new_id()))
    )

    assert "COLLSCAN" not in kinds


@pytest.mark.engines(*PLANNING)
@pytest.mark.parametrize(
    ("collection", "matching", "index"),
    [
        ("content_sessions", pipelines.sessions_matching(LEARNER), "owner_start_id"),
        ("content_sessions", pipelines.sessions_matching(CLASS), "owner_start_id"),
        # Two indexes begin with the holder, and either will do.
        (
            "attempt_overflow",
            [{"$match": {"user_id": new_id(), "holder_id": new_id()}}],
            "holder_attempt holder_item",
        ),
        (
            "attempt_overflow",
            [{"$match": {"user_id": new_id(), "holder_id": new_id(), "attempts.id": new_id()}}],
            "holder_attempt",
        ),
        (
            "attempt_overflow",
            [{"$match": {"user_id": new_id(), "holder_id": new_id(), "attempts.item": "a"}}],
            "holder_item",
        ),
        ("users", members_of([new_id(), new_id()]), "places"),
        ("content_summaries", [{"$match": {"user_id": new_id(), "progress": {"$gte": 1}}}], "owner_progress"),
    ],
)
async def test_look_ups(api: Api, collection: str, matching: list, index: str) -> None:
    kinds, indexes = await scanned(api, collection, matching)

    assert "COLLSCAN" not in kinds
    assert len(indexes) == 1
    assert indexes <= set(index.split())


@pytest.mark.engines("real")  # the embedded engine walks an index in its order only for a plain find
async def test_the_newest_of_all_are_read_in_the_order_of_an_index(api: Api) -> None:
    tries = lists_by_index.tries_in_order(EVERYBODY, LogFilters())

    kinds, indexes = await scanned(api, "mastery_logs", [*tries, {"$limit": 30}])

    assert "COLLSCAN" not in kinds
    assert indexes == {"newest"}
