"""An offline client's queue: every item with a result of its own, and safe to send again."""

from datetime import timedelta
from typing import Any

import pytest

from learntrack.domain import moments
from learntrack.domain.attempt_places import EMBEDDED_MOST
from tests.support import ANONYMOUS, Api, Person, School, exercise, new_id, right, video, wrong

NOW = moments.now()


def item(session: str, *, ago: float = 60, key: str | None = None, **what: Any) -> dict[str, Any]:
    """An item that occurred `ago` seconds ago."""
    return {
        "key": key or new_id(),
        "occurred_at": (moments.now() - timedelta(seconds=ago)).isoformat(),
        "session_id": session,
        **what,
    }


async def send(api: Api, by: Person, *items: Any, expect: int = 200) -> Any:
    found = await api.answer("POST", "/api/logger/contentsession/batch", by, expect, json={"items": list(items)})
    return found["results"] if expect == 200 else found


async def test_a_visit_that_was_made_offline_is_recorded_as_it_happened(api: Api, school: School) -> None:
    learner, session, body = await school.learner(), new_id(), exercise()
    queue = [
        item(session, ago=600, start=body),
        item(session, ago=500, update={"time_spent_delta": 20, "interactions": [right("a")]}),
        item(session, ago=400, update={"time_spent_delta": 30, "progress": 1, "interactions": [right("b")]}),
    ]

    results = await send(api, learner, *queue)

    assert [(result["key"], result["status"], result["replayed"]) for result in results] == [
        (each["key"], 200, False) for each in queue
    ]
    assert results[0]["body"]["session_id"] == session
    assert results[2]["body"]["complete"] is True
    [tried] = await api.tries(learner)
    assert tried["time_spent"] == 50
    assert tried["start_timestamp"][:19] == queue[0]["occurred_at"][:19]
    assert tried["completion_timestamp"][:19] == tried["end_timestamp"][:19] == queue[2]["occurred_at"][:19]
    assert [row["item"] for row in await api.attempts(learner)] == ["a", "b"]


@pytest.mark.parametrize("named_by", ["id", "item"])
async def test_a_visit_made_offline_goes_on_with_an_attempt_of_a_long_try(
    api: Api, school: School, named_by: str
) -> None:
    learner, session, body = await school.learner(), new_id(), exercise({"type": "quiz"})
    many = [wrong(f"question {number}") for number in range(2 * EMBEDDED_MOST)]
    before = await api.update(learner, await api.start(learner, **body), interactions=many)
    [moved] = before["attempts"][-1:]  # all began at once: the last that were recorded count as the oldest
    mended = right(moved["item"], replace=True) | ({"id": moved["id"]} if named_by == "id" else {})

    results = await send(api, learner, item(session, start=body), item(session, update={"interactions": [mended]}))

    assert [result["status"] for result in results] == [200, 200]
    attempts = await api.attempts(learner, content=body["content_id"])
    assert len(attempts) == len(many)
    assert [each["id"] for each in attempts if each["correct"]] == [moved["id"]]


async def test_a_start_with_a_used_id_does_not_hide_what_its_session_is_about(api: Api, school: School) -> None:
    learner, second, body = await school.learner(), new_id(), exercise()
    await api.update(learner, await api.start(learner, **body), progress=1)  # ends now, later than the offline try
    await send(api, learner, item(second, ago=900, start={**body, "repeat": True}))

    results = await send(
        api,
        learner,
        item(second, ago=800, start=exercise()),
        item(second, ago=700, update={"progress": 1}),
        item(new_id(), ago=600, start=body),
    )

    assert [result["status"] for result in results] == [409, 200, 200]
    assert results[2]["body"]["context"]["mastery_level"] == 1, "the latest finished try is gone on with"


async def test_sending_the_whole_queue_again_changes_nothing(api: Api, school: School) -> None:
    learner, session = await school.learner(), new_id()
    queue = [
        item(session, start=exercise()),
        *(item(session, update={"time_spent_delta": 1, "interactions": [right(i)]}) for i in "abc"),
    ]
    first = await send(api, learner, *queue)
    before = await api.stored()

    again = await send(api, learner, *queue)

    assert [result["body"] for result in again] == [result["body"] for result in first]
    assert all(result["replayed"] for result in again)
    assert await api.stored() == before


