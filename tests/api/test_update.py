"""PUT /api/logger/contentsession/{id}, rule by rule (contract)."""

import pytest

from tests.support import ANONYMOUS, ROOT, Api, Person, School, exercise, new_id, right, video, wrong

pytestmark = pytest.mark.secantusd_py


async def stored_try(api: Api, by: Person) -> dict:
    return await api.db.find_one("mastery_logs", {"user_id": by.id})


@pytest.mark.engines("mongomock", "embedded")  # but for ids, refused before any engine is asked
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"progress": 0.1, "progress_delta": 0.1}, "progress"),
        ({"progress": 1.1}, "progress"),
        ({"progress": -0.1}, "progress"),
        ({"progress": "half"}, "progress"),
        ({"progress": "nan"}, "progress"),
        ({"progress_delta": 1.5}, "progress_delta"),
        ({"time_spent_delta": -1}, "time_spent_delta"),
        ({"time_spent_delta": "Infinity"}, "time_spent_delta"),
        ({"time_spent_delta": 1e300}, "time_spent_delta"),
        ({"extra_fields": [1]}, "extra_fields"),
        ({"interactions": {}}, "interactions"),
        ({"interactions": ["x"]}, "interactions[0]"),
        ({"interactions": [{"correct": 1, "time_spent": 1, "answer": {}}]}, "interactions[0].item"),
        ({"interactions": [{"item": "q", "time_spent": 1, "answer": {}}]}, "interactions[0].correct"),
        ({"interactions": [{"item": "q", "correct": 1, "answer": {}}]}, "interactions[0].time_spent"),
        ({"interactions": [right("q", item="")]}, "interactions[0].item"),
        ({"interactions": [right("q", item="x" * 1001)]}, "interactions[0].item"),
        ({"interactions": [right("q", correct=1.01)]}, "interactions[0].correct"),
        ({"interactions": [right("q", time_spent=-1)]}, "interactions[0].time_spent"),
        ({"interactions": [right("q", answer="x")]}, "interactions[0].answer"),
        ({"interactions": [right("q"), right("q", answer=None)]}, "interactions[1].answer"),
        ({"interactions": [right("q", id="x")]}, "interactions[0].id"),
        ({"interactions": [right("q", id=new_id())]}, "interactions[0].id"),
        ({"interactions": [right("q"), right("p", id=new_id())]}, "interactions[1].id"),
        ({"interactions": [right("q")] * 1001}, "interactions"),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_is_stored(
    api: Api, learner: Person, change: dict, field: str
) -> None:
    session = await api.start(learner, **exercise())
    await api.update(learner, session, progress=0.2, interactions=[wrong("q")])
    before = await api.stored()

    refused = await api.update(learner, session, 400, **({"progress_delta": 0.5, "time_spent_delta": 5} | change))

    assert field in refused["errors"], refused
    assert await api.stored() == before


@pytest.mark.engines("mongomock")  # refused before any engine is asked
@pytest.mark.parametrize(
    "body", [b"[]", b'"text"', b"5", b"[{}]", b"{", b"\xff", b'{"progress": NaN}', b'{"a":' * 5000, b"null"]
)
async def test_a_body_that_is_no_object_is_refused(api: Api, learner: Person, body: bytes) -> None:
    session = await api.start(learner, **video())
    for method, path in (("POST", ""), ("PUT", "/" + session["session_id"])):
        refused = await api.answer(method, f"/api/logger/contentsession{path}", learner, 400, content=body)
        assert refused["errors"]


async def test_checks_come_in_the_contracts_order(school: School) -> None:
    api, learner, quiz = school.api, await school.learner(), await school.quiz()
    session = await api.start(learner, quiz_id=quiz)
    path, bad = f"/api/logger/contentsession/{session['session_id']}", {"progress": 7}
    unknown = {"interactions": [right("q", id=new_id())]}

    await api.answer("PUT", path, learner, 401, json=bad, headers={"Authorization": "Bearer x"})
    await api.answer("PUT", f"/api/logger/contentsession/{new_id()}", learner, 400, json=bad)
    await api.update(Person(new_id()), session, 404, **unknown)
    await api.update(learner, session, 400, **unknown)
    await api.update(learner, session, progress=1)
    await api.update(learner, session, 403, **unknown)


async def test_only_the_owner_may_update(school: School) -> None:
    api, learner = school.api, await school.learner()
    session = await api.start(learner, **video())
    anonymous = await api.start(ANONYMOUS, **video())
    before = await api.stored()

    answers = [
        await api.update(other, session, 404, progress=1)
        for other in (ANONYMOUS, await school.learner(), await school.coach(), await school.person(superuser=True))
    ]
    answers.append(await api.update(learner, anonymous, 404, progress=1))
    answers.append(await api.update(learner, new_id(), 404, progress=1))
    answers.append(await api.update(learner, "not-a-uuid", 404, progress=1))

    assert all(answer == answers[0] for answer in answers)
    after = await api.stored()
    assert after["content_sessions"] == before["content_sessions"]


async def test_progress_is_rounded_up_and_capped_on_session_and_summary(api: Api, learner: Person) -> None:
    body = video()
    session = await api.start(learner, **body)

    for expected in (0.334, 0.668, 1.0):
        await api.update(learner, session, progress_delta=1 / 3)
        summary = await api.db.find_one("content_summaries", {"user_id": learner.id})
        stored = await api.db.find_one("content_sessions", {"_id": session["session_id"]})
        assert summary["progress"] == stored["progress"] == expected
    await api.update(learner, session, progress=0.12341)
    assert (await api.start(learner, **body))["progress"] == 0.124


