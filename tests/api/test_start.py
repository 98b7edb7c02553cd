"""POST /api/logger/contentsession, rule by rule (contract)."""

import pytest

from tests.support import ANONYMOUS, Api, Person, exercise, new_id, right, video, wrong

pytestmark = pytest.mark.secantusd_py


@pytest.mark.engines("mongomock", "embedded")  # how a request is read is no matter of the engine
@pytest.mark.parametrize("kind", ["video", "audio", "document", "html5", "topic", "slideshow", "h5p", "zim", "quiz"])
async def test_every_kind_but_exercise_starts_without_a_model(api: Api, learner: Person, kind: str) -> None:
    body = video(kind=kind)

    started = await api.start(learner, **body)

    assert started == {
        "session_id": started["session_id"],
        "context": {"node_id": body["node_id"]},
        "progress": 0.0,
        "time_spent": 0.0,
        "extra_fields": {},
        "complete": False,
    }


@pytest.mark.engines("mongomock")  # refused before any engine is asked
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"node_id": None}, "node_id"),
        ({"kind": None}, "kind"),
        ({"content_id": None}, "content_id"),
        ({"channel_id": None}, "channel_id"),
        ({"kind": "film"}, "kind"),
        ({"content_id": "xyz"}, "content_id"),
        ({"mastery_model": {"type": "do_all"}}, "mastery_model"),
        ({"kind": "exercise"}, "mastery_model"),
        ({"kind": "exercise", "mastery_model": {"type": "magic"}}, "mastery_model.type"),
        ({"kind": "exercise", "mastery_model": {"m": 1}}, "mastery_model.type"),
        ({"kind": "exercise", "mastery_model": "do_all"}, "mastery_model"),
        ({"kind": "exercise", "mastery_model": {"type": "m_of_n"}}, "mastery_model.n"),
        ({"kind": "exercise", "mastery_model": {"type": "m_of_n", "m": 3}}, "mastery_model.n"),
        ({"kind": "exercise", "mastery_model": {"type": "m_of_n", "m": 1.5, "n": 2}}, "mastery_model.m"),
        ({"repeat": "maybe"}, "repeat"),
        ({"quiz_id": new_id()}, "node_id"),
        ({"quiz_id": new_id(), "node_id": None, "lesson_id": new_id()}, "lesson_id"),
        ({"lesson_id": new_id(), "course_session_id": new_id()}, "course_session_id"),
    ],
)
async def test_a_wrong_field_is_named(api: Api, learner: Person, change: dict, field: str) -> None:
    refused = await api.start(learner, 400, **(video() | change))

    assert field in refused["errors"]
    assert refused["errors"][field][0]


async def test_ids_are_taken_with_dashes_and_returned_without(api: Api, learner: Person) -> None:
    node = "2F0B625F-06b5-5a2c-834e-b6cc3985755b"

    started = await api.start(learner, **video(node_id=node))

    assert started["context"]["node_id"] == "2f0b625f06b55a2c834eb6cc3985755b"
    assert started["session_id"] == started["session_id"].lower()
    assert len(started["session_id"]) == 32


async def test_null_is_left_out_and_unknown_fields_are_ignored(api: Api, learner: Person) -> None:
    started = await api.start(
        learner, **video(lesson_id=None, quiz_id=None, mastery_model=None, repeat=None, something="else")
    )

    assert started["progress"] == 0


async def test_the_aliases_and_a_trailing_slash_do_not_matter(api: Api, learner: Person) -> None:
    for path in ("trackprogress", "trackprogress/", "contentsession/"):
        started = await api.answer("POST", f"/api/logger/{path}", learner, json=video())
        put = f"/api/logger/{path.rstrip('/')}/{started['session_id']}"
        assert await api.answer("PUT", put + "/", learner, json={"progress": 1}) == {"complete": True}
    total = await api.answer("GET", f"/api/logger/userprogress/{learner.id}/", learner)
    assert total == {"id": learner.id, "progress": 3}


