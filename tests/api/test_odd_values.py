"""Values are read as Kolibri's client sends them, in a request of their own and in a batch alike."""

import json
import time
from typing import Any

import pytest

from tests.api.test_batch import item, send
from tests.processes import in_time
from tests.support import Api, Person, School, exercise, new_id, video

ANSWER = {"value": 1}


def step(**fields: Any) -> dict[str, Any]:
    return {"item": "q", "correct": 1, "time_spent": 5, "answer": ANSWER} | fields


UPDATES: list[Any] = [
    ({"progress": "0.5"}, 200),
    ({"progress": True}, 200),
    ({"progress_delta": False, "time_spent_delta": "12.5"}, 200),
    ({"progress": None, "interactions": None, "extra_fields": None}, 200),
    ({"interactions": [step(correct=True, time_spent=True, complete=1)]}, 200),
    ({"interactions": [step(correct="1", time_spent="1", complete="true", hinted="FALSE", replace="0")]}, 200),
    ({"interactions": [step(item=12, simple_answer=5), step(item=1.5, simple_answer=None)]}, 200),
    ({"interactions": [step(item="  q1\t", simple_answer=" x "), step(item="q1")]}, 200),
    ({"interactions": [step(item="x" * 1000, simple_answer="y" * 65_536)]}, 200),
    ({"interactions": [step(answer=None, error="True")]}, 200),
    ({"interactions": [step(unknown=[1])], "unknown": {}}, 200),
    ({"interactions": [step(item=" \n ")]}, 400),
    ({"interactions": [step(item="x" * 1001)]}, 400),
    ({"interactions": [step(item=True)]}, 400),
    ({"interactions": [step(simple_answer="y" * 65_537)]}, 400),
    ({"interactions": [step(simple_answer=["y"])]}, 400),
    ({"interactions": [step(correct="NaN")]}, 400),
    ({"interactions": [step(correct=2)]}, 400),
    ({"interactions": [step(complete="maybe")]}, 400),
    ({"interactions": [step(answer="null")]}, 400),
    ({"interactions": [step(answer=None)]}, 400),
    ({"progress": "inf"}, 400),
    ({"progress": []}, 400),
    ({"time_spent_delta": "Infinity"}, 400),
    ({"extra_fields": "null"}, 400),
]
STARTS: list[Any] = [
    ({"repeat": "true"}, 200),
    ({"repeat": 0}, 200),
    ({"repeat": "maybe"}, 400),
    ({"kind": " exercise "}, 200),
    ({"kind": "film"}, 400),
    ({"lesson_id": None, "test_type": None}, 200),
    ({"mastery_model": {"type": "m_of_n", "m": 5, "n": 3}}, 200),
    ({"mastery_model": {"type": "m_of_n", "m": 0, "n": 0}}, 200),
    ({"mastery_model": {"type": "m_of_n", "m": -1, "n": -1}}, 200),
    ({"mastery_model": {"type": "m_of_n", "m": "3", "n": 5.0}}, 200),
    ({"mastery_model": {"type": "m_of_n", "n": 2**53}}, 200),
    ({"mastery_model": {"type": "m_of_n", "m": 3}}, 400),
    ({"mastery_model": {"type": "m_of_n", "n": 1.5}}, 400),
    ({"mastery_model": {"type": "magic"}}, 400),
    ({"mastery_model": "do_all"}, 400),
]


async def attempts_of(api: Api, learner: Person) -> Any:
    """What was recorded, but for ids and moments."""
    rows = await api.attempts(learner)
    shown = ("item", "correct", "time_spent", "complete", "hinted", "error", "answer", "simple_answer")
    return sorted(
        json.dumps({name: row[name] for name in shown} | {"n": len(row["interaction_history"])}) for row in rows
    )


