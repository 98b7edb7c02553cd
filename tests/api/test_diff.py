"""What has changed since the try before (contract, diff)."""

import pytest

from tests.api.trying import a_try
from tests.support import Api, Person, exercise, right, wrong

pytestmark = pytest.mark.secantusd_py


async def test_the_diff_between_tries(api: Api, learner: Person) -> None:
    body = exercise()
    ask = {"content": body["content_id"], "user": learner.id}
    await a_try(api, learner, body, wrong("a"), right("b"), right("c", correct=0.25), seconds=10)
    await a_try(api, learner, body, right("a"), wrong("b"), right("c", correct=0.75), right("new"), seconds=4)

    newest, oldest = await api.diff(learner, 0, **ask), await api.diff(learner, 1, **ask)

    assert newest["diff"] == {"correct": 1.5, "time_spent": -6.0}
    assert {row["item"]: row["diff"]["correct"] for row in newest["attemptlogs"]} == {
        "a": 1.0,
        "b": -1.0,
        "c": 0.5,
        "new": None,
    }
    assert oldest["diff"] is None
    assert [row["diff"] for row in oldest["attemptlogs"]] == [{"correct": None}] * 3
    [first, second] = await api.tries(learner, **ask)
    assert {key: newest[key] for key in first} == first
    assert {key: oldest[key] for key in second} == second
    rows = await api.attempts(learner, masterylog=first["id"])
    assert [{key: row[key] for key in rows[0]} for row in newest["attemptlogs"]] == rows


async def test_the_diff_is_against_the_newest_attempt_on_the_item(api: Api, learner: Person) -> None:
    body = exercise()
    session = await api.start(learner, **body)
    await api.update(learner, session, interactions=[wrong("a")])
    await api.update(learner, session, interactions=[right("a", correct=0.5)])
    await api.update(learner, session, progress=1)
    await a_try(api, learner, body, right("a"), right("a"))

    diff = await api.diff(learner, 0, content=body["content_id"], user=learner.id)

    assert [row["diff"]["correct"] for row in diff["attemptlogs"]] == [0.5]


async def test_a_try_without_attempts_has_a_diff(api: Api, learner: Person) -> None:
    body = exercise()
    await api.start(learner, **body)

    diff = await api.diff(learner, 0, content=body["content_id"], user=learner.id)

    assert (diff["attemptlogs"], diff["diff"]) == ([], None)


async def test_the_filters_apply_to_the_tries_that_the_diff_counts(api: Api, learner: Person) -> None:
    body = exercise()
    ask = {"content": body["content_id"], "user": learner.id}
    await a_try(api, learner, body, right("a"), seconds=5)
    await a_try(api, learner, body, right("a"), seconds=7, finish=False)
    await a_try(api, learner, body | {"mastery_model": {"type": "quiz"}}, right("q"), seconds=1, finish=False)

    assert (await api.diff(learner, 0, **ask, quiz="false"))["diff"]["time_spent"] == 2.0
    assert (await api.diff(learner, 0, **ask, complete="true"))["diff"] is None
    await api.diff(learner, 1, 404, **ask, complete="true")


@pytest.mark.parametrize("index", ["1", "-1", "x", "0.5", "99999999999999999999"])
async def test_a_try_that_is_not_there_is_404(api: Api, learner: Person, index: str) -> None:
    body = exercise()
    await a_try(api, learner, body, right("a"))

    await api.diff(learner, index, 404, content=body["content_id"], user=learner.id)


async def test_the_diff_needs_content_and_user(api: Api, learner: Person) -> None:
    assert set((await api.diff(learner, 0, 400))["errors"]) == {"content", "user"}
    assert set((await api.diff(learner, 0, 400, user=learner.id))["errors"]) == {"content"}
    await api.diff(learner, 0, 400, user=learner.id, content="x")
