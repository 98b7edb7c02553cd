"""What an election, a shutdown or too much work make a server answer is a 503 of whatever is asked, and passes."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from pymongo import common

from learntrack.domain import moments
from learntrack.storage import Database
from tests.conftest import service_on
from tests.storage.test_errors import PASSING
from tests.support import ROOT, Api, Person, School, exercise, new_id, right, wrong
from tests.wire import Wire, error

SESSIONS = "/api/logger/contentsession"
AS_ASKED: dict[str, tuple[str, str, str, Any]] = {
    "start": ("POST", SESSIONS, "learner", {**exercise(), "content_id": "{new}"}),
    "update": ("PUT", SESSIONS + "/{session}", "learner", {"interactions": [right("a")]}),
    "batch": (
        "POST",
        SESSIONS + "/batch",
        "learner",
        {
            "items": [
                {
                    "key": "{new}",
                    "occurred_at": "{now}",
                    "session_id": "{session}",
                    "update": {"time_spent_delta": 1},
                }
            ]
        },
    ),
    "tries": ("GET", "/api/logger/masterylog?page_size=5", "learner", None),
    "attempts": ("GET", "/api/logger/attemptlog?content={content}", "coach", None),
    "diff": ("GET", "/api/logger/masterylog/0/diff?content={content}&user={learner}", "learner", None),
    "total": ("GET", "/api/logger/totalcontentprogress/{learner}", "learner", None),
    "report": ("GET", "/api/reports/progress?classroom={classroom}", "coach", None),
    "export": ("GET", "/api/logger/export/sessions.csv", "coach", None),
    "one's own data": ("GET", "/api/logger/export/{learner}", "learner", None),
    "roster": ("PUT", "/api/roster", "root", {"facilities": [{"id": "{new}", "name": "Another"}]}),
    "forgetting": ("DELETE", "/api/roster/users/{new}", "root", None),
    "page": ("GET", "/reports/class/{classroom}", "coach", None),
}
"""What is asked: method, path, by whom, body."""
THROUGH = [
    ("a replica set", [*AS_ASKED]),
    ("a mongos", ["start", "update", "batch", "attempts", "report", "roster"]),
]
"""By what it is asked; through a mongos only what is asked otherwise there."""
WORK = ("aggregate", "find", "getMore", "bulkWrite", "insert", "update", "delete", "commitTransaction")


@dataclass
class Asking:
    """Somebody with something stored, about whom everything is asked."""

    api: Api
    people: dict[str, Person]
    known: dict[str, str]

    async def status(self, name: str) -> int:
        method, path, by, body = AS_ASKED[name]
        known = self.known | {"new": new_id(), "now": moments.now().isoformat()}
        filled = _filled(body, known)
        cookie = {"cookie": f"learntrack_token={self.people[by].headers['Authorization'].removeprefix('Bearer ')}"}
        answer = await self.api.send(method, path.format(**known), self.people[by], json=filled, headers=cookie)
        return answer.status_code


def _filled(body: Any, known: dict[str, str]) -> Any:
    if isinstance(body, dict):
        return {name: _filled(value, known) for name, value in body.items()}
    if isinstance(body, list):
        return [_filled(value, known) for value in body]
    return body.format(**known) if isinstance(body, str) else body


@pytest.fixture
async def asking(wire: Wire, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> AsyncIterator[Asking]:
    if request.param == "a mongos":
        wire.as_a_mongos()
    # The driver looks for the primary after some of these answers, half a second apart at the least, and asks again.
    monkeypatch.setattr(common, "MIN_HEARTBEAT_INTERVAL", 0.01)
    async with service_on(wire) as api:
        assert api.db.capabilities.sharded is (request.param == "a mongos")
        school, body = await School(api).open(), exercise()
        learner, coach = await school.learner(), await school.coach()
        session = await api.start(learner, **body)
        await api.update(learner, session, interactions=[wrong("a"), right("b")])
        people = {"learner": learner, "coach": coach, "root": ROOT}
        known = {
            "session": session["session_id"],
            "content": body["content_id"],
            "classroom": school.places["A1"],
            "learner": learner.id,
        }
        yield Asking(api, people, known)


@contextmanager
def in_a_hurry(db: Database) -> Iterator[None]:
    """What does not pass is given up soon; only here, as what is answered may take its time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(db, "patience", 0.1)
        for reading in (db, db.reports):
            patch.setattr(reading, "read_patience", 0.1)
        yield


@pytest.mark.parametrize(("asking", "names"), THROUGH, indirect=["asking"], ids=["a replica set", "a mongos"])
async def test_whatever_is_asked_is_a_503_while_it_lasts_and_passes(
    wire: Wire, asking: Asking, names: list[str]
) -> None:
    answers = {}
    for name in names:
        answers[name, "before"] = await asking.status(name)
        for code in PASSING:
            rule = wire.on(*WORK, do=error(code))
            with in_a_hurry(asking.api.db):
                answers[name, code] = await asking.status(name)
            wire.rules.remove(rule)
        answers[name, "after"] = await asking.status(name)

    expected = {"before": 200, **dict.fromkeys(PASSING, 503), "after": 200}
    assert answers == {(name, when): status for name in names for when, status in expected.items()}