async def test_a_sessions_progress_is_its_own(api: Api, learner: Person) -> None:
    body = video()
    await api.update(learner, await api.start(learner, **body), progress_delta=0.4)
    second = await api.start(learner, **body)
    await api.update(learner, second, progress_delta=0.4)

    stored = await api.db.find_one("content_sessions", {"_id": second["session_id"]})

    assert stored["progress"] == 0.4
    assert (await api.start(learner, **body))["progress"] == 0.8


async def test_time_adds_up_on_session_summary_and_try(api: Api, learner: Person) -> None:
    body = exercise()
    for seconds in (2.5, 4):
        session = await api.start(learner, **body)
        await api.update(learner, session, time_spent_delta=seconds)

    assert (await stored_try(api, learner))["time_spent"] == 6.5
    assert (await api.db.find_one("content_summaries", {"user_id": learner.id}))["time_spent"] == 6.5
    assert (await api.db.find_one("content_sessions", {"_id": session["session_id"]}))["time_spent"] == 4


async def test_an_empty_update_changes_no_more_than_the_end(api: Api, learner: Person) -> None:
    session = await api.start(learner, **exercise())

    assert await api.update(learner, session) == {"complete": False}
    assert await api.update(learner, session, progress=None, interactions=None, extra_fields=None) == {
        "complete": False
    }
    assert await api.update(learner, session, interactions=[]) == {"complete": False, "attempts": []}
    response = await api.send("PUT", f"/api/logger/contentsession/{session['session_id']}", learner)
    assert (response.status_code, response.json()) == (200, {"complete": False})


async def test_reaching_one_completes_summary_and_try_once(api: Api, learner: Person) -> None:
    session = await api.start(learner, **exercise())
    assert await api.update(learner, session, progress=0.9) == {"complete": False}
    assert await api.update(learner, session, progress_delta=0.1) == {"complete": True}
    summary, first = await api.db.find_one("content_summaries", {"user_id": learner.id}), await stored_try(api, learner)
    assert summary["completion_timestamp"] == summary["end_timestamp"]
    assert first["complete"]
    assert first["completion_timestamp"] == first["end_timestamp"] == summary["end_timestamp"]

    await api.update(learner, session, progress_delta=0.5, time_spent_delta=1)

    later, again = await api.db.find_one("content_summaries", {"user_id": learner.id}), await stored_try(api, learner)
    assert later["completion_timestamp"] == summary["completion_timestamp"]
    assert again["completion_timestamp"] == first["completion_timestamp"]
    assert again["end_timestamp"] > first["end_timestamp"]


async def test_whenever_the_summary_stands_at_one_the_sessions_try_is_completed(api: Api, learner: Person) -> None:
    body = exercise()
    await api.update(learner, await api.start(learner, **body), progress=1)
    quiz = await api.start(learner, **body | {"mastery_model": {"type": "quiz"}})

    assert await api.update(learner, quiz, interactions=[]) == {"complete": True, "attempts": []}

    tries = await api.db.find("mastery_logs", {"user_id": learner.id})
    assert [one["complete"] for one in tries] == [True, True]


async def test_a_trys_end_moves_only_with_its_time_or_completion(api: Api, learner: Person) -> None:
    session = await api.start(learner, **exercise())
    start = (await stored_try(api, learner))["end_timestamp"]

    await api.update(learner, session, progress=0.5, extra_fields={"a": 1}, interactions=[right("q1")])
    assert (await stored_try(api, learner))["end_timestamp"] == start
    await api.update(learner, session, time_spent_delta=0)
    assert (await stored_try(api, learner))["end_timestamp"] == start
    await api.update(learner, session, time_spent_delta=0.5)
    assert (await stored_try(api, learner))["end_timestamp"] > start


async def test_a_finished_coach_assigned_quiz_takes_no_more_updates(school: School) -> None:
    api, learner, quiz = school.api, await school.learner(), await school.quiz()
    session = await api.start(learner, quiz_id=quiz)
    await api.update(learner, session, progress=1, interactions=[right("q1")])
    before = await api.stored()

    for change in ({"interactions": [right("q2")]}, {"time_spent_delta": 1}, {"progress": 0.5}, {}):
        refused = await api.update(learner, session, 403, **change)
        assert refused["detail"] == "This quiz has been submitted."
    assert await api.stored() == before


async def test_quiz_permission_is_checked_again(school: School) -> None:
    api, learner, quiz = school.api, await school.learner(), await school.quiz()
    session = await api.start(learner, quiz_id=quiz)
    await school.api.roster(
        ROOT, quizzes=[{"id": quiz, "title": "closed", "active": False, "collection_ids": [school.places["A1"]]}]
    )

    await api.update(learner, session, 403, progress=0.5)


async def test_extra_fields_replace_the_summarys(api: Api, learner: Person) -> None:
    body = video()
    odd = {
        "$where": "1",
        "a.b": [1, {"c": None}],
        "": {"$set": 0},
        "é": "漢字",
        "deep": {"deep": {"deep": [[]]}},
        "n": 2**53 + 1,
        "big": 2**63 - 1,
    }
    session = await api.start(learner, **body)

    await api.update(learner, session, extra_fields=odd)
    assert (await api.start(learner, **body))["extra_fields"] == odd
    await api.update(learner, session, extra_fields={"z": 1})
    assert (await api.start(learner, **body))["extra_fields"] == {"z": 1}
    await api.update(learner, session, extra_fields={})
    assert (await api.start(learner, **body))["extra_fields"] == {}


async def test_numbers_and_booleans_as_text_are_taken_as_kolibri_takes_them(api: Api, learner: Person) -> None:
    session = await api.start(learner, **exercise(repeat="true"))

    updated = await api.update(learner, session, progress="0.5", interactions=[right("a", correct="0.5", complete=1)])

    assert (updated["attempts"][0]["correct"], updated["attempts"][0]["complete"]) == (0.5, True)
