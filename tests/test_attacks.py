"""What an attacker would try: no leak, no 5xx, nothing stored."""

from typing import Any

import pytest

from learntrack.domain import moments
from tests.support import (
    ANONYMOUS,
    ROOT,
    Api,
    Person,
    School,
    exercise,
    new_id,
    right,
    video,
    wrong,
)
from tests.wire import Wire

pytestmark = pytest.mark.engines("embedded", "mongoeco")

READS = (
    "/api/logger/masterylog",
    "/api/logger/attemptlog",
    "/api/logger/masterylog/0/diff",
    "/api/reports/time-on-task",
)


async def test_other_peoples_ids_open_nothing(school: School) -> None:
    api, victim, thief = school.api, await school.learner(), await school.learner()
    session = await api.start(victim, **exercise())
    done = await api.update(victim, session, time_spent_delta=3, interactions=[right("private item")])
    [tried] = await api.tries(victim)
    before = await api.stored()
    content = (await api.db.find("mastery_logs", {"_id": tried["id"]}))[0]["content_id"]

    for path in READS:
        for params in (
            {"user": victim.id},
            {"content": content},
            {"masterylog": tried["id"]},
            {"classroom": school.places["A1"]},
            {},
        ):
            answer = await api.send("GET", path, thief, params={"content": content, "user": victim.id, **params})
            assert "private item" not in answer.text
            assert tried["id"] not in answer.text
            assert answer.status_code in (200, 403, 404)
    await api.update(thief, session, expect=404, time_spent_delta=1)
    mine = await api.start(thief, **exercise())
    stolen = right("x", id=done["attempts"][0]["id"])
    await api.update(thief, mine, expect=400, interactions=[stolen])
    await api.answer("GET", f"/api/logger/totalcontentprogress/{victim.id}", thief, expect=403)
    after = await api.stored()
    assert [row for row in after["mastery_logs"] if row["user_id"] == victim.id] == [
        row for row in before["mastery_logs"] if row["user_id"] == victim.id
    ]


async def test_anothers_session_and_none_are_answered_alike_also_in_work(wire: Wire, wired: Api) -> None:
    """The database is asked the same, so that how long it takes tells nothing either."""
    victim, thief = Person(new_id()), Person(new_id())
    theirs = (await wired.start(victim, **exercise()))["session_id"]
    mine = (await wired.start(thief, **exercise()))["session_id"]
    asked = []

    for session in (mine, theirs, new_id()):
        wire.seen.clear()
        answer = await wired.send("PUT", f"/api/logger/contentsession/{session}", thief, json={"time_spent_delta": 1})
        asked.append((answer.status_code, answer.json(), [shape(each, session) for each in wire.seen]))

    own, anothers, none = asked
    assert own[0] == 200
    assert anothers[0] == 404
    assert anothers[2] != []
    assert anothers == none


# What differs with every command that is sent.
_OWN = {"lsid", "txnNumber", "$clusterTime", "maxTimeMS", "operationTime", "autocommit"}


def shape(command: dict[str, Any], session: str) -> str:
    """A command without what differs between two of the same kind."""
    return repr({name: value for name, value in command.items() if name not in _OWN}).replace(session, "a session")


OPERATORS = ("[$ne]=", "[$gt]=", "[$where]=1", "[]=x")
INJECTED = (
    '{"$ne": null}',
    "$ne",
    "'; return true; //",
    "*",
    ".*",
    "null",
    "%00",
    "../../etc/passwd",
    "\u202e",
    "{{7*7}}",
    "' OR 1=1 --",
)


