"""A start or an update that is answered straight is answered as by the framework, whatever it is sent with."""

import re
from collections.abc import Sequence

import msgspec
import pytest
from httpx import Response
from litestar.types import Receive, Scope, Send

from learntrack.app import create_app
from learntrack.settings import Settings
from learntrack.tracking.straight import Straight, StraightStart, StraightUpdate
from learntrack.web.bodies import JsonRequest
from tests.support import Api, Person, exercise, new_id, video

pytestmark = pytest.mark.engines("mongomock")  # no engine decides it

_TEXT = {"content-type": "text/plain"}


@pytest.fixture
def learner() -> Person:
    return Person(new_id())


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which way each request was answered: the framework's where a header of it says so."""
    ways: list[str] = []
    straight = Straight.__call__

    async def called(self: Straight, scope: Scope, receive: Receive, send: Send) -> None:
        ways.append("straight")
        framework = self._app

        async def handed_on(scope: Scope, receive: Receive, send: Send) -> None:
            ways[-1] = "framework"
            await framework(scope, receive, send)

        if dict(scope["headers"]).get(b"x-way") == b"framework":
            await handed_on(scope, receive, send)
        else:
            await straight(type(self)(handed_on), scope, receive, send)

    monkeypatch.setattr(Straight, "__call__", called)
    return ways


ODD: Sequence[tuple[bytes, dict[str, str]]] = [
    (b'{"progress_delta": 0.1, "time_spent_delta": 5}', {}),
    (b"", {}),
    (b'{"progress": 2}', {}),
    (b'{"interactions": [{"item": "q"}]}', {}),
    (b'{"interactions": [{"item": "q", "correct": 1, "time_spent": 1, "answer": {}, "id": "%s"}]}' % (b"0" * 32), {}),
    (b"{", {}),
    (b"[]", _TEXT),
    (b"\xff", _TEXT),
    (b'{"extra_fields": {"a": "%s"}}' % (b"x" * 20_000), {}),
    (b'{"extra_fields": {"a": "%s"}}' % (b"x" * 6_000_000), {}),
    (b"{}", {"content-encoding": "gzip"}),
    (b"{}", {"idempotency-key": "k" * 256}),
    (b"{}", {"idempotency-key": ""}),
    (b"{}", {"idempotency-key": "a b"}),
    (b"{}", {"accept": "text/html", "cookie": "visitor_id=x"}),
    (b"{}", {"authorization": "Bearer x"}),
    (b"{}", {"authorization": ""}),
]


@pytest.mark.parametrize("path", ["contentsession", "trackprogress"])
@pytest.mark.parametrize(("body", "headers"), ODD)
async def test_both_ways_answer_alike(
    api: Api, learner: Person, taken: list[str], path: str, body: bytes, headers: dict[str, str]
) -> None:
    answers = []
    for way in ("straight", "framework"):
        session = (await api.start(learner, **exercise()))["session_id"]
        answers.append(await sent(api, learner, f"{path}/{session}?odd=1", body, headers | {"x-way": way}))
    assert told(answers[0]) == told(answers[1])
    if "authorization" not in headers:
        is_odd = "idempotency-key" in headers
        assert taken[1::2] == ["framework" if is_odd else "straight", "framework"]


_VIDEO = msgspec.json.encode(video())
_EXERCISE = msgspec.json.encode(exercise())

ODD_STARTS: Sequence[tuple[bytes, dict[str, str], bool]] = [
    (_VIDEO, {}, True),
    (_EXERCISE, {}, True),
    (_EXERCISE, {"x-anonymous": "yes"}, True),
    (_EXERCISE, {"x-anonymous": "yes", "cookie": "a=b"}, False),
    (_EXERCISE, {"x-anonymous": "yes", "cookie": f"visitor_id={new_id()}"}, False),
    (_EXERCISE, {"cookie": "visitor_id=x; visitor_id=y"}, False),
    (_EXERCISE, {"idempotency-key": "a b"}, False),
    (_VIDEO.replace(b"video", b"film"), {}, True),
    (_VIDEO.replace(b"{", b'{"quiz_id": "x", ', 1), {}, True),
    (b"", {}, True),
    (b"{", {}, True),
    (b'{"a": "%s"}' % (b"x" * 6_000_000), {}, True),
    (_VIDEO, {"content-encoding": "gzip"}, True),
]


@pytest.mark.parametrize("path", ["contentsession", "trackprogress"])
@pytest.mark.parametrize(("body", "headers", "usual"), ODD_STARTS)
async def test_both_ways_start_alike(
    api: Api, taken: list[str], path: str, body: bytes, headers: dict[str, str], usual: bool
) -> None:
    answers = [
        await sent(api, Person(new_id()), path, body, headers | {"x-way": way}, method="POST")
        for way in ("straight", "framework")
    ]
    assert told(answers[0]) == told(answers[1])
    started = [answer.json()["session_id"] for answer in answers if answer.status_code == 200]
    visitors = [(await api.db.find_one("content_sessions", {"_id": each}))["visitor_id"] for each in started]
    assert visitors[:1] == visitors[1:]
    assert taken == ["straight" if usual else "framework", "framework"]