async def test_a_bad_item_stops_neither_the_others_nor_its_session(api: Api, school: School) -> None:
    learner, session = await school.learner(), new_id()
    results = await send(
        api,
        learner,
        item(session, start=exercise()),
        item(session, update={"progress": 7}),
        item(session, update={"interactions": [right("a", id=new_id())]}),
        item(new_id(), update={"time_spent_delta": 1}),
        "no item",
        item(session, update={"time_spent_delta": 5}),
        item(session),
        item(session, start=video(), update={}),
        {"key": "k", "session_id": session, "update": {}},
        {"occurred_at": NOW.isoformat(), "session_id": session, "update": {}},
        item("nonsense", update={}),
    )

    assert [result["status"] for result in results] == [200, 400, 400, 404, 400, 200, 400, 400, 400, 400, 400]
    assert "update.progress" in results[1]["body"]["errors"]
    assert "occurred_at" in results[8]["body"]["errors"]
    assert "key" in results[9]["body"]["errors"]
    [tried] = await api.tries(learner)
    assert tried["time_spent"] == 5


async def test_an_items_fields_are_named_as_they_stand_in_it(api: Api, school: School) -> None:
    learner, session = await school.learner(), new_id()
    refused = {
        "update.interactions[0].item": item(session, update={"interactions": [right("")]}),
        "update.interactions[1].id": item(session, update={"interactions": [right("a"), right("a", id="x")]}),
        "update.interactions[0].answer": item(session, update={"interactions": [right("a", answer=None)]}),
        "update.progress": item(session, update={"progress": 1, "progress_delta": 1}),
        "start.node_id": item(new_id(), start={}),
        "start.content_id": item(new_id(), start=video(content_id=None)),
        "start.mastery_model.n": item(new_id(), start=exercise({"type": "m_of_n", "m": 5})),
        "start.lesson_id": item(new_id(), start=video(lesson_id="x")),
        "key": item(session, key="ä", update={}),
        "occurred_at": item(session, ago=40 * 86400, update={}),
        "session_id": item("x", update={}),
    }
    unknown = item(session, update={"interactions": [right("a", id=new_id())]})

    results = await send(api, learner, item(session, start=exercise()), *refused.values(), unknown)

    assert [list(result["body"].get("errors", ())) for result in results[1:]] == [
        *([field] for field in refused),
        ["update.interactions[0].id"],
    ]


@pytest.mark.engines("mongomock")  # refused before any engine is asked
@pytest.mark.parametrize(
    "session",
    [
        "4c796e62-e07e589eb931961dd0b3db4c",
        "4c796e62e07e-589e-b931-961dd0b3db4c",
        "4c796e62e07e589eb931961dd0b3db4c\n",
        "4c796e62-e07e-589e-b931-961dd0b3db4c\n",
        "\n4c796e62e07e589eb931961dd0b3db4c",
        "4c796e62e07e589eb931961dd0b3db4c-",
        "4c796e62e07e589eb931961dd0b3db4\u0664",
        "",
        None,
        5,
        ["4c796e62e07e589eb931961dd0b3db4c"],
    ],
)
async def test_a_malformed_session_id_is_that_items_fault(api: Api, school: School, session: Any) -> None:
    learner = await school.learner()
    before = await api.stored()
    for what in ({"start": video()}, {"update": {"time_spent_delta": 1}}):
        [result, other] = await send(api, learner, item(session, **what), item(new_id(), **what))
        assert (result["status"], list(result["body"]["errors"])) == (400, ["session_id"])
        assert other["status"] in (200, 404)
    assert len((await api.stored())["content_sessions"]) == len(before["content_sessions"]) + 1


async def test_a_late_item_never_moves_a_timestamp_backwards(api: Api, school: School) -> None:
    learner, body = await school.learner(), exercise()
    live = await api.start(learner, **body)
    await api.update(learner, live, progress=1, time_spent_delta=5, interactions=[right("a")])
    [before] = await api.tries(learner)
    session = new_id()

    results = await send(
        api,
        learner,
        item(session, ago=9000, start=body),
        item(session, ago=8000, update={"time_spent_delta": 10, "progress": 1, "interactions": [right("b")]}),
    )

    assert [result["status"] for result in results] == [200, 200]
    [after] = await api.tries(learner)
    assert (after["end_timestamp"], after["completion_timestamp"]) == (
        before["end_timestamp"],
        before["completion_timestamp"],
    )
    assert after["time_spent"] == 15
    [summary] = await api.db.find("content_summaries", {"user_id": learner.id})
    assert summary["end_timestamp"].isoformat()[:19] >= before["end_timestamp"][:19]


