"""Heavy input against a started service: it stays alive, answers everybody else, and stores what it acknowledges."""

import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.pace import quickly
from tests.processes import Service, until
from tests.support import Person, exercise, new_id, right, video

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

CONTENT = "/api/logger/contentsession"
BATCH = f"{CONTENT}/batch"
NOBODY: dict[str, str] = {}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    data = tmp_path_factory.mktemp("heavy") / "data"
    with Service(data, LEARNTRACK_RATE_LIMIT_ANONYMOUS="0", LEARNTRACK_TRANSACTION_SECONDS=None) as running:
        yield running


def ask(service: Service, method: str, path: str, headers: dict[str, str], **more: Any) -> httpx.Response:
    return httpx.request(method, service.address + path, headers=headers, timeout=60, verify=False, **more)


def alive_meanwhile(service: Service, work: Callable[[], Any]) -> Any:
    """What `work` brings, while which the process answers within a quarter of a second all the time."""

    def slowest_answer() -> tuple[float, Any]:
        slowest, wait = 0.0, threading.Event().wait
        with ThreadPoolExecutor(1) as aside, httpx.Client(base_url=service.address, timeout=30, verify=False) as http:
            working = aside.submit(work)
            while not working.done():
                began = time.monotonic()
                assert http.get("/health/live").status_code == 200
                slowest = max(slowest, time.monotonic() - began)
                wait(0.005)
            return slowest, working.result()

    return quickly(0.25, slowest_answer)


def recorded_meanwhile(service: Service, live: Person, sending: Callable[[], Any]) -> Any:
    """What `sending` brings, while which somebody else's updates are recorded, each in a part of that time."""
    path = f"{CONTENT}/{ask(service, 'POST', CONTENT, live.headers, json=exercise()).json()['session_id']}"
    answered = 0
    with ThreadPoolExecutor(1) as aside, httpx.Client(base_url=service.address, timeout=60, verify=False) as http:
        sent = aside.submit(sending)
        while not sent.done():
            assert http.put(path, headers=live.headers, json={"interactions": [right("q")]}).status_code == 200
            answered += 1
        assert answered > 5
        return sent.result()


def queue(*items: dict[str, Any]) -> dict[str, Any]:
    """Items a second apart, each with a key."""
    first = datetime.now(UTC) - timedelta(seconds=len(items) + 60)
    return {
        "items": [
            {"key": new_id(), "occurred_at": (first + timedelta(seconds=number)).isoformat()} | each
            for number, each in enumerate(items)
        ]
    }


def many_braces(size: int) -> bytes:
    return b'{"items":[' + b"{}," * (size // 3) + b"{}]}"


def test_what_is_sent_by_nobody_is_small(service: Service) -> None:
    """16 MB of `{}` by anybody held everything for 8 to 12 s."""

    def work() -> None:
        for path, method in ((BATCH, "POST"), (CONTENT, "POST"), (f"{CONTENT}/{new_id()}", "PUT")):
            assert ask(service, method, path, NOBODY, content=many_braces(2_000_000)).status_code == 413, path
        for _ in range(5):
            assert ask(service, "POST", BATCH, NOBODY, content=many_braces(1_000_000)).status_code == 400

    alive_meanwhile(service, work)


def test_who_may_not_write_the_roster_need_not_send_it(service: Service) -> None:
    head = (
        f"PUT /api/roster HTTP/1.1\r\nHost: x\r\nContent-Length: 16000000\r\n"
        f"Authorization: {Person(new_id()).headers['Authorization']}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", service.port), timeout=30) as connection:
        connection.sendall(head.encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 403")


def test_a_form_of_the_sign_in_page_is_small(service: Service) -> None:
    answer = alive_meanwhile(
        service, lambda: ask(service, "POST", "/reports/sign-in", NOBODY, content=b"a=1&" * 500_000)
    )
    assert answer.status_code == 413


@pytest.mark.parametrize("size", [1_000_000, 15_000_000])
def test_a_queue_of_far_too_many_items(service: Service, size: int) -> None:
    learner = Person(new_id()).headers
    answer = alive_meanwhile(service, lambda: ask(service, "POST", BATCH, learner, content=many_braces(size)))
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["items"])