@pytest.mark.parametrize("path", READS)
async def test_no_parameter_is_an_operator(school: School, path: str) -> None:
    api, victim, thief = school.api, await school.learner(), await school.learner()
    session = await api.start(victim, **exercise())
    await api.update(victim, session, interactions=[wrong("private item")])
    names = (
        "user",
        "content",
        "masterylog",
        "item",
        "complete",
        "quiz",
        "mastery_level",
        "facility",
        "classroom",
        "learner_group",
        "page",
        "page_size",
    )
    for name in names:
        for value in INJECTED:
            answer = await api.send("GET", path, thief, params={name: value})
            assert answer.status_code in (200, 400, 403, 404), (name, value, answer.text)
            assert "private item" not in answer.text
        for suffix in OPERATORS:
            answer = await api.send("GET", f"{path}?{name}{suffix}", thief)
            assert answer.status_code in (200, 400, 403, 404), (name, suffix)
            assert "private item" not in answer.text


async def test_operators_in_bodies_are_values(school: School) -> None:
    api, learner = school.api, await school.learner()
    odd = {"$where": "sleep(1000)", "a.b": {"$set": {"x": 1}}, "": {"": 1}, "__proto__": {"x": 1}, "$": None}
    for body in (
        exercise(content_id={"$ne": None}),
        exercise(node_id=["x"]),
        video(kind={"$gt": ""}),
        video(mastery_model={"type": {"$ne": 1}}),
    ):
        await api.start(learner, expect=400, **body)
    session = await api.start(learner, **exercise())
    await api.update(learner, session, extra_fields=odd, interactions=[right("q", answer=odd)])
    again = await api.start(
        learner,
        **exercise(
            content_id=(await api.db.find_one("content_sessions", {"_id": session["session_id"]}))["content_id"]
        ),
    )  # type: ignore[index]
    assert again["extra_fields"] == odd
    assert again["pastattempts"][0]["answer"] == odd
    await api.update(learner, session, extra_fields={"a\0b": 1})  # kept as U+FFFD: no engine has such keys
    await api.update(learner, session, interactions=[right("q", answer={"deep": {"a\0": 1}})])
    await api.update(learner, session, expect=400, interactions=[right("q", id={"$ne": None})])
    for path in ("/api/logger/contentsession/%7B%22$ne%22:null%7D", "/api/logger/contentsession/..%2f..%2froster"):
        assert (await api.send("PUT", path, learner, json={"time_spent_delta": 1})).status_code in (404, 405)


async def test_oversize_and_deep_bodies_and_path_tricks(school: School) -> None:
    api, learner = school.api, await school.learner()
    before = await api.stored()
    deep = b'{"extra_fields": ' + b'{"a":' * 5000 + b"1" + b"}" * 5001
    for body, statuses in (
        (b"[" * 100_000, (400,)),
        (deep, (400,)),
        (b'{"extra_fields": {"x": "' + b"x" * 6_000_000 + b'"}}', (413,)),
        (b"\xff\xfe\x00", (400,)),
        (b'{"progress": NaN}', (400,)),
        (b'{"progress": 1e999}', (400,)),
        (b'{"time_spent_delta": 1' + b"0" * 400 + b"}", (400,)),
    ):
        for path in ("/api/logger/contentsession", f"/api/logger/contentsession/{new_id()}"):
            method = "POST" if path.endswith("contentsession") else "PUT"
            answer = await api.send(method, path, learner, content=body, headers={"Content-Type": "application/json"})
            assert answer.status_code in statuses, (body[:30], answer.status_code, answer.text[:200])
            assert "Traceback" not in answer.text
    for path in (
        *(
            "/schema-assets/../../etc/passwd",
            "/schema-assets/%2e%2e/%2e%2e/etc/passwd",
            "/reports/static/..%2f..%2fapp.py",
        ),
        *("//etc/passwd", "/api//roster", "/api/roster/users%00", "/reports/static/%2e%2e/controller.py"),
    ):
        answer = await api.send("GET", path, learner)
        assert answer.status_code in (400, 403, 404, 405), path
        assert "root:" not in answer.text
        assert "import" not in answer.text
    assert await api.stored() == before


