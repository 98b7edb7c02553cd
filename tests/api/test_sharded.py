"""On a sharded cluster every command names whose documents it is about, so that it goes to one shard, and what a
learner asks for touches documents of that learner only.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from learntrack import documents
from learntrack.reports.rollups import roll_up
from learntrack.storage.shard_ranges import range_of
from tests.api.test_batch import item, send
from tests.conftest import service_on, settings
from tests.support import ROOT, Api, Person, School, exercise, new_id, right, video
from tests.wire import Document, Wire

SHARD_KEYS = {each.collection(): each.shard_key for each in documents.ALL if each.shard_key is not None}
"""The collections that docs/operations.md shards, by owner; the rest is small."""


SHARDS = 4


@pytest.fixture
async def cluster(wire: Wire) -> AsyncIterator[Api]:
    """The API of a service that takes its engine for a cluster's mongos."""
    wire.as_a_mongos()
    async with service_on(wire, settings(shards=SHARDS)) as api:
        assert api.db.capabilities.sharded
        assert api.db.capabilities.walks_indexes
        yield api


def filters_of(command: Document) -> Iterator[tuple[str, Any]]:
    """Of each collection that a command is about, what narrows it down; a document that is stored stands for itself."""
    name = next(iter(command))
    match name:
        case "find":
            yield command["find"], command["filter"]
        case "aggregate":
            yield from _of_pipeline(command["aggregate"], command["pipeline"])
        case "insert":
            yield from ((command["insert"], each) for each in command["documents"])
        case "update":
            yield from ((command["update"], each["q"]) for each in command["updates"])
        case "delete":
            yield from ((command["delete"], each["q"]) for each in command["deletes"])
        case "bulkWrite":
            collections = [each["ns"].split(".", 1)[1] for each in command["nsInfo"]]
            for each in command["ops"]:
                kind = next(iter(each))
                yield collections[each[kind]], each["document" if kind == "insert" else "filter"]


def _of_pipeline(collection: str, pipeline: list[Document]) -> Iterator[tuple[str, Any]]:
    narrowed: Document = {}
    for stage in pipeline:
        if "$match" not in stage:
            break
        narrowed |= stage["$match"]
    yield collection, narrowed
    for stage in pipeline:
        for name, options in stage.items():
            if name == "$lookup":
                yield from _of_pipeline(options["from"], options.get("pipeline", []))
            if name == "$unionWith":
                yield from _of_pipeline(options["coll"], options.get("pipeline", []))
            if name == "$facet":
                for branch in options.values():
                    yield from ((of, found) for of, found in _of_pipeline("", branch) if of)


def owners_in(condition: Any) -> set[Any]:
    return set(condition["$in"]) if isinstance(condition, dict) and "$in" in condition else {condition}


def faults_of(command: Document, owner: str | None) -> list[str]:
    """What is wrong with a command that is to be about this owner's documents only."""
    faults = []
    for collection, narrowed in filters_of(command):
        key = SHARD_KEYS.get(collection)
        if key is not None and (key not in narrowed or not owners_in(narrowed[key]) <= {owner}):
            faults.append(f"{next(iter(command))} of {collection} by {narrowed}")
    return faults


@pytest.fixture
async def school(cluster: Api) -> School:
    return await School(cluster).open()


async def test_what_a_learner_records_names_its_owner_in_every_command(
    wire: Wire, cluster: Api, school: School
) -> None:
    learner, queue = await school.learner(), new_id()
    quiz = {"quiz_id": await school.quiz(), "node_id": None, "content_id": None, "channel_id": None}
    wire.seen.clear()

    await long_quiz(cluster, learner)
    keyed = {"json": video(), "headers": {"Idempotency-Key": new_id()}}
    for _ in range(2):
        assert (await cluster.send("POST", "/api/logger/contentsession", learner, **keyed)).status_code == 200
    started = await cluster.start(learner, **exercise() | quiz | {"mastery_model": None})
    await cluster.update(learner, started, interactions=[right("a")], progress=1)
    offline = [item(queue, start=exercise()), item(queue, update={"interactions": [right("a")]})]
    assert [each["status"] for each in await send(cluster, learner, *offline)] == [200, 200]

    commands = wire.of("find", "aggregate", "insert", "update", "delete", "bulkWrite")
    assert {name for each in commands for name, _ in filters_of(each)} >= SHARD_KEYS.keys() - {"learner_days"}
    assert [fault for each in commands for fault in faults_of(each, learner.id)] == []


