"""A request that is sent again with its Idempotency-Key is answered as the first time, and changes nothing."""

import asyncio
from datetime import timedelta

import pytest

from learntrack.domain import moments
from tests.support import ANONYMOUS, Api, Person, School, exercise, new_id, right, video


def keyed(key: str) -> dict[str, dict[str, str]]:
    return {"headers": {"Idempotency-Key": key}}


START, UPDATE = "/api/logger/contentsession", "/api/logger/contentsession/{}"


async def test_an_update_sent_again_is_counted_once(api: Api, school: School) -> None:
    learner = await school.learner()
    session = (await api.start(learner, **exercise()))["session_id"]
    body = {"time_spent_delta": 5, "progress_delta": 0.1, "interactions": [right("a")]}

    first = await api.send("PUT", UPDATE.format(session), learner, json=body, **keyed("k1"))
    before = await api.stored()
    again = await api.send("PUT", UPDATE.format(session), learner, json=body, **keyed("k1"))

    assert first.status_code == again.status_code == 200
    assert again.content == first.content
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert await api.stored() == before


async def test_a_start_sent_again_is_the_same_session(api: Api, school: School) -> None:
    learner, body = await school.learner(), exercise()

    first = await api.send("POST", START, learner, json=body, **keyed("k1"))
    again = await api.send("POST", START, learner, json=body, **keyed("k1"))

    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert await api.db.collection("content_sessions").count_documents({"user_id": learner.id}) == 1


async def test_a_first_answer_is_given_again_though_it_would_be_refused_by_now(api: Api, school: School) -> None:
    learner = await school.learner()
    quiz = await school.quiz()
    session = (await api.start(learner, quiz_id=quiz))["session_id"]
    finished = await api.send("PUT", UPDATE.format(session), learner, json={"progress": 1}, **keyed("done"))

    again = await api.send("PUT", UPDATE.format(session), learner, json={"progress": 1}, **keyed("done"))

    assert again.status_code == 200
    assert again.content == finished.content
    await api.update(learner, session, progress=1, expect=403)


@pytest.mark.parametrize("other", ["body", "path"])
async def test_a_key_is_not_for_another_request(api: Api, school: School, other: str) -> None:
    learner = await school.learner()
    session, elsewhere = [(await api.start(learner, **video()))["session_id"] for _ in range(2)]
    await api.send("PUT", UPDATE.format(session), learner, json={"time_spent_delta": 5}, **keyed("k"))
    before = await api.stored()

    method, path, body = {
        "body": ("PUT", UPDATE.format(session), {"time_spent_delta": 6}),
        "path": ("PUT", UPDATE.format(elsewhere), {"time_spent_delta": 5}),
    }[other]
    await api.answer(method, path, learner, 422, json=body, **keyed("k"))

    assert await api.stored() == before


async def test_each_kind_of_request_has_keys_of_its_own(api: Api, school: School) -> None:
    learner = await school.learner()
    session = (await api.start(learner, **video()))["session_id"]
    await api.send("PUT", UPDATE.format(session), learner, json={"time_spent_delta": 5}, **keyed("k"))

    started = await api.send("POST", START, learner, json=video(), **keyed("k"))

    assert started.status_code == 200
    assert "idempotent-replayed" not in started.headers


async def test_two_callers_may_use_the_same_key(api: Api, school: School) -> None:
    for learner in (await school.learner(), await school.learner()):
        answer = await api.send("POST", START, learner, json=video(), **keyed("same"))
        assert answer.status_code == 200
        assert "idempotent-replayed" not in answer.headers


async def test_anonymous_keys_belong_to_the_session(api: Api) -> None:
    sessions = [(await api.start(ANONYMOUS, **video()))["session_id"] for _ in range(2)]
    for session in sessions:
        answers = [
            await api.send("PUT", UPDATE.format(session), ANONYMOUS, json={"time_spent_delta": 5}, **keyed("k"))
            for _ in range(2)
        ]
        assert [answer.headers.get("idempotent-replayed") for answer in answers] == [None, "true"]
    rows = await api.db.find("content_sessions", {"_id": {"$in": sessions}})
    assert [row["time_spent"] for row in rows] == [5, 5]