async def test_a_start_is_known_again_by_its_key_whichever_way_it_comes(
    api: Api, learner: Person, taken: list[str]
) -> None:
    key = {"idempotency-key": new_id()}
    first, again, by_framework = [
        await sent(api, learner, "contentsession", _EXERCISE, key | {"x-way": way}, method="POST")
        for way in ("straight", "straight", "framework")
    ]
    assert first.headers.get("idempotent-replayed") is None
    assert again.headers["idempotent-replayed"] == "true"
    assert told(again) == told(by_framework)
    assert first.content == again.content


async def test_several_keys_are_the_frameworks_to_judge(api: Api, learner: Person, taken: list[str]) -> None:
    headers = [*learner.headers.items(), ("idempotency-key", new_id()), ("idempotency-key", new_id())]
    for method, path in (("POST", "contentsession"), ("PUT", f"contentsession/{new_id()}")):
        await api.client.request(method, f"/api/logger/{path}", content=_EXERCISE, headers=headers)
    assert taken == ["framework", "framework"]


@pytest.mark.parametrize("session", [new_id(), "x", "%00", "a%20b"])
async def test_what_is_no_session_is_told_alike(api: Api, learner: Person, taken: list[str], session: str) -> None:
    answers = [
        await sent(api, learner, f"contentsession/{session}", b"{}", {"x-way": way})
        for way in ("straight", "framework")
    ]
    assert answers[0].status_code == 404
    assert told(answers[0]) == told(answers[1])


async def test_a_key_is_kept_by_one_way_and_known_by_the_other(api: Api, learner: Person, taken: list[str]) -> None:
    session, key = (await api.start(learner, **exercise()))["session_id"], {"idempotency-key": new_id()}
    body = b'{"time_spent_delta": 5, "interactions": [{"item": "q", "correct": 1, "time_spent": 1, "answer": {}}]}'
    first = await sent(api, learner, f"contentsession/{session}", body, key)
    again = await sent(api, learner, f"contentsession/{session}", body, key)
    by_framework = await sent(api, learner, f"contentsession/{session}", body, key | {"x-way": "framework"})

    assert first.headers.get("idempotent-replayed") is None
    assert told(again) == told(by_framework)
    assert again.headers["idempotent-replayed"] == "true"
    assert first.content == again.content
    assert (await api.db.find_one("mastery_logs", {"user_id": learner.id}))["time_spent"] == 5
    other = await sent(api, learner, f"contentsession/{session}", b"{}", key)
    assert other.status_code == 422
    assert taken[1:] == ["straight", "straight", "framework", "straight"]


def test_the_route_declares_nothing_that_is_not_heeded() -> None:
    """A guard would let everybody through."""
    app = create_app(Settings(jwt_secret="for this test only"))
    handlers = [each for route in app.routes for each in getattr(route, "route_handlers", ())]
    straight = [each for each in handlers if {StraightStart, StraightUpdate} & set(each.middleware or ())]
    assert {handler.operation_id for handler in straight} == {
        "start_session",
        "kolibri_start_session",
        "update_session",
        "kolibri_update_session",
    }
    for handler in straight:
        assert not handler.resolve_guards()
        assert handler.resolve_before_request() is handler.resolve_after_response() is None
        assert not handler.resolve_response_headers()
        assert not handler.resolve_response_cookies()
        assert not handler.cache
        assert all(layer.after_request is None for layer in handler.ownership_layers)
        assert handler.resolve_request_class() is JsonRequest
        assert handler.status_code == 200
        own = "session_id" if StraightUpdate in (handler.middleware or ()) else "visitor_id"
        taken = {own, "data", "request", "tracking", "idempotency_key"}
        assert handler.parsed_fn_signature.parameters.keys() == taken


async def sent(api: Api, by: Person, path: str, body: bytes, headers: dict[str, str], method: str = "PUT") -> Response:
    own = {} if "x-anonymous" in headers else {name.lower(): value for name, value in by.headers.items()}
    return await api.client.request(method, f"/api/logger/{path}", content=body, headers=own | headers)


def told(answer: Response) -> tuple[int, bytes, list[tuple[str, str]]]:
    """What an answer says, but for its request's id, and for the id of what it started."""
    content = re.sub(rb'"session_id":"[0-9a-f]{32}"', b'"session_id":""', answer.content)
    return answer.status_code, content, [each for each in answer.headers.items() if each[0] != "x-request-id"]