async def test_a_learner_is_resumed_where_they_left_off(api: Api, learner: Person) -> None:
    body = video()
    first = await api.start(learner, **body)
    await api.update(learner, first, progress_delta=0.3, time_spent_delta=10.5, extra_fields={"at": 12})

    again = await api.start(learner, **body)

    assert (again["progress"], again["time_spent"], again["extra_fields"]) == (0.3, 10.5, {"at": 12})
    assert again["session_id"] != first["session_id"]


async def test_there_is_one_summary_per_learner_and_content(api: Api, learner: Person) -> None:
    body = video()
    await api.start(learner, **body)
    await api.start(learner, **body | {"node_id": new_id(), "channel_id": new_id()})
    last = body | {"channel_id": new_id()}
    session = await api.start(learner, **last)

    summaries = await api.db.find("content_summaries", {"user_id": learner.id})

    assert [summary["channel_id"] for summary in summaries] == [last["channel_id"]]
    stored = await api.db.find_one("content_sessions", {"_id": session["session_id"]})
    assert summaries[0]["end_timestamp"] == stored["start_timestamp"]


async def test_repeat_sets_progress_to_zero_and_nothing_else(api: Api, learner: Person) -> None:
    body = video()
    session = await api.start(learner, **body)
    await api.update(learner, session, progress=1, time_spent_delta=7, extra_fields={"a": 1})

    again = await api.start(learner, **body, repeat=True)

    assert (again["progress"], again["complete"], again["time_spent"], again["extra_fields"]) == (
        0.0,
        False,
        7.0,
        {"a": 1},
    )


async def test_an_exercise_starts_a_try(api: Api, learner: Person) -> None:
    started = await api.start(
        learner, **exercise({"type": "m_of_n", "m": 3, "n": 5, "coach_assigned": True, "more": 1})
    )

    assert started["mastery_criterion"] == {"type": "m_of_n", "m": 3, "n": 5}
    assert (started["context"]["mastery_level"], started["pastattempts"], started["totalattempts"]) == (1, [], 0)


async def test_an_unfinished_try_is_resumed_even_with_repeat(api: Api, learner: Person) -> None:
    body = exercise()
    session = await api.start(learner, **body)
    await api.update(learner, session, progress=0.5, time_spent_delta=4, interactions=[right("q1")])

    again = await api.start(learner, **body, repeat=True)

    assert (again["context"]["mastery_level"], again["totalattempts"], again["time_spent"], again["progress"]) == (
        1,
        1,
        4.0,
        0.0,
    )


async def test_a_finished_try_is_shown_unless_repeat_asks_for_a_new_one(api: Api, learner: Person) -> None:
    body = exercise()
    await api.update(learner, await api.start(learner, **body), progress=1, interactions=[right("q1")])

    shown = await api.start(learner, **body)
    new = await api.start(learner, **body, repeat=True)
    resumed = await api.start(learner, **body)

    assert (shown["complete"], shown["context"]["mastery_level"], shown["totalattempts"]) == (True, 1, 1)
    assert (new["complete"], new["context"]["mastery_level"], new["totalattempts"]) == (False, 2, 0)
    assert resumed["context"]["mastery_level"] == 2


async def test_a_new_level_is_the_highest_plus_one_whichever_try_is_the_latest(api: Api, learner: Person) -> None:
    body = exercise(repeat=True)
    sessions = []
    for _ in range(3):
        sessions.append(await api.start(learner, **body))
        await api.update(learner, sessions[-1], progress=1)
    await api.update(learner, sessions[0], time_spent_delta=1)  # the first try ends last

    assert (await api.start(learner, **body))["context"]["mastery_level"] == 4