async def test_an_offline_session_with_somebody_elses_id_is_not_theirs(cluster: Api, school: School) -> None:
    """Their shard alone is asked beforehand; what it does not let be stored is looked for on all."""
    learner, other, own, started = await school.learner(), await school.learner(), new_id(), new_id()
    theirs = [(await cluster.start(other, **video()))["session_id"], started]
    assert (await send(cluster, other, item(started, start=video())))[0]["status"] == 200
    before = await cluster.stored()

    starts = [item(session, start=exercise()) for session in theirs]
    [*refused, again] = await send(cluster, learner, *starts, item(theirs[0], update={"time_spent_delta": 5}))
    assert [each["status"] for each in (*refused, again)] == [404] * 3
    assert {each["body"]["detail"] for each in (*refused, again)} == {"There is no such content session."}
    assert await cluster.stored() == before
    results = await send(cluster, learner, *[item(own, start=exercise()) for _ in range(2)])

    assert [each["status"] for each in results] == [200, 409]
    assert (await send(cluster, learner, item(own, start=exercise())))[0]["status"] == 409


async def test_what_a_learner_asks_for_names_its_owner_in_every_command(
    wire: Wire, cluster: Api, school: School
) -> None:
    learner = await school.learner()
    content = await long_quiz(cluster, learner)
    await long_quiz(cluster, learner, content | {"repeat": True})
    watched = await cluster.start(learner, **video())
    await cluster.update(learner, watched, interactions=[right("a")])
    wire.seen.clear()

    page = {"page_size": 10}
    assert (await cluster.tries(learner, **page))["count"] == 2
    assert (await cluster.attempts(learner, **page))["count"] == 121
    assert len(await cluster.attempts(learner, item="item 1-1")) == 2
    assert len((await cluster.diff(learner, 0, content=content["content_id"], user=learner.id))["attemptlogs"]) == 60
    await cluster.total(learner)
    assert (await cluster.send("GET", f"/api/logger/export/{learner.id}", learner)).status_code == 200

    assert [fault for each in wire.of("find", "aggregate") for fault in faults_of(each, learner.id)] == []


async def long_quiz(api: Api, learner: Person, content: Any = None) -> Any:
    """A try of 60 attempts, some of which have moved to chunks; returns what was visited."""
    content = content or exercise({"type": "quiz"})
    session = await api.start(learner, **content)
    for part in range(3):
        answers = [right(f"item {part}-{number}") for number in range(20)]
        await api.update(learner, session, time_spent_delta=1, interactions=answers)
    await api.update(learner, session, interactions=[right("item 0-1", replace=True)], progress=1)
    return content


async def test_what_is_written_together_is_of_one_shard(wire: Wire, cluster: Api) -> None:
    learners = [Person(new_id()) for _ in range(24)]
    sessions = await asyncio.gather(*[cluster.start(learner, **video()) for learner in learners])
    wire.seen.clear()

    update = [
        cluster.update(learner, session, time_spent_delta=1)
        for learner, session in zip(learners, sessions, strict=True)
    ]
    await asyncio.gather(*update)

    assert not any(each["ordered"] for each in wire.of("bulkWrite")), "else cut at each change of shard"
    groups = [{narrowed["user_id"] for _, narrowed in filters_of(each)} for each in wire.of("bulkWrite")]
    assert set.union(*groups) == {learner.id for learner in learners}
    assert len(groups) < len(learners)
    assert all(len({range_of(owner, SHARDS) for owner in group}) == 1 for group in groups)


async def test_what_is_written_of_learner_days_names_their_owner(wire: Wire, cluster: Api, school: School) -> None:
    learner = await school.learner()
    await send(cluster, learner, item(new_id(), ago=5 * 86400, start=video()))
    await roll_up(cluster.db, lambda done, total: None)
    await cluster.roster(ROOT, facilities=[{"id": school.facility, "name": "A school", "timezone": "Asia/Tokyo"}])
    wire.seen.clear()
    await roll_up(cluster.db, lambda done, total: None)

    written = [
        (name, narrowed)
        for each in wire.of("insert", "update", "delete", "bulkWrite")
        for name, narrowed in filters_of(each)
        if name == "learner_days"
    ]
    assert len(written) >= 2
    assert [narrowed for _, narrowed in written if owners_in(narrowed.get("user_id")) != {learner.id}] == []
