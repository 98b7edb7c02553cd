"""PUT /api/logger/contentsession/{id}, rule by rule (contract)."""

import pytest

from tests.support import ANONYMOUS, ROOT, Api, Person, School, exercise, new_id, right, video, wrong

pytestmark = pytest.mark.secantusd_py


@pytest.fixture
def learner() -> Person:
    return Person(new_id())


async def stored_try(api: Api, by: Person) -> dict:
    return await api.db.find_one("mastery_logs", {"user_id": by.id})


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


async def test_numbers_and_booleans_as_text_are_taken_as_kolibri_takes_them(api: Api, learner: Person) -> None:
    session = await api.start(learner, **exercise(repeat="true"))

    updated = await api.update(learner, session, progress="0.5", interactions=[right("a", correct="0.5", complete=1)])

    assert (updated["attempts"][0]["correct"], updated["attempts"][0]["complete"]) == (0.5, True)


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