async def test_an_anonymous_start_is_remembered_for_its_visitor_and_for_nobody_else(api: Api) -> None:
    body = video()

    async def start(visitor: str | None) -> str:
        headers = {"Idempotency-Key": "k"} | ({"Cookie": f"visitor_id={visitor}"} if visitor else {})
        return (await api.send("POST", START, ANONYMOUS, json=body, headers=headers)).json()["session_id"]

    visitor = new_id()
    first = await start(visitor)

    assert await start(visitor) == first
    assert await start(new_id()) != first
    assert await start(None) not in (first, await start(None))


async def test_a_refused_request_leaves_no_key_behind(api: Api, school: School) -> None:
    learner = await school.learner()
    session = (await api.start(learner, **exercise()))["session_id"]
    before = await api.stored()

    wrong_id = {"interactions": [right("a", id=new_id())]}
    await api.answer("PUT", UPDATE.format(session), learner, 400, json=wrong_id, **keyed("k"))
    assert await api.stored() == before

    answer = await api.send("PUT", UPDATE.format(session), learner, json={"interactions": [right("a")]}, **keyed("k"))
    assert answer.status_code == 200


@pytest.mark.parametrize("key", ["", "a b", "ä".encode(), "x" * 256, "tab\there"])
async def test_a_malformed_key_is_refused(api: Api, school: School, key: str | bytes) -> None:
    learner = await school.learner()

    answer = await api.send("POST", START, learner, json=video(), headers={"Idempotency-Key": key})

    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.json()["errors"]
    assert await api.db.collection("content_sessions").count_documents({"user_id": learner.id}) == 0


@pytest.mark.engines("mongomock", "embedded")  # mongoeco holds one transaction at a time
async def test_while_the_first_sending_is_being_answered_the_second_is_told_to_wait(api: Api, school: School) -> None:
    learner = await school.learner()
    session = (await api.start(learner, **video()))["session_id"]

    async def send(seconds: int) -> int:
        answer = await api.send(
            "PUT", UPDATE.format(session), learner, json={"time_spent_delta": seconds}, **keyed("k")
        )
        if answer.status_code == 409:
            assert int(answer.headers["retry-after"]) >= 1
        return answer.status_code

    asked, held = asyncio.Event(), asyncio.Event()
    transactions = api.db.transactions

    async def slow(*arguments: object, **more: object) -> object:
        asked.set()
        await held.wait()
        return await transactions(*arguments, **more)

    api.db.transactions = slow  # type: ignore[method-assign]
    try:
        first = asyncio.create_task(send(5))
        await asyncio.wait_for(asked.wait(), 20)
        second, other = await send(5), await send(6)
    finally:
        api.db.transactions = transactions  # type: ignore[method-assign]
        held.set()

    assert (second, other) == (409, 422)
    assert await first == 200
    assert await send(5) == 200


async def test_keys_are_kept_for_a_day_at_least(api: Api, school: School) -> None:
    learner: Person = await school.learner()
    await api.send("POST", START, learner, json=video(), **keyed("k"))

    [key] = await api.db.find("idempotency_keys", {"owner": learner.id})

    assert key["expires_at"] >= moments.now() + timedelta(hours=24)


async def test_a_large_answer_is_given_again_from_what_is_stored(api: Api, school: School) -> None:
    learner, body = await school.learner(), video()
    state = {"$ref": "x", "state": "x" * 1_200_000}
    await api.update(learner, await api.start(learner, **body), extra_fields=state)

    first = await api.send("POST", START, learner, json=body, **keyed("k1"))
    again = await api.send("POST", START, learner, json=body, **keyed("k1"))

    assert again.headers["idempotent-replayed"] == "true"
    assert again.json() == first.json()
    assert again.json()["extra_fields"] == state
    assert sum(len(row["answer"]) for row in await api.db.find("idempotency_keys", {"owner": learner.id})) < 1000