@pytest.mark.engines("mongomock", "embedded")  # how a request is read is no matter of the engine
@pytest.mark.parametrize(("body", "status"), UPDATES)
async def test_an_update_is_read_in_one_way(school: School, body: dict[str, Any], status: int) -> None:
    api, alone, queued = school.api, await school.learner(), await school.learner()
    content = exercise()
    session = (await api.start(alone, **content))["session_id"]
    offline = new_id()

    answer = await api.send("PUT", f"/api/logger/contentsession/{session}", alone, json=body)
    _, result = await send(api, queued, item(offline, start=content), item(offline, update=body))

    assert (answer.status_code, result["status"]) == (status, status), answer.text
    assert await attempts_of(api, alone) == await attempts_of(api, queued)
    if status == 400:
        [field], [its] = answer.json()["errors"], result["body"]["errors"]
        assert its in (field, f"update.{field}")
        assert field.partition("[")[0] in body


@pytest.mark.engines("mongomock", "embedded")  # how a request is read is no matter of the engine
@pytest.mark.parametrize(("body", "status"), STARTS)
async def test_a_start_is_read_in_one_way(school: School, body: dict[str, Any], status: int) -> None:
    api, alone, queued = school.api, await school.learner(), await school.learner()
    content = exercise() | body

    answer = await api.send("POST", "/api/logger/contentsession", alone, json=content)
    [result] = await send(api, queued, item(new_id(), start=content))

    assert (answer.status_code, result["status"]) == (status, status), answer.text
    if status == 200:
        assert answer.json()["mastery_criterion"] == result["body"]["mastery_criterion"]
        assert answer.json()["pastattempts"] == []


async def test_extra_fields_of_4_mib_are_kept_and_larger_ones_refused(school: School) -> None:
    api, learner, content = school.api, await school.learner(), video()
    session = await api.start(learner, **content)
    state = {"state": "é" * (2 * 2**20 - 8)}

    await api.update(learner, session, extra_fields=state)
    assert (await api.start(learner, **content))["extra_fields"] == state
    for large, named in (({"state": "x" * 4 * 2**20}, "extra_fields"), ({"zeros": [0] * 990_000}, "body")):
        refused = await api.update(learner, session, expect=413, extra_fields=large)
        assert named in refused["detail"]
    await api.update(learner, session, time_spent_delta=1)
    assert (await api.start(learner, **content))["extra_fields"] == state


async def test_an_attempt_may_have_a_megabyte(school: School) -> None:
    api, learner, content = school.api, await school.learner(), exercise()
    session = await api.start(learner, **content)
    large = {"text": "x" * 500_000}

    await api.update(learner, session, interactions=[step(answer=large)])
    refused = await api.update(
        learner, session, expect=413, interactions=[step(item="other"), step(answer=large, replace=True)]
    )
    await api.update(learner, session, interactions=[step(item="other")])

    assert refused["detail"].startswith("interactions[1]")
    assert [row["answer"] == large for row in await api.attempts(learner, item="q")] == [True]
    assert len(await api.attempts(learner)) == 2


async def test_a_small_request_has_no_huge_answer(school: School) -> None:
    """78 KB of alternating `error` and `replace` made an answer of 240 MB."""
    api, learner, content = school.api, await school.learner(), exercise()
    session = await api.start(learner, **content)
    await api.update(learner, session, interactions=[step(answer={"text": "x" * 240_000})])
    sent = [step(item=name, error=True, replace=True, answer=None) for _ in range(500) for name in ("q", "r")]

    began = time.monotonic()
    answer = await api.send(
        "PUT", f"/api/logger/contentsession/{session['session_id']}", learner, json={"interactions": sent}
    )

    assert answer.status_code == 200
    assert time.monotonic() - began < in_time(10)
    assert len(answer.content) < 8 * 2**20
    views = answer.json()["attempts"]
    assert len(views) == 1000
    omitted = [view for view in views if view.get("answer_omitted")]
    assert omitted
    assert all(view["answer"] is None and view["item"] == "q" for view in omitted)
    assert (await api.start(learner, **content))["pastattempts"][-1]["answer"] is not None


async def test_a_key_that_is_none_is_not_sent_back_whatever_its_length(api: Api, school: School) -> None:
    learner = await school.learner()
    keys = ["k" * size for size in (255, 256, 4_000_000)]

    results = await send(api, learner, *[item(new_id(), start=video()) | {"key": key} for key in keys])

    assert [(each["status"], each["key"]) for each in results] == [(200, "k" * 255), (400, None), (400, None)]
    assert all(list(each["body"]["errors"]) == ["key"] for each in results[1:])
