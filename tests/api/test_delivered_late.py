"""Offline work: the moment that counts, and what was the learner's then (contract, *What happened when*)."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from learntrack.domain import moments
from tests.api.delivering import MINUTE, PATH, deliver, moment
from tests.api.test_batch import item, send
from tests.support import Api, School, exercise, new_id, right, video


async def stored_start(api: Api, session: str) -> datetime:
    found = await api.db.find_one("content_sessions", {"_id": session})
    assert found is not None
    start: datetime = found["start_timestamp"]
    return start


# The device's clock


@pytest.mark.parametrize("ahead", [20 * MINUTE, -20 * MINUTE, 40 * 86400, -40 * 86400])
async def test_a_devices_wrong_clock_is_corrected(api: Api, school: School, ahead: float) -> None:
    learner, session = await school.learner(), new_id()
    queue = [
        item(session, ago=10 * MINUTE - ahead, start=video()),
        item(session, ago=9 * MINUTE - ahead, update={"progress": 1}),
    ]

    first = await deliver(api, learner, *queue, clock_ahead=ahead)
    again = await deliver(api, learner, *queue, clock_ahead=ahead + 1)

    started = await stored_start(api, session)
    assert abs(moments.now() - timedelta(minutes=10) - started) < timedelta(seconds=30)
    assert [result["status"] for result in first] == [200, 200]
    assert moment(first[0]["occurred_at"]) == moment(first[0]["body"]["occurred_at"]) == started
    assert timedelta(seconds=59) < moment(first[1]["occurred_at"]) - started < timedelta(seconds=61)
    assert [each["body"] for each in again] == [each["body"] for each in first], "what was recorded stays as it was"
    assert [each["occurred_at"] for each in again] == [each["occurred_at"] for each in first]


async def test_what_lies_ahead_counts_as_now(api: Api, school: School) -> None:
    learner, session = await school.learner(), new_id()
    before = moments.now()

    [result] = await send(api, learner, item(session, ago=-3 * 86400, start=video()))

    assert before <= moment(result["occurred_at"]) == await stored_start(api, session) <= moments.now()


async def test_a_moment_that_holds_is_not_remarked_upon(api: Api, school: School) -> None:
    learner, session = await school.learner(), new_id()

    results = await send(api, learner, item(session, ago=60, start=video()), item(session, ago=50, update={}))

    for result in results:
        assert not {"occurred_at", "left_out"} & (result.keys() | result["body"].keys())


@pytest.mark.parametrize(("ago", "status"), [(30 * 86400 - 60, 200), (30 * 86400 + 60, 400)])
async def test_what_is_too_old_is_refused(api: Api, school: School, ago: float, status: int) -> None:
    learner = await school.learner()

    [plain] = await send(api, learner, item(new_id(), ago=ago, start=video()))
    [ahead] = await deliver(api, learner, item(new_id(), ago=ago - 3600, start=video()), clock_ahead=3600)

    assert (plain["status"], ahead["status"]) == (status, status)
    if status == 400:
        assert list(plain["body"]["errors"]) == list(ahead["body"]["errors"]) == ["occurred_at"]


@pytest.mark.parametrize("sent_at", ["yesterday", 5, [], {}, "x" * 200, "0001-01-01T00:00:00+14:00"])
async def test_a_queues_clock_is_a_moment(api: Api, school: School, sent_at: Any) -> None:
    learner = await school.learner()
    for size in (0, 200_000):
        body = {"items": [item(new_id(), start=video(), padding="x" * size)], "sent_at": sent_at}
        refused = await api.answer("POST", PATH, learner, 400, json=body)
        assert list(refused["errors"]) == ["sent_at"]


async def test_a_large_queue_has_a_clock_too(api: Api, school: School) -> None:
    learner, session = await school.learner(), new_id()

    [result] = await deliver(api, learner, item(session, start=video(), padding="x" * 200_000), clock_ahead=600)

    assert moment(result["occurred_at"]) == await stored_start(api, session)


@pytest.mark.parametrize("end", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"])
async def test_moments_at_the_ends_of_the_calendar(api: Api, school: School, end: str) -> None:
    learner = await school.learner()
    queue = [{**item(new_id(), start=video()), "occurred_at": end} for _ in range(2)]
    for sent_at in ("9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", None):
        found = await api.answer("POST", PATH, learner, json={"items": queue, "sent_at": sent_at})
        assert {result["status"] for result in found["results"]} <= {200, 400}


async def test_what_was_done_offline_before_a_try_began_finishes_it_where_it_began(api: Api, school: School) -> None:
    learner, session, sent = await school.learner(), new_id(), exercise()
    await api.start(learner, **sent)

    results = await deliver(
        api,
        learner,
        item(session, ago=9 * MINUTE, start=sent),
        item(session, ago=8 * MINUTE, update={"progress": 1, "time_spent_delta": 60, "interactions": [right("q")]}),
        clock_ahead=0,
    )

    assert [result["status"] for result in results] == [200, 200]
    [made] = await api.tries(learner)
    assert made["complete"]
    assert made["completion_timestamp"] == made["start_timestamp"]
    summary = await api.db.find_one("content_summaries", {"content_id": sent["content_id"]})
    assert summary is not None
    assert summary["completion_timestamp"] == summary["start_timestamp"]


# What was the learner's then


async def test_what_follows_a_refused_start_says_so(api: Api, school: School) -> None:
    learner, quiz = await school.learner(), await school.quiz(active=False)
    refused, wrong, unknown = new_id(), new_id(), new_id()

    results = await send(
        api,
        learner,
        item(refused, start={"quiz_id": quiz}),
        item(wrong, start=video(kind="nonsense")),
        item(refused, update={"progress": 1}),
        item(wrong, update={"progress": 1}),
        item(unknown, update={"progress": 1}),
        item(wrong, start=video()),
        item(wrong, update={"progress": 1}),
    )

    assert [result["status"] for result in results] == [403, 400, 404, 404, 404, 200, 200]
    for number, start in ((2, 0), (3, 1)):
        detail = results[number]["body"]["detail"]
        assert detail.startswith("The start of this session was refused")
        assert results[start]["body"]["detail"].removeprefix("start.") in detail.replace("start.", "")
    assert "refused" not in results[4]["body"]["detail"]


# A clock that jumped back


@pytest.mark.parametrize(("ahead", "mended"), [(10, True), (4, False)])
@pytest.mark.parametrize("late", [False, True])
async def test_an_end_that_lies_ahead_is_set_to_the_next_updates_moment(
    api: Api, school: School, ahead: int, mended: bool, late: bool
) -> None:
    learner, body = await school.learner(), exercise()
    session = (await api.start(learner, **body))["session_id"]
    first = await api.update(learner, session, time_spent_delta=1, progress=1, interactions=[right("a")])
    future = moments.now() + timedelta(minutes=ahead)
    for name in ("content_sessions", "content_summaries", "mastery_logs"):
        await api.db.collection(name).update_many(
            {"user_id" if name != "content_sessions" else "_id": learner.id if name != "content_sessions" else session},
            {"$set": {"end_timestamp": future}},
        )
    await api.db.collection("mastery_logs").update_many(
        {"user_id": learner.id}, {"$set": {"attempts.0.end_timestamp": future}}
    )
    update = {"time_spent_delta": 1, "interactions": [right("a", id=first["attempts"][0]["id"])]}
    before = moments.now()

    if late:
        [result] = await send(api, learner, item(session, ago=600, update=update))
        assert result["status"] == 200
    else:
        await api.update(learner, session, **update)

    ends = [
        row["end_timestamp"]
        for name in ("content_summaries", "mastery_logs")
        for row in await api.db.find(name, {"user_id": learner.id})
    ]
    ends += [row["end_timestamp"] for row in await api.db.find("content_sessions", {"_id": session})]
    ends += [moment(row["end_timestamp"]) for row in await api.attempts(learner)]
    at = before - timedelta(seconds=600 if late else 0)
    for end in ends:
        if mended:
            assert at - timedelta(seconds=30) <= end <= moments.now()
        else:
            assert abs(end - future) < timedelta(milliseconds=1)
