"""An attack of every kind against one started service, one after the other: `scripts/test tests/test_attack_suite.py`.

Each has its own tests, on every engine, where its rule lives; this is the whole as an attacker meets it.
"""

import json
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt
import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from tests.processes import Service, in_time, learntrack, processor_seconds
from tests.support import ANONYMOUS, ROOT, SECRET, Person, exercise, new_id, right, video, wrong

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

CONTENT, BATCH = "/api/logger/contentsession", "/api/logger/contentsession/batch"
ODD = {
    "$ref": "x",
    "$id": 1,
    "\uff04": {"$oid": "0" * 24},
    "a.b": [{"$date": 1}, {"$numberLong": "1"}, {"": {"$binary": "x"}}],
    "large": [1.5e300, -0.0, 2**63 - 1],
}


class Attacked:
    """The service, and who sends to it."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.http = httpx.Client(base_url=service.address, timeout=60, verify=False)
        self.statuses: set[int] = set()

    def send(self, method: str, path: str, by: Person = ANONYMOUS, **more: Any) -> httpx.Response:
        headers = by.headers | more.pop("headers", {})
        answer = self.http.request(method, path, headers=headers, **more)
        assert answer.status_code < 500 or answer.status_code == 503, (path, answer.text[:200])
        self.statuses.add(answer.status_code)
        return answer

    def start(self, by: Person, **body: Any) -> Any:
        return self.send("POST", CONTENT, by, json=body).json()

    def update(self, by: Person, session: Any, **body: Any) -> httpx.Response:
        return self.send("PUT", f"{CONTENT}/{session['session_id']}", by, json=body)

    def roster(self, **body: Any) -> None:
        assert self.send("PUT", "/api/roster", ROOT, json=body).status_code == 200

    def school(self) -> tuple[str, str, Person, Person]:
        """A facility, its class, a learner of it and its coach."""
        facility, room, learner, coach = new_id(), new_id(), Person(new_id()), Person(new_id())
        self.roster(
            facilities=[{"id": facility, "name": "F"}],
            classrooms=[{"id": room, "name": "C", "facility_id": facility}],
            users=[{"id": each.id, "username": "u", "facility_id": facility} for each in (learner, coach)],
            memberships=[{"user_id": learner.id, "collection_id": room}],
            roles=[{"user_id": coach.id, "collection_id": room, "kind": "coach"}],
        )
        return facility, room, learner, coach

    def raw(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.service.port), timeout=20)

    def page(self, path: str, by: Person) -> httpx.Response:
        token = by.headers["Authorization"].removeprefix("Bearer ")
        return self.send("GET", path, headers={"Cookie": f"learntrack_token={token}"})


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    data = tmp_path_factory.mktemp("attacked") / "data"
    with Service(data, LEARNTRACK_RATE_LIMIT_ANONYMOUS="0", LEARNTRACK_MAX_CONNECTIONS="100") as running:
        yield Attacked(running)


def test_1_values_that_a_driver_takes_for_something_else(attacked: Attacked) -> None:
    _, room, learner, coach = attacked.school()
    content = exercise({"type": "quiz"})
    session = attacked.start(learner, **content)
    sent = attacked.update(learner, session, interactions=[right("q", answer=ODD)], extra_fields=ODD)

    assert sent.json()["attempts"][0]["answer"] == ODD
    assert attacked.start(learner, **content)["extra_fields"] == ODD
    asked = {"user": learner.id, "content": content["content_id"]}
    for by in (learner, coach):
        [row] = attacked.send("GET", "/api/logger/attemptlog", by, params=asked).json()
        assert (row["answer"], row["interaction_history"][0]["answer"]) == (ODD, ODD)
        [row] = attacked.send("GET", "/api/logger/masterylog/0/diff", by, params=asked).json()["attemptlogs"]
        assert row["answer"] == ODD
    lines = attacked.send("GET", f"/api/logger/export/{learner.id}", learner).text.splitlines()
    assert any(json.loads(line)["document"].get("extra_fields") == ODD for line in lines)
    assert attacked.page(f"/reports/class/{room}/learner/{learner.id}", coach).status_code == 200


def test_2_a_transaction_too_large(attacked: Attacked) -> None:
    learner, session, at = Person(new_id()), new_id(), datetime.now(UTC) - timedelta(minutes=5)
    items = [{"start": exercise()}] + [
        {"update": {"interactions": [right(f"q{n}", answer={"x": "y" * 128_000})]}} for n in range(50)
    ]
    about = {"session_id": session, "occurred_at": at.isoformat()}
    answer = attacked.send("POST", BATCH, learner, json={"items": [about | {"key": new_id()} | each for each in items]})

    assert {each["status"] for each in answer.json()["results"]} == {200}
    assert attacked.start(learner, **video())["complete"] is False


def test_3_work_before_it_is_known_who_asks(attacked: Attacked) -> None:
    assert attacked.service.process is not None
    pid = attacked.service.process.pid
    for body, status in ((b"{}," * 666_000, 413), (b"1.5e300," * 90_000, 400), (b"[]," * 300_000, 413)):
        before = processor_seconds(pid)
        answer = attacked.send("POST", CONTENT, content=b'{"items":[' + body + b"1]}")
        assert answer.status_code == status
        assert processor_seconds(pid) - before < 5


def test_4_connections(attacked: Attacked) -> None:
    post = b"POST /api/logger/contentsession HTTP/1.1\r\nHost: x\r\n"
    with attacked.raw() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * 66_000)
        assert connection.recv(4096).startswith(b"HTTP/1.1 431")
    with ExitStack() as stack:
        for number in range(150):
            connection = stack.enter_context(attacked.raw())
            try:
                connection.sendall(b"" if number % 2 else post + b"Content-Length: 9\r\n\r\n{")
            except OSError:
                continue
        for _ in range(3):
            address = f"{attacked.service.address}/health/live"
            assert httpx.get(address, timeout=20, verify=False).status_code == 200


def test_5_answers_without_bound(attacked: Attacked) -> None:
    learner = Person(new_id())
    session = attacked.start(learner, **exercise({"type": "quiz"}))
    attacked.update(learner, session, interactions=[right("a", answer={"x": "y" * 400_000})])
    turns = [right("b") if n % 2 else wrong("a", answer=None, error=True, replace=True) for n in range(600)]

    assert len(attacked.update(learner, session, interactions=turns).content) < 8 * 2**20


def test_6_keys_of_different_callers(attacked: Attacked) -> None:
    learner, body = Person(new_id()), video()
    mine = attacked.send("POST", CONTENT, learner, json=body, headers={"Idempotency-Key": "k"}).json()
    headers = {"Idempotency-Key": "k", "Cookie": f"visitor_id={learner.id}"}
    others = attacked.send("POST", CONTENT, json=body, headers=headers)

    assert others.json()["session_id"] != mine["session_id"]
    assert attacked.send("PUT", f"{CONTENT}/{mine['session_id']}", json={}, headers=headers).status_code == 404


def test_7_a_quiz_by_the_back_door(attacked: Attacked) -> None:
    _, room, learner, _ = attacked.school()
    quiz = new_id()
    attacked.roster(quizzes=[{"id": quiz, "title": "Q", "collection_ids": [room]}])
    real = attacked.start(learner, quiz_id=quiz)
    planted = attacked.start(learner, **exercise({"type": "quiz", "coach_assigned": True}, content_id=quiz))
    attacked.update(learner, real, interactions=[wrong("q")], progress=1)

    assert planted["context"]["mastery_level"] != real["context"]["mastery_level"]
    assert attacked.update(learner, planted, interactions=[right("q", replace=True)]).status_code == 200
    assert attacked.update(learner, real, interactions=[right("q", replace=True)]).status_code == 403
    rows = attacked.send("GET", "/api/logger/attemptlog", learner, params={"content": quiz}).json()
    assert sorted(row["correct"] for row in rows) == [0, 1]


def test_8_malformed_ids_and_names(attacked: Attacked) -> None:
    learner, at = Person(new_id()), datetime.now(UTC).isoformat()
    ids = [f"{new_id()}\n", "-".join(new_id()), "x", "", None, 5]
    items = [{"key": "k", "occurred_at": at, "session_id": each, "start": video()} for each in ids]
    results = attacked.send("POST", BATCH, learner, json={"items": items}).json()["results"]
    assert [(each["status"], list(each["body"]["errors"])) for each in results] == [(400, ["session_id"])] * len(ids)
    for name in ("%00", "x" * 300, "style.css/x", "..%2f..%2fapp.py"):
        answer = attacked.send("GET", f"/reports/static/{name}")
        assert answer.status_code in (400, 404)
        assert "/" not in answer.json()["detail"]
    refused = attacked.send("PUT", f"{CONTENT}/{new_id()}", learner, json={"interactions": [right("q"), wrong("")]})
    assert list(refused.json()["errors"]) == ["interactions[1].item"]


def test_9_pages_and_api_show_the_same_people(attacked: Attacked) -> None:
    facility, room, learner, coach = attacked.school()
    _, _, visitor, _ = attacked.school()
    admin = Person(new_id())
    attacked.roster(
        users=[{"id": admin.id, "username": "a", "facility_id": facility}],
        roles=[{"user_id": admin.id, "collection_id": facility, "kind": "admin"}],
        memberships=[{"user_id": visitor.id, "collection_id": room}],
    )
    for by in (coach, admin):
        text = attacked.page(f"/reports/class/{room}", by).text
        listed = attacked.send("GET", "/api/roster/users", by).text
        for person in (learner, visitor):
            assert ((person.id or "") in text) == ((person.id or "") in listed)
    assert attacked.page(f"/reports/class/{room}", visitor).status_code == 404


def test_10_forgetting(attacked: Attacked) -> None:
    _, room, learner, coach = attacked.school()
    session = attacked.start(learner, **exercise())
    attacked.update(learner, session, interactions=[right("a secret of theirs")])

    assert attacked.send("DELETE", f"/api/roster/users/{learner.id}", ROOT).json()["complete"] is True
    assert attacked.update(learner, session, time_spent_delta=1).status_code in (403, 404)
    assert attacked.send("GET", f"/api/logger/export/{learner.id}", ROOT).text == ""
    for path in ("/api/logger/attemptlog", "/api/reports/item-analysis", "/api/reports/wrong-answers"):
        assert "a secret of theirs" not in attacked.send("GET", path, coach, params={"classroom": room}).text


def test_11_many_tries_and_a_long_queue(attacked: Attacked) -> None:
    learner, content, at = Person(new_id()), exercise(), datetime.now(UTC) - timedelta(minutes=9)
    items = []
    for number in range(100):
        about = {"session_id": new_id(), "occurred_at": (at + timedelta(seconds=number)).isoformat()}
        items.append({"key": new_id(), **about, "start": content | {"repeat": True}})
        items.append({"key": new_id(), **about, "update": {"progress": 1}})
    results = attacked.send("POST", BATCH, learner, json={"items": items}).json()["results"]

    assert {each["status"] for each in results} == {200}
    assert attacked.start(learner, **content, repeat=True)["context"]["mastery_level"] == 101


def test_12_identity(attacked: Attacked) -> None:
    good = {"sub": new_id(), "exp": time.time() + 600}
    wrong_claims = ({"exp": "soon"}, {"exp": time.time() - 1}, {"exp": [1]}, {"exp": None}, {"sub": "root"})
    tokens = [jwt.encode({**good, **each}, SECRET) for each in wrong_claims]
    tokens += [jwt.encode(good, None, algorithm="none"), jwt.encode(good, SECRET * 2), "a.b.c", "x" * 9000]
    for each in tokens:
        assert attacked.send("GET", "/api/me", headers={"Authorization": f"Bearer {each}"}).status_code == 401, each
    lying = {"Authorization": f"Bearer {jwt.encode({**good, 'superuser': 'true'}, SECRET)}"}
    assert attacked.send("PUT", "/api/roster", headers=lying, json={}).status_code == 403


def test_13_the_engines_port(attacked: Attacked) -> None:
    port = urlsplit(attacked.service.uri()).port
    with (
        MongoClient(f"mongodb://127.0.0.1:{port}", serverSelectionTimeoutMS=10_000) as anybody,
        pytest.raises(OperationFailure, match="authentication"),
    ):
        anybody.learntrack.users.find_one()
    folder = attacked.service.data_dir
    for path in (folder, folder / "engine", *(folder / "engine").iterdir()):
        if path.suffix != ".lock":
            assert path.stat().st_mode & 0o077 == 0, path


def test_14_commands_beside_the_service(attacked: Attacked) -> None:
    file = attacked.service.data_dir.parent / "roster.json"
    deep = b"[" * 50_000 + b"]" * 50_000
    for content in (deep, b'{"x": %b}' % deep, b'{"users": [{"id": "\\ud800"}]}', b"\xff"):
        file.write_bytes(content)
        done = learntrack("roster", "load", str(file), data_dir=attacked.service.data_dir, expect=2)
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_15_strangers_and_stopping(attacked: Attacked) -> None:
    """The last one: it ends the service."""
    _, room, _, coach = attacked.school()
    assert list(attacked.send("GET", "/health/ready").json()) == ["status"]
    form = {"token": coach.headers["Authorization"].removeprefix("Bearer ")}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"}):
        assert attacked.send("POST", "/reports/sign-in", data=form, headers=headers).status_code == 403
    assert attacked.statuses <= {200, 400, 401, 403, 404, 413}
    attacked.http.close()
    with attacked.raw() as stream, attacked.raw() as half:
        cookie = f"Cookie: learntrack_token={form['token']}\r\n"
        stream.sendall(f"GET /reports/class/{room}/events HTTP/1.1\r\nHost: x\r\n{cookie}\r\n".encode())
        assert stream.recv(12) == b"HTTP/1.1 200"
        half.sendall(b"POST /api/logger/contentsession HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
        began = time.monotonic()
        assert attacked.service.stop(signal.SIGTERM) == 0
        assert time.monotonic() - began < in_time(11)
