"""`answer` and `extra_fields` come back equal to what was sent, from every door of the API, on every engine."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.api.test_batch import item
from tests.examples import usually
from tests.pages.opening import page
from tests.support import ROOT, Api, Person, School, exercise, new_id, video

MARK = "\uff04"
DOLLARS = (
    *("$ref", "$id", "$db", "$oid", "$date", "$numberLong", "$numberDouble", "$numberInt", "$numberDecimal", "$binary"),
    *("$uuid", "$undefined", "$minKey", "$maxKey", "$regex", "$options", "$regularExpression", "$timestamp", "$symbol"),
    *("$code", "$scope", "$dbPointer", "$type", "$literal", "$where", "$set", "$expr", "$$ROOT", "$", "$.x"),
)
KEYS = st.one_of(
    st.sampled_from(DOLLARS),
    st.sampled_from(
        [MARK, MARK * 2, f"{MARK}ref", f"${MARK}", f"{MARK}$ref", "a.b", ".", "", "0", "_id", "__proto__", "é"]
    ),
    st.text(max_size=5).map(lambda text: text.replace("\0", "")),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    KEYS,
    st.sampled_from(["507f1f77bcf86cd799439011", "2026-01-01T00:00:00Z", "1", "AAAA", "$x", "$$ROOT.x", "\0"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=8,
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=4)
EXAMPLES: list[dict[str, Any]] = [
    {"$ref": "x", "$id": 1},
    {"a": {"$ref": "x", "$id": "y", "$db": "z"}},
    {"a": [{"$date": "2026-01-01T00:00:00Z"}, {"$oid": "507f1f77bcf86cd799439011"}, {"$numberLong": "1"}]},
    {"$undefined": True, "b": {"$binary": {"base64": "AAAA", "subType": "00"}}, "c": {"$uuid": "x"}},
    {"$": {f"${MARK}": {MARK: 1, f"{MARK}$": 2}}, "a.b": {"": -0.0}},
]


def equal(mine: Any, sent: Any) -> bool:
    """Equal, and true is no 1."""
    return json.dumps(mine, sort_keys=True) == json.dumps(sent, sort_keys=True)


async def put(api: Api, method: str, path: str, by: Person, body: Any) -> Any:
    """What a request is answered; a body as JavaScript would write it."""
    headers = {"Content-Type": "application/json"}
    return await api.answer(method, path, by, content=json.dumps(body).encode(), headers=headers)


class Learner:
    """A learner who sends JSON of any kind, and everything that may be asked about it."""

    def __init__(self, school: School, by: Person) -> None:
        self.school, self.api, self.by = school, school.api, by

    async def check(self, first: dict[str, Any], second: dict[str, Any], extra: dict[str, Any]) -> None:
        """Send all of it and ask for it in every way."""
        api, by, content = self.api, self.by, exercise({"type": "do_all"})
        started = await api.start(by, **content)
        sent = [
            {"item": "a", "correct": 0, "time_spent": 2, "answer": first, "hinted": True},
            {"item": "a", "correct": 1, "time_spent": 1, "answer": second, "replace": True},
        ]
        path = f"/api/logger/contentsession/{started['session_id']}"
        updated = await put(api, "PUT", path, by, {"extra_fields": extra, "interactions": sent})
        assert equal(updated["attempts"][0]["answer"], second)
        resumed = await api.start(by, **content)
        assert equal(resumed["extra_fields"], extra)
        assert equal(resumed["pastattempts"][0]["answer"], second)
        histories = [{"type": "hint", "answer": first}, {"type": "answer", "answer": second, "correct": 1.0}]
        asked = {"content": content["content_id"], "user": by.id}
        for row in (
            *await api.attempts(by, **asked),
            *(await api.attempts(by, **asked, page_size=5))["results"],
            *await api.attempts(by, **asked, item="a"),
            *(await api.diff(by, 0, **asked))["attemptlogs"],
        ):
            assert equal(row["answer"], second)
            assert equal(row["interaction_history"], histories)

    async def check_offline(self, answer: dict[str, Any], extra: dict[str, Any]) -> None:
        """Send it in a batch, twice, and export it."""
        api, by, content, session = self.api, self.by, exercise({"type": "quiz"}), new_id()
        step = {"item": "b", "correct": 1, "time_spent": 1, "answer": answer}
        items = [
            item(session, start=content),
            item(session, update={"interactions": [step], "extra_fields": extra}),
            item(new_id(), start=content),
        ]
        for _ in range(2):
            results = (await put(api, "POST", "/api/logger/contentsession/batch", by, {"items": items}))["results"]
            assert [result["status"] for result in results] == [200] * 3
            assert equal(results[1]["body"]["attempts"][0]["answer"], answer)
            assert equal(results[2]["body"]["pastattempts"][0]["answer"], answer)
            assert equal(results[2]["body"]["extra_fields"], extra)
        lines = (await api.send("GET", f"/api/logger/export/{by.id}", by)).text.strip().split("\n")
        stored = [row["document"] for row in map(json.loads, lines)]
        [summary] = [row for row in stored if row.get("content_id") == content["content_id"] and "extra_fields" in row]
        [attempt] = [each for row in stored for each in row.get("attempts", []) if each["session_id"] == session]
        assert equal(summary["extra_fields"], extra)
        assert equal(attempt["answer"], answer)
        assert equal(attempt["interaction_history"][0]["answer"], answer)

    async def check_what_others_see(self) -> None:
        """Everything about the class still answers: lists, reports, exports, pages."""
        api, room = self.api, self.school.places["A1"]
        await api.attempts(ROOT, classroom=room)
        for path in ("/api/reports/item-analysis", "/api/reports/progress", "/api/reports/export/summaries"):
            answer = await api.send("GET", path, ROOT, params={"classroom": room, "format": "csv"})
            assert answer.status_code in (200, 404), answer.text
        await page(api, f"/class/{room}/learner/{self.by.id}", ROOT)
        await page(api, f"/class/{room}", ROOT)


async def test_any_json_comes_back_as_it_was_sent(api: Api, school: School) -> None:
    loop = asyncio.get_running_loop()
    learner = Learner(school, await school.learner())

    def call(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(60)

    @settings(
        max_examples=usually(15 if api.engine == "embedded" else 5, thoroughly=100),
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )
    @given(OBJECTS, OBJECTS, OBJECTS)
    def run(first: dict[str, Any], second: dict[str, Any], extra: dict[str, Any]) -> None:
        call(learner.check(first, second, extra))
        call(learner.check_offline(second, extra))

    await asyncio.to_thread(run)


@pytest.mark.secantusd_py
@pytest.mark.parametrize("value", EXAMPLES, ids=json.dumps)
async def test_what_a_driver_or_an_engine_takes_for_something_else_is_only_json(
    school: School, value: dict[str, Any]
) -> None:
    """`$ref` beside `$id` made every list a 500 that contained it; the embedded engine changed `$date` and others."""
    learner = Learner(school, await school.learner())

    await learner.check(value, {"v": [value]}, value)
    await learner.check_offline(value, value)
    if school.api.engine != "mongomock":  # which has not all that reports and pages ask for
        await learner.check_what_others_see()


async def test_what_was_stored_before_keys_were_changed_is_no_error(school: School) -> None:
    """Releases before stored `$ref` and `$id` as they were, of which the driver makes references."""
    api, learner = school.api, await school.learner()
    content = exercise()
    started = await api.start(learner, **content)
    step = {"item": "a", "correct": 1, "time_spent": 1, "answer": {"v": 1}}
    await api.update(learner, started, extra_fields={"v": 1}, interactions=[step])
    old = {"$ref": "x", "$id": 1}
    attempt = {"attempts.0.answer": old, "attempts.0.interaction_history.0.answer": old}
    try:
        await api.db.raw["mastery_logs"].update_one({"user_id": learner.id}, {"$set": attempt})
        await api.db.raw["content_summaries"].update_one({"user_id": learner.id}, {"$set": {"extra_fields": old}})
    except Exception as error:
        pytest.skip(f"this engine stores no such keys: {error}")

    again = await api.start(learner, **content)
    await api.update(learner, again, time_spent_delta=1, interactions=[{**step, "item": "b"}])
    rows = await api.attempts(learner, content=content["content_id"])

    assert again["extra_fields"] == old
    assert {row["item"] for row in rows} == {"a", "b"}
    assert [row["answer"] for row in rows if row["item"] == "a"] == [old]
    assert (await api.send("GET", f"/api/logger/export/{learner.id}", learner)).status_code == 200
    await api.answer("DELETE", f"/api/roster/users/{learner.id}", ROOT)  # nothing that this release stores looks so


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'{"half": "\ud83d", "\ude00": 1}', {"half": "\ufffd", "\ufffd": 1}),
        (r'{"a\u0000b": {"\u0000": 1}}', {"a\ufffdb": {"\ufffd": 1}}),
        (
            '{"n": [100000000000000000000, 9223372036854775808, -9223372036854775809, 9223372036854775807]}',
            {"n": [1e20, 2.0**63, -(2.0**63), 2**63 - 1]},
        ),
        ('{"z": [-0, -0.0, 1e-320, 1.7e308], "\\u0000": "\\u0000"}', {"z": [0, -0.0, 1e-320, 1.7e308], "\ufffd": "\0"}),
        ("{" + '"a":{' * 89 + "}" * 90, None),
        ('{"a":' + "[" * 89 + "]" * 89 + "}", None),
    ],
)
async def test_json_that_javascript_makes_is_taken(school: School, text: str, value: Any) -> None:
    api, learner = school.api, await school.learner()
    content = video()
    started = await api.start(learner, **content)
    step = f'{{"item": "a", "correct": 1, "time_spent": 1, "answer": {text}}}'
    body = f'{{"extra_fields": {text}, "interactions": [{step}]}}'
    path = f"/api/logger/contentsession/{started['session_id']}"

    updated = await api.answer("PUT", path, learner, content=body.encode())

    value = json.loads(text) if value is None else value
    assert equal(updated["attempts"][0]["answer"], value)
    assert equal((await api.start(learner, **content))["extra_fields"], value)
    assert equal((await api.attempts(learner))[0]["interaction_history"][0]["answer"], value)


@pytest.mark.engines("mongomock")
@pytest.mark.parametrize("field", ["extra_fields", "interactions[0].answer"])
@pytest.mark.parametrize(
    ("text", "status"), [("[" * 90 + "]" * 90, 400), ("1e400", 400), ("NaN", 400), ("[" * 5000, 400)]
)
async def test_what_cannot_be_taken_names_its_field(school: School, field: str, text: str, status: int) -> None:
    api, learner = school.api, await school.learner()
    started = await api.start(learner, **video())
    value = f'{{"a": {text}}}'
    body = (
        f'{{"extra_fields": {value}}}'
        if field == "extra_fields"
        else f'{{"interactions": [{{"item": "a", "correct": 1, "time_spent": 1, "answer": {value}}}]}}'
    )

    answer = await api.send(
        "PUT", f"/api/logger/contentsession/{started['session_id']}", learner, content=body.encode()
    )

    assert answer.status_code == status
    assert list(answer.json()["errors"]) == ["body" if text in ("NaN", "[" * 5000) else field]


def as_read(value: Any) -> Any:
    """JSON as `JSON.parse` reads it, but for what the contract says is changed."""
    if isinstance(value, dict):
        return {as_read(key).replace("\0", "\ufffd"): as_read(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_read(inner) for inner in value]
    if isinstance(value, str):
        return "".join("\ufffd" if 0xD800 <= ord(each) < 0xE000 else each for each in value)
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node")
async def test_whatever_json_stringify_makes_comes_back(school: School) -> None:
    api, learner = school.api, await school.learner()
    script = str(Path(__file__).with_name("random_json.js"))
    node = await asyncio.create_subprocess_exec("node", script, "40", stdout=asyncio.subprocess.PIPE)
    made, _ = await node.communicate()
    content = video()
    started = await api.start(learner, **content)
    path = f"/api/logger/contentsession/{started['session_id']}"
    for text in made.decode().strip().split("\n"):
        step = f'[{{"item":"a","correct":true,"time_spent":1,"answer":{text},"replace":true}}]'
        body = f'{{"extra_fields":{text},"interactions":{step}}}'
        updated = await api.answer("PUT", path, learner, content=body.encode())
        resumed = await api.start(learner, **content)

        expected = as_read(json.loads(text))
        assert as_read(updated["attempts"][0]["answer"]) == expected, text
        assert as_read(resumed["extra_fields"]) == expected, text
    assert len(await api.attempts(learner)) == 1