async def test_the_criterion_of_a_try_never_changes(api: Api, learner: Person) -> None:
    body = exercise({"type": "num_correct_in_a_row_2"})
    session = await api.start(learner, **body)
    await api.update(learner, session, interactions=[right(f"q{n}") for n in range(4)])

    again = await api.start(learner, **body | {"mastery_model": {"type": "do_all"}})

    assert again["mastery_criterion"] == {"type": "num_correct_in_a_row_2"}
    assert len(again["pastattempts"]) == 2


async def test_exercise_and_quiz_tries_of_a_content_do_not_mix(api: Api, learner: Person) -> None:
    body = exercise()
    await api.update(learner, await api.start(learner, **body), interactions=[right("q1")])

    quiz = await api.start(learner, **body | {"mastery_model": {"type": "quiz"}})

    assert quiz["context"]["mastery_level"] < 0
    assert quiz["totalattempts"] == 0
    assert (await api.start(learner, **body))["totalattempts"] == 1


async def test_a_practice_quiz_may_be_gone_on_with_after_its_end(api: Api, learner: Person) -> None:
    body = exercise({"type": "quiz"})
    session = await api.start(learner, **body)
    await api.update(learner, session, progress=1)

    assert (await api.start(learner, **body))["complete"] is True
    await api.update(learner, session, interactions=[right("q1")])


@pytest.mark.parametrize(
    ("model", "shown"),
    [
        ({"type": "m_of_n", "m": 1, "n": 3}, 3),
        ({"type": "num_correct_in_a_row_5"}, 5),
        ({"type": "do_all"}, 10),
        ({"type": "skill_check"}, 10),
        ({"type": "quiz"}, 12),
        ({"type": "pre_post_test"}, 12),
    ],
)
async def test_past_attempts_are_the_newest_first(api: Api, learner: Person, model: dict, shown: int) -> None:
    body = exercise(model)
    session = await api.start(learner, **body)
    # Longer ago means earlier, whatever the order in which they came.
    sent = [wrong(f"q{n}", time_spent=float((n * 5) % 12)) for n in range(12)]
    await api.update(learner, session, interactions=sent)

    past = (await api.start(learner, **body))["pastattempts"]

    expected = sorted(sent, key=lambda one: one["time_spent"])[:shown]
    assert [one["item"] for one in past] == [one["item"] for one in expected]
    assert set(past[0]) == {"id", "correct", "complete", "hinted", "error", "item", "answer", "time_spent"}


async def test_of_attempts_that_started_together_the_first_recorded_is_first(api: Api, learner: Person) -> None:
    body = exercise({"type": "do_all"})
    session = await api.start(learner, **body)
    await api.update(learner, session, interactions=[right(f"q{n}") for n in range(4)])

    past = (await api.start(learner, **body))["pastattempts"]

    assert [one["item"] for one in past] == ["q0", "q1", "q2", "q3"]


async def test_of_an_anonymous_visit_nothing_but_a_session_is_stored(api: Api) -> None:
    body = exercise()
    visitor = new_id()
    session = await api.answer(
        "POST", "/api/logger/contentsession", ANONYMOUS, json=body, headers={"Cookie": f"visitor_id={visitor}"}
    )
    await api.update(ANONYMOUS, session, progress=0.5, interactions=[right("q1")])

    assert (session["progress"], session["pastattempts"], session["totalattempts"], session["context"]) == (
        0,
        [],
        0,
        {"node_id": body["node_id"]},
    )
    stored = await api.db.find_one("content_sessions", {"_id": session["session_id"]})
    assert (stored["user_id"], stored["visitor_id"], stored["attempt_count"]) == (None, visitor, 1)
    for collection in ("content_summaries", "mastery_logs"):
        assert await api.db.find(collection, {"content_id": body["content_id"]}) == []


async def test_a_visitor_id_that_is_no_uuid_is_not_kept(api: Api) -> None:
    session = await api.answer(
        "POST", "/api/logger/contentsession", ANONYMOUS, json=video(), headers={"Cookie": "visitor_id=somebody"}
    )

    stored = await api.db.find_one("content_sessions", {"_id": session["session_id"]})
    assert stored["visitor_id"] is None