async def test_nobody_makes_up_an_identity_whose_keys_are_a_learners(school: School) -> None:
    api, learner = school.api, await school.learner()
    assert learner.id is not None
    body, path = video(), "/api/logger/contentsession"

    async def start(by: Person, key: str) -> Any:
        cookie = {} if by.id else {"Cookie": f"visitor_id={learner.id}"}
        return await api.send("POST", path, by, json=body, headers={"Idempotency-Key": key, **cookie})

    async def queued(by: Person, key: str) -> Any:
        item = {"key": key, "occurred_at": moments.now().isoformat(), "session_id": learner.id, "start": body}
        answer = await api.send("POST", f"{path}/batch", by, json={"items": [item]})
        return answer.json()["results"][0]

    mine = (await start(learner, "mine")).json()["session_id"]
    stolen = await start(ANONYMOUS, "mine")
    assert stolen.status_code == 200
    assert stolen.json()["session_id"] != mine

    planted = (await start(ANONYMOUS, "planted")).json()["session_id"]
    recorded = await start(learner, "planted")
    assert "idempotent-replayed" not in recorded.headers
    assert recorded.json()["session_id"] != planted

    assert (await queued(ANONYMOUS, "queued"))["status"] == 200
    recorded = await api.send(
        "PUT", f"{path}/{mine}", learner, json={"time_spent_delta": 1}, headers={"Idempotency-Key": "queued"}
    )
    assert recorded.status_code == 200
    assert "idempotent-replayed" not in recorded.headers


async def test_a_quiz_has_no_back_door(school: School) -> None:
    """A node session on content = quiz id, kind exercise, mastery_model quiz."""
    api, learner = school.api, await school.learner()
    quiz = await school.quiz()
    back_door = exercise({"type": "quiz"}, content_id=quiz)

    planted = await api.start(learner, **back_door)
    real = await api.start(learner, quiz_id=quiz)
    assert real["context"]["mastery_level"] != planted["context"]["mastery_level"]
    assert real["mastery_criterion"] == {"type": "quiz", "coach_assigned": True}
    assert real["pastattempts"] == []
    await api.update(learner, real, time_spent_delta=3, interactions=[wrong("q1")])
    await api.roster(ROOT, quizzes=[{"id": quiz, "title": "closed", "active": False}])

    again = await api.start(learner, **back_door)
    assert again["context"]["mastery_level"] == planted["context"]["mastery_level"]
    assert again["pastattempts"] == []
    for session in (planted, again):
        await api.update(learner, session, time_spent_delta=5, interactions=[right("q1", replace=True)])
    given = await api.db.find_one("mastery_logs", {"content_id": quiz, "mastery_criterion.coach_assigned": True})
    assert given is not None
    assert (given["time_spent"], given["complete"]) == (3, False)
    assert [attempt["correct"] for attempt in given["attempts"]] == [0]

    await api.roster(ROOT, quizzes=[{"id": quiz, "title": "open", "active": True}])
    await api.update(learner, real, progress=1)
    await api.update(learner, real, expect=403, time_spent_delta=1)
    await api.start(learner, expect=403, quiz_id=quiz)
    for session in (planted, again, await api.start(learner, **back_door, repeat=True)):
        await api.update(learner, session, time_spent_delta=5, interactions=[right("q1", replace=True)])
    handed_in = await api.db.find_one("mastery_logs", {"_id": given["_id"]})
    assert handed_in is not None
    assert [attempt["correct"] for attempt in handed_in["attempts"]] == [0]
    assert (handed_in["time_spent"], handed_in["complete"]) == (3, True)


async def test_a_session_that_came_to_a_coachs_quiz_by_a_back_door_is_closed(school: School) -> None:
    """Release 0.1 let node sessions go on with a coach-assigned try; such sessions may be stored."""
    api, learner = school.api, await school.learner()
    real = await api.start(learner, quiz_id=await school.quiz())
    await api.db.collection("content_sessions").update_one(
        {"_id": real["session_id"]}, {"$unset": {"context.quiz_id": 1}, "$set": {"context.node_id": new_id()}}
    )
    await api.update(learner, real, expect=403, interactions=[right("q1")])
