"""What no service would take is refused before it is stored, as the plan of both clients says; and what only Python can
get wrong.
"""

from pathlib import Path
from typing import Any

import pytest
from plans import cases, grown
from played import LEARNER, VIDEO, Played, problem, token

from learntrack_client import AsyncClient, Client, Content, Interaction, InvalidFields, MasteryModel

CONTENTS, UPDATES, LARGE = cases("contents"), cases("updates"), cases("large")
NODE = {"node_id": "1" * 32, "content_id": "2" * 32, "channel_id": "3" * 32}


def content_of(given: Any) -> Content:
    model = given.get("mastery_model")
    return Content(**{**given, "mastery_model": model and MasteryModel(**model)})


async def start_fields(app: AsyncClient, content: Any) -> list[str]:
    try:
        await app.start(content)
    except InvalidFields as refused:
        return sorted(refused.errors)
    return []


async def update_fields(app: AsyncClient, update: Any) -> list[str]:
    session = await app.start(VIDEO)
    try:
        await session.update(**update)
    except InvalidFields as refused:
        return sorted(refused.errors)
    return []


async def test_contents_are_refused_as_the_plan_says(played: Played, queue: Path) -> None:
    async with played.client(queue) as app:
        for case in CONTENTS.values():
            assert await start_fields(app, content_of(case["content"])) == case["errors"], case["name"]
        assert (await app.sync(20)).waiting == 0
    assert len(played.items) == sum(case["errors"] == [] for case in CONTENTS.values())


async def test_updates_are_refused_as_the_plan_says(played: Played, queue: Path) -> None:
    async with played.client(queue) as app:
        for case in UPDATES.values():
            update = case["update"]
            if "interactions" in update:
                update = update | {"interactions": [Interaction(**each) for each in update["interactions"]]}
            assert await update_fields(app, update) == case["errors"], case["name"]
        assert (await app.sync(20)).waiting == 0
    updates = [item for item in played.items if "update" in item]
    assert len(updates) == sum(case["errors"] == [] for case in UPDATES.values())


async def test_what_is_too_large_is_refused_as_the_plan_says(played: Played, queue: Path) -> None:
    async with played.client(queue) as app:
        for case in LARGE.values():
            update = grown(case)
            if "interactions" in update:
                update = {"interactions": [Interaction(**each) for each in update["interactions"]]}
            assert await update_fields(app, update) == case["errors"], case["name"]
        assert (await app.sync(20)).waiting == 0
    updates = [item for item in played.items if "update" in item]
    assert len(updates) == sum(case["errors"] == [] for case in LARGE.values())


async def test_what_is_too_large_for_an_anonymous_visit_is_refused_at_once(played: Played, queue: Path) -> None:
    large = {"extra_fields": {"a": "x" * 2**20}}
    async with played.client(queue, learner=None, token=None) as app:
        assert await update_fields(app, large) == ["extra_fields"]
    async with played.client(queue) as app:
        assert await update_fields(app, large) == []


async def test_true_is_one_also_for_the_next_client(played: Played, queue: Path) -> None:
    played.refuse = lambda _: problem(503)
    async with played.client(queue) as app:
        session = await app.start(VIDEO)
        assert (await session.update(progress=True, time_spent_delta=True)).progress == 1.0
        await app.close(0)
    async with played.client(queue) as app:
        state = await app.state(VIDEO)
        assert (state.progress, state.time_spent, state.complete) == (1.0, 1.0, True)
        await app.close(0)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"progress": float("nan")}, "progress"),
    ({"time_spent_delta": float("inf")}, "time_spent_delta"),
    ({"time_spent_delta": "1"}, "time_spent_delta"),
    ({"interactions": Interaction("a", 1, 1, answer={})}, "interactions"),
    ({"interactions": [{"item": "q", "correct": 1}]}, "interactions[0]"),
    ({"interactions": [Interaction(None, 1, 1, answer={})]}, "interactions[0].item"),  # type: ignore[arg-type]
    ({"interactions": [Interaction("a", "1", 1, answer={})]}, "interactions[0].correct"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("update", "field"), WRONG)
async def test_an_update_of_wrong_types_is_refused_at_once(
    played: Played, queue: Path, update: dict[str, Any], field: str
) -> None:
    async with played.client(queue) as app:
        assert await update_fields(app, update) == [field]


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (Content(kind="exercise", **NODE, mastery_model={"type": "do_all"}), "mastery_model"),  # type: ignore[arg-type]
        (Content(kind="video", **NODE | {"node_id": 1}), "node_id"),  # type: ignore[arg-type]
        ({"quiz_id": "1"}, "content"),
    ],
)
async def test_a_content_of_wrong_types_is_refused_at_once(
    played: Played, queue: Path, content: Any, field: str
) -> None:
    async with played.client(queue) as app:
        assert await start_fields(app, content) == [field]
        assert (await app.status()).waiting == 0


async def test_what_is_no_json_is_refused_at_once(played: Played, queue: Path) -> None:
    endless: dict[str, Any] = {}
    endless["at"] = endless
    async with played.client(queue) as app:
        session = await app.start(VIDEO)
        for thing in ({"at": object()}, endless, {"at": "\ud83d"}):
            with pytest.raises(InvalidFields, match="extra_fields: This cannot be sent"):
                await session.update(extra_fields=thing)
        with pytest.raises(InvalidFields, match="interactions: This cannot be sent"):
            await session.update(interactions=[Interaction("1", 1, 1, {"at": object()})])
        assert (await app.sync(20)).waiting == 0
    assert len(played.items) == 1


@pytest.mark.parametrize("learner", ["alice", "", 7])
def test_a_learner_that_is_none_is_refused_at_once(queue: Path, learner: Any) -> None:
    with pytest.raises(InvalidFields) as refused:
        Client("http://learntrack", queue=queue, learner=learner, token=token())
    assert list(refused.value.errors) == ["learner"]


@pytest.mark.parametrize("address", ["", "localhost:8000", "/api", "ftp://learntrack", "http://", "http://[::1", None])
def test_an_address_that_is_none_is_refused_at_once(queue: Path, address: Any) -> None:
    with pytest.raises(InvalidFields) as refused:
        Client(address, queue=queue, learner=LEARNER, token=token())
    assert list(refused.value.errors) == ["address"]