@pytest.mark.parametrize("size", [1_000_000, 4_000_000])
@pytest.mark.parametrize(
    "entries",
    [b"[],", b'{"":{}},', b"[" * 80 + b"]" * 80 + b",", b"1,", b'1,null,"a",', b"1.5e300,"],
    ids=["lists", "objects", "deep", "numbers", "mixed", "large numbers"],
)
def test_a_body_of_millions_of_values(service: Service, entries: bytes, size: int) -> None:
    """Making 4 MB of `[]` into lists took everybody's turn for 0.6 to 1.4 s."""
    learner = Person(new_id()).headers
    session = ask(service, "POST", CONTENT, learner, json=video()).json()["session_id"]
    body = b'{"extra_fields":{"x":[' + entries * (size // len(entries)) + b"1]}}"
    answer = alive_meanwhile(service, lambda: ask(service, "PUT", f"{CONTENT}/{session}", learner, content=body))
    assert answer.status_code in (200, 413, 503), answer.text


@pytest.mark.parametrize("entry", [b"[],", b'{"":{}},', b"1,"])
def test_a_queue_of_items_that_are_full_of_values(service: Service, entry: bytes) -> None:
    learner, session = Person(new_id()).headers, new_id()
    first = datetime.now(UTC) - timedelta(seconds=60)
    about = json.dumps({"session_id": session, "occurred_at": first.isoformat()})[1:-1].encode()
    items = [
        b'{"key":"%d",%b,"update":{"extra_fields":{"x":[%b1]}}}' % (number, about, entry * (100_000 // len(entry)))
        for number in range(100)
    ]
    body = b'{"items":[' + b",".join(items) + b"]}"
    answer = alive_meanwhile(service, lambda: ask(service, "POST", BATCH, learner, content=body))
    assert answer.status_code in (200, 413, 503), answer.text


def test_a_queue_as_large_as_may_be(service: Service) -> None:
    """6.4 MB at once stopped the engine for ever."""
    learner, session, started = Person(new_id()), new_id(), exercise({"type": "quiz"})
    updates = [
        {"session_id": session, "update": {"interactions": [right(f"q{n}", answer={"text": "x" * 150_000})]}}
        for n in range(100)
    ]
    body = queue({"session_id": session, "start": started}, *updates)
    answer = ask(service, "POST", BATCH, learner.headers, json=body)
    assert {each["status"] for each in answer.json()["results"]} == {200}
    assert ask(service, "POST", CONTENT, learner.headers, json=started).json()["totalattempts"] == 100


def test_a_class_that_sends_much_at_once(service: Service) -> None:
    """40 learners with 200 KB each, in one group, stopped the engine for ever."""
    learners = [Person(new_id()) for _ in range(40)]

    def work(learner: Person) -> int:
        session = ask(service, "POST", CONTENT, learner.headers, json=exercise()).json()["session_id"]
        body = {"interactions": [right("q", answer={"text": "x" * 200_000})]}
        return ask(service, "PUT", f"{CONTENT}/{session}", learner.headers, json=body).status_code

    with ThreadPoolExecutor(40) as crowd:
        assert set(crowd.map(work, learners)) <= {200, 503}
    until(lambda: work(Person(new_id())) == 200)


def test_small_updates_of_large_summaries_at_once(service: Service) -> None:
    """What is stored already is written again: 30 summaries of 4 MB in one transaction are 120 MB."""
    learners = [Person(new_id()) for _ in range(30)]
    sessions = {}
    for learner in learners:
        sessions[learner] = ask(service, "POST", CONTENT, learner.headers, json=video()).json()["session_id"]
        body = {"extra_fields": {"text": "x" * 4_000_000}}
        path = f"{CONTENT}/{sessions[learner]}"
        assert ask(service, "PUT", path, learner.headers, json=body).status_code == 200

    def work(learner: Person) -> int:
        path = f"{CONTENT}/{sessions[learner]}"
        return ask(service, "PUT", path, learner.headers, json={"time_spent_delta": 1}).status_code

    with ThreadPoolExecutor(30) as crowd:
        assert set(crowd.map(work, learners)) <= {200, 503}
    until(lambda: work(learners[0]) == 200)


def test_one_request_as_large_as_may_be(service: Service) -> None:
    learner = Person(new_id())
    headers = learner.headers | {"Idempotency-Key": new_id()}
    session = ask(service, "POST", CONTENT, learner.headers, json=exercise({"type": "quiz"})).json()["session_id"]
    path = f"{CONTENT}/{session}"
    fields = {"extra_fields": {"text": "x" * 4_000_000}}
    assert ask(service, "PUT", path, learner.headers, json=fields).status_code == 200
    interactions = [right(f"q{n}", answer={"text": "x" * 480_000}) for n in range(10)]
    for _ in range(2):  # again: the first ones move out of the try
        assert ask(service, "PUT", path, headers, json={"interactions": interactions}).status_code == 200
        headers["Idempotency-Key"] = new_id()
    assert ask(service, "PUT", path, learner.headers, json={"time_spent_delta": 1}).status_code == 200


def test_a_long_queue_holds_up_nobody(service: Service) -> None:
    """One of 500 items was 503 after 60 s, and so were everybody else's updates meanwhile."""
    offline, live = Person(new_id()), Person(new_id())
    items: list[dict[str, Any]] = []
    for _ in range(1000):  # each a try of its own at one exercise or another
        session, body = new_id(), exercise()
        items.append({"session_id": session, "start": body})
        items.append({"session_id": session, "update": {"progress": 1, "interactions": [right("q")]}})
    answer = recorded_meanwhile(service, live, lambda: ask(service, "POST", BATCH, offline.headers, json=queue(*items)))
    assert {each["status"] for each in answer.json()["results"]} == {200}


def test_the_same_exercise_again_and_again_in_one_queue(service: Service) -> None:
    learner, body = Person(new_id()), exercise()
    items: list[dict[str, Any]] = []
    for _ in range(150):
        session = new_id()
        items.append({"session_id": session, "start": body | {"repeat": True}})
        items.append({"session_id": session, "update": {"progress": 1}})
    answer = ask(service, "POST", BATCH, learner.headers, json=queue(*items))
    levels = [each["body"]["context"]["mastery_level"] for each in answer.json()["results"][::2]]
    assert levels == list(range(1, 151))


def test_afterwards_nothing_had_to_be_restarted(service: Service, tmp_path: Path) -> None:
    assert "has not answered" not in service.log.read_text()
    assert json.loads(ask(service, "GET", "/health/ready", NOBODY).text)["status"] == "ready"


def test_a_small_queue_that_leads_to_large_answers_holds_up_nobody(service: Service) -> None:
    """150 KB of it were answered with, and kept, 400 MB: nobody else was answered for 6 s, and it never got through."""
    learner, live = Person(new_id()), Person(new_id())
    session = ask(service, "POST", CONTENT, learner.headers, json=exercise({"type": "quiz"})).json()["session_id"]
    large = {"interactions": [right("a", answer={"text": "x" * 480_000})]}
    done = ask(service, "PUT", f"{CONTENT}/{session}", learner.headers, json=large).json()
    again = right("a", id=done["attempts"][0]["id"], answer=None, error=True)
    turns = [each for n in range(8) for each in (again, right(f"b{n}", answer=None, error=True))]
    items = [{"session_id": session, "update": {"interactions": turns}} for _ in range(60)]
    answer = recorded_meanwhile(service, live, lambda: ask(service, "POST", BATCH, learner.headers, json=queue(*items)))
    assert {each["status"] for each in answer.json()["results"]} == {200}
