"""Which try a start goes on with is what all tries say, however it is found: by the summary, or among all of them."""

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from learntrack.domain.ids import summary_id
from learntrack.domain.which_try import ORDER
from learntrack.storage import Database
from learntrack.storage.transactions import Tx
from learntrack.tracking.loading import Loading
from tests.examples import usually
from tests.support import Api, Person, School, exercise, new_id, right


async def expected_level(api: Api, learner: Person, content: str, *, repeat: bool) -> int:
    """By the rule, from all tries that are stored."""
    tries = await api.db.find("mastery_logs", {"user_id": learner.id, "content_id": content})
    for name, direction in reversed(ORDER.items()):
        tries.sort(key=lambda row, name=name: row[name], reverse=direction < 0)
    if not tries or (tries[0]["complete"] and repeat):
        return max((row["mastery_level"] for row in tries), default=0) + 1
    level: int = tries[0]["mastery_level"]
    return level


@pytest.mark.parametrize("seed", range(usually(3, thoroughly=30)))
async def test_whatever_happened_to_the_tries(school: School, seed: int) -> None:
    api, learner, chance = school.api, await school.learner(), random.Random(seed)
    body = exercise()
    content, sessions = body["content_id"], [await api.start(learner, **body)]
    for _ in range(25):
        session = chance.choice(sessions[-4:])
        match chance.randrange(4):
            case 0:
                await api.update(learner, session, progress=1, time_spent_delta=chance.randrange(2))
            case 1:
                await api.update(learner, session, time_spent_delta=1, interactions=[right("q")])
            case _:
                repeat = chance.random() < 0.7
                expected = await expected_level(api, learner, content, repeat=repeat)
                sessions.append(await api.start(learner, **body, repeat=repeat))
                assert sessions[-1]["context"]["mastery_level"] == expected


async def test_a_try_that_came_without_the_summary_knowing(school: School) -> None:
    """As from the release before, and as after an import."""
    api, learner = school.api, await school.learner()
    body = exercise()
    session = await api.start(learner, **body)
    key = {"_id": summary_id(learner.id, body["content_id"])}
    await api.update(learner, session, progress=1)
    await api.db.collection("content_summaries").update_one(key, {"$unset": {"current": ""}})

    again = await api.start(learner, **body, repeat=True)

    assert again["context"]["mastery_level"] == 2
    [summary] = await api.db.find("content_summaries", key)
    assert summary["current"]["exercise"]["highest_level"] == 2


@pytest.mark.engines("embedded", "mongoeco")
async def test_of_several_unfinished_tries_none_is_remembered(school: School) -> None:
    api, learner = school.api, await school.learner()
    body = exercise()
    await api.start(learner, **body)
    tries = api.db.collection("mastery_logs")
    [first] = await api.db.find("mastery_logs", {"user_id": learner.id})
    end = first["end_timestamp"] + timedelta(days=1000)
    later = first | {"_id": new_id(), "mastery_level": 2, "end_timestamp": end}
    await tries.insert_one(later)
    key = {"_id": summary_id(learner.id, body["content_id"])}
    await api.db.collection("content_summaries").update_one(key, {"$unset": {"current": ""}})

    levels = [(await api.start(learner, **body))["context"]["mastery_level"] for _ in range(2)]

    assert levels == [2, 2]
    [summary] = await api.db.find("content_summaries", key)
    assert summary.get("current", {}) == {}


async def test_kinds_of_tries_are_remembered_apart(school: School) -> None:
    api, learner = school.api, await school.learner()
    body = exercise()
    exercise_level = (await api.start(learner, **body))["context"]["mastery_level"]
    as_quiz: dict[str, Any] = body | {"mastery_model": {"type": "quiz"}}
    quiz_level = (await api.start(learner, **as_quiz))["context"]["mastery_level"]

    assert (await api.start(learner, **body))["context"]["mastery_level"] == exercise_level == 1
    assert (await api.start(learner, **as_quiz))["context"]["mastery_level"] == quiz_level < 0


async def loaded(db: Database, tx: Tx, sessions: dict[str, Person], content: str) -> list[Any]:
    """Everything that is found of sessions, and of the starts of the same learners at a content."""
    loading, owners = Loading(db, tx, alone=False), [learner.id or "" for learner in sessions.values()]
    ids = [summary_id(owner, content) for owner in owners]
    found = [
        await loading.sessions(list(sessions), owners),
        await loading.summaries(ids, owners, {(each, "exercise") for each in ids}),
    ]
    tries = {
        key: (each.first and each.first.id, each.highest_level) for one in found for key, each in one.tries.items()
    }
    documents = [sorted(each.id for each in kind) for one in found for kind in (one.sessions, one.summaries, one.logs)]
    return [*documents, tries]


@pytest.mark.engines("mongomock", "embedded")
async def test_joined_or_found_the_same_is_loaded(school: School) -> None:
    api, body = school.api, exercise()
    learners = [await school.learner() for _ in range(5)]
    sessions = {(await api.start(learner, **body))["session_id"]: learner for learner in learners}
    another = await api.start(await school.learner(), **body)  # whom nobody asks for
    sessions[another["session_id"]] = learners[0]

    async def work(tx: Tx) -> list[list[Any]]:
        ways = [(True, False), (False, False), (False, True)]
        before, found = api.db.capabilities, []
        for joins, sharded in ways:
            api.db.capabilities = replace(before, joins=joins, sharded=sharded)
            found.append(await loaded(api.db, tx, sessions, body["content_id"]))
        api.db.capabilities = before
        return found

    joined, found, of_a_cluster = await api.db.transaction(work)

    assert joined == found == of_a_cluster
    assert [len(documents) for documents in joined[:6]] == [5, 5, 5, 0, 5, 5]
    assert len(joined[6]) == 5


@pytest.mark.parametrize("sharded", [False, True])
async def test_only_a_cluster_is_told_whose_an_id_is(api: Api, monkeypatch: pytest.MonkeyPatch, sharded: bool) -> None:
    """The embedded engine walks the whole collection for anything beside an id: 16 ms at 10,000 documents."""
    queries: list[set[str]] = []

    async def noted(_kind: Any, query: Any, *_: Any) -> Any:
        queries.append(set(query))
        return [], 0

    monkeypatch.setattr(api.db, "capabilities", replace(api.db.capabilities, joins=False, sharded=sharded))
    monkeypatch.setattr(api.db, "sized_load", noted)
    loading, ids = Loading(api.db, None, alone=False), [new_id() for _ in range(5)]
    await loading.keys(ids, ids)
    await loading.sessions(ids, ids)
    await loading.summaries(ids, ids, set())

    assert queries == [{"_id"} | ({whose} if sharded else set()) for whose in ("owner", "user_id", "user_id")]
