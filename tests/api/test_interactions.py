"""What interactions become: attempts, each with its history (contract, Interactions)."""

import pytest

from tests.support import ANONYMOUS, Api, Person, School, exercise, new_id, right, video, wrong

pytestmark = pytest.mark.secantusd_py


async def test_any_answer_comes_back_as_it_was_sent(api: Api, learner: Person) -> None:
    odd = {"$where": "1", "a.b": {"$gt": ""}, "": 0, "x": [{"y.z": None}], "t": "\u0000 $answer", "f": 1.5}
    session = await api.start(learner, **exercise())

    updated = await api.update(learner, session, interactions=[right("$item.x", answer=odd)])
    await api.update(learner, session, interactions=[right("$item.x", answer=odd, replace=True)])

    assert updated["attempts"][0]["answer"] == odd
    [row] = await api.attempts(learner, user=learner.id)
    assert (row["answer"], row["item"]) == (odd, "$item.x")
    assert [entry["answer"] for entry in row["interaction_history"]] == [odd, odd]


async def test_consecutive_interactions_on_an_item_belong_to_one_attempt(api: Api, learner: Person) -> None:
    session = await api.start(learner, **exercise())

    updated = await api.update(
        learner,
        session,
        interactions=[
            wrong("a"),
            wrong("a", hinted=True, time_spent=7),
            right("a"),
            right("b"),
            {"item": "a", "correct": 0, "time_spent": 1, "error": True},
        ],
    )

    assert [
        (one["item"], one["correct"], one["hinted"], one["error"], one["time_spent"]) for one in updated["attempts"]
    ] == [
        ("a", 0.0, True, False, 5.0),
        ("b", 1.0, False, False, 5.0),
        ("a", 0.0, False, True, 1.0),
    ]
    rows = await api.attempts(learner, user=learner.id)
    histories = {row["id"]: [entry["type"] for entry in row["interaction_history"]] for row in rows}
    assert [histories[one["id"]] for one in updated["attempts"]] == [
        ["answer", "hint", "answer"],
        ["answer"],
        ["error"],
    ]


async def test_the_first_interaction_of_a_group_decides(api: Api, learner: Person) -> None:
    session = await api.start(learner, **exercise())
    [first] = (await api.update(learner, session, interactions=[wrong("a")]))["attempts"]

    [other] = (
        await api.update(
            learner,
            session,
            interactions=[wrong("a"), right("a", id=first["id"], replace=True), wrong("a", id=new_id())],
        )
    )["attempts"]

    assert other["id"] != first["id"]
    assert other["correct"] == 1.0


async def test_an_id_means_that_attempt_whatever_its_item(api: Api, learner: Person) -> None:
    session = await api.start(learner, **exercise())
    [first] = (await api.update(learner, session, interactions=[wrong("a")]))["attempts"]

    [same] = (await api.update(learner, session, interactions=[right("b", id=first["id"], replace=True)]))["attempts"]

    assert (same["id"], same["item"], same["correct"]) == (first["id"], "a", 1.0)


async def test_an_attempt_of_another_try_or_learner_is_unknown(api: Api, learner: Person) -> None:
    session = await api.start(learner, **exercise())
    [mine] = (await api.update(learner, session, interactions=[wrong("a")]))["attempts"]
    other = Person(new_id())

    await api.update(other, await api.start(other, **exercise()), 400, interactions=[right("a", id=mine["id"])])
    await api.update(learner, await api.start(learner, **exercise()), 400, interactions=[right("a", id=mine["id"])])


async def test_replace_goes_on_with_the_newest_attempt_on_the_item(api: Api, learner: Person) -> None:
    session = await api.start(learner, **exercise())
    sent = [wrong("a", time_spent=9), wrong("b"), wrong("a", time_spent=2), wrong("c"), wrong("a", time_spent=5)]
    attempts = (await api.update(learner, session, interactions=sent))["attempts"]

    [replaced] = (await api.update(learner, session, interactions=[right("a", replace=True)]))["attempts"]
    [new] = (await api.update(learner, session, interactions=[right("d", replace=True)]))["attempts"]

    assert replaced["id"] == attempts[2]["id"]
    assert new["item"] == "d"


async def test_without_a_try_attempts_stay_in_their_session(api: Api, learner: Person) -> None:
    body = video()
    first, second = await api.start(learner, **body), await api.start(learner, **body)
    [one] = (await api.update(learner, first, interactions=[wrong("a")]))["attempts"]

    [other] = (await api.update(learner, second, interactions=[right("a", replace=True)]))["attempts"]
    [same] = (await api.update(learner, first, interactions=[right("a", replace=True)]))["attempts"]
    await api.update(learner, second, 400, interactions=[right("a", id=one["id"])])

    assert other["id"] != one["id"]
    assert (same["id"], same["correct"]) == (one["id"], 1.0)
    rows = await api.attempts(learner, user=learner.id)
    assert {(row["sessionlog"], row["masterylog"]) for row in rows} == {
        (first["session_id"], None),
        (second["session_id"], None),
    }


async def test_complete_in_an_anonymous_answer_is_the_sessions(api: Api) -> None:
    session = await api.start(ANONYMOUS, **exercise())

    assert await api.update(ANONYMOUS, session, progress_delta=0.5, time_spent_delta=3) == {"complete": False}
    assert await api.update(ANONYMOUS, session, progress_delta=0.5, extra_fields={"a": 1}) == {"complete": True}


async def test_an_attempt_that_would_be_too_large_is_413_before_anything_is_stored(api: Api, learner: Person) -> None:
    session = await api.start(learner, **exercise())
    await api.update(learner, session, interactions=[wrong("a", replace=True)] * 1000)
    before = await api.stored()

    await api.update(learner, session, 413, time_spent_delta=5, interactions=[right("a", replace=True)])
    await api.update(learner, session, 413, interactions=[right("b", answer={"text": "x" * 1_100_000})])
    await api.update(learner, session, 413, extra_fields={"text": "x" * 4_200_000})
    await api.update(learner, session, 413, extra_fields={"text": "x" * 5_300_000})

    assert await api.stored() == before


async def test_large_integers_come_back_as_they_were(api: Api, school: School) -> None:
    learner = await school.learner()
    big = {"value": 2**40, "low": -(2**63)}
    body = exercise()
    session = await api.start(learner, **body)
    await api.update(learner, session, extra_fields=big, interactions=[right("a", answer=big)])

    resumed = await api.start(learner, **body)
    [row] = await api.attempts(learner)
    more = await api.update(learner, session, interactions=[right("b", answer=big)])

    assert resumed["extra_fields"] == resumed["pastattempts"][0]["answer"] == row["answer"] == big
    assert more["attempts"][0]["answer"] == big