async def test_somebody_elses_session_is_not_found(api: Api, school: School) -> None:
    learner, other = await school.learner(), await school.learner()
    theirs = (await api.start(other, **video()))["session_id"]
    before = await api.stored()

    results = await send(api, learner, item(theirs, start=video()), item(theirs, update={"time_spent_delta": 5}))

    assert [result["status"] for result in results] == [404, 404]
    assert results[0]["body"]["detail"] == results[1]["body"]["detail"]
    assert await api.stored() == before


async def test_ones_own_session_is_not_started_twice(api: Api, school: School) -> None:
    learner, session = await school.learner(), new_id()

    results = await send(api, learner, item(session, start=video()), item(session, start=video()))
    later = await send(api, learner, item(session, start=video()))

    assert [result["status"] for result in [*results, *later]] == [200, 409, 409]
    # So that it is told from one whose first sending is still being answered, which may yet fail.
    assert [list(result["body"]["errors"]) for result in [*results[1:], *later]] == [["session_id"]] * 2


async def test_anonymous_clients_have_queues_too(api: Api) -> None:
    session = new_id()
    queue = [
        item(session, start=exercise()),
        item(session, update={"time_spent_delta": 5, "interactions": [right("a")]}),
    ]

    results = [await send(api, ANONYMOUS, *queue) for _ in range(2)]

    assert [[(each["status"], each["replayed"]) for each in result] for result in results] == [
        [(200, False)] * 2,
        [(200, True)] * 2,
    ]
    [stored] = await api.db.find("content_sessions", {"_id": session})
    assert (stored["user_id"], stored["time_spent"], stored["attempt_count"]) == (None, 5, 1)


async def test_what_was_sent_live_and_not_answered_may_join_the_queue(api: Api, school: School) -> None:
    learner = await school.learner()
    session = (await api.start(learner, **video()))["session_id"]
    body = {"time_spent_delta": 5}
    await api.send("PUT", f"/api/logger/contentsession/{session}", learner, json=body, headers={"Idempotency-Key": "k"})

    [result] = await send(api, learner, item(session, key="k", update=body))

    assert (result["status"], result["replayed"]) == (200, True)


@pytest.mark.parametrize("items", [[], None, "x", [{}] * 2001])
async def test_a_queue_has_1_to_2000_items(api: Api, school: School, items: Any) -> None:
    learner = await school.learner()

    refused = await api.answer("POST", "/api/logger/contentsession/batch", learner, 400, json={"items": items})

    assert "items" in refused["errors"]


async def test_a_full_queue(api: Api, school: School) -> None:
    learner, session = await school.learner(), new_id()
    updates = [
        item(session, ago=600 - n, update={"time_spent_delta": 1, "interactions": [right(f"q{n}")]}) for n in range(499)
    ]

    results = await send(api, learner, item(session, ago=700, start=exercise()), *updates)

    assert {result["status"] for result in results} == {200}
    [tried] = await api.tries(learner)
    assert (tried["time_spent"], tried["correct"]) == (499, 499)
    assert [row["item"] for row in await api.attempts(learner)] == [f"q{n}" for n in range(499)]


async def test_an_update_whose_answer_was_lost_weeks_ago_is_counted_once(api: Api, school: School) -> None:
    """By then only those keys are left that are kept as long as an item may be late; a start's session id is enough."""
    learner, session = await school.learner(), new_id()
    queue = [item(session, ago=300, start=exercise()), item(session, ago=200, update={"time_spent_delta": 20})]
    first = await send(api, learner, *queue)
    nearly_too_late = moments.now() + timedelta(days=30)
    await api.db.collection("idempotency_keys").delete_many(
        {"owner": learner.id, "expires_at": {"$lt": nearly_too_late}}
    )

    again = await send(api, learner, *queue)

    assert [(result["status"], result["replayed"]) for result in again] == [(409, False), (200, True)]
    assert again[1]["body"] == first[1]["body"]
    assert [tried["time_spent"] for tried in await api.tries(learner)] == [20]
