"""A person's data: all of it can be taken along, and all of it can be made to go."""

import json
from pathlib import Path
from typing import Any

import pytest

from learntrack.domain.ids import new_id
from learntrack.privacy import service
from tests.processes import Service, learntrack
from tests.support import ANONYMOUS, ROOT, Api, Person, School, exercise, right, video

pytestmark = pytest.mark.engines("mongomock", "embedded", "mongoeco")


async def study(api: Api, learner: Person) -> str:
    long = await api.start(learner, **exercise({"type": "quiz"}))
    for number in range(3):
        await api.update(learner, long, interactions=[right(f"item {number} {each}") for each in range(15)])
    key = {"Idempotency-Key": new_id()}
    await api.answer("POST", "/api/logger/contentsession", learner, json=video(), headers=key)
    return str(long["session_id"])


def holds(stored: dict[str, list[Any]], user: str | None) -> set[str]:
    return {name for name, rows in stored.items() if any(user in json.dumps(row, default=str) for row in rows)}


async def test_everything_about_a_person_is_exported(school: School) -> None:
    api, learner = school.api, await school.learner()
    await study(api, learner)

    answer = await api.send("GET", f"/api/logger/export/{learner.id}", learner)
    rows = [json.loads(line) for line in answer.text.splitlines()]
    assert {row["collection"] for row in rows} == {
        *("users", "content_sessions", "content_summaries", "mastery_logs", "attempt_overflow", "idempotency_keys")
    }
    attempts = [each for row in rows for each in row["document"].get("attempts", [])]
    assert len(attempts) == 45
    assert (await api.send("GET", f"/api/logger/export/{learner.id}", ROOT)).text == answer.text
    for somebody in (await school.learner(), await school.coach(), ANONYMOUS):
        await api.answer("GET", f"/api/logger/export/{learner.id}", somebody, expect=403)
    await api.answer("GET", "/api/logger/export/me", learner, expect=400)


async def test_a_person_is_forgotten_in_every_collection_and_nobody_else_is(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, learner, other = school.api, await school.learner(), await school.learner()
    session = await study(api, learner)
    await study(api, other)
    kept = holds(await api.stored(), other.id)
    monkeypatch.setattr(service, "_STEP", 1)

    await api.answer("DELETE", f"/api/roster/users/{learner.id}", learner, expect=403)
    answer = await api.answer("DELETE", f"/api/roster/users/{learner.id}", ROOT)
    assert answer["complete"]
    assert answer["removed"]["content_sessions"] == 2
    assert answer["removed"]["mastery_logs"] == 1
    assert answer["removed"]["attempt_overflow"] >= 1

    assert holds(await api.stored(), learner.id) == set()
    assert holds(await api.stored(), other.id) == kept
    await api.update(learner, session, expect=404, time_spent_delta=1)
    again = await api.answer("DELETE", f"/api/roster/users/{learner.id}", ROOT)
    assert sum(again["removed"].values()) == 0


async def test_too_much_for_one_request_is_done_in_several(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    api, learner = school.api, await school.learner()
    await study(api, learner)
    monkeypatch.setattr(service, "_STEP", 1)
    forgetting = service.Privacy(api.db, patience=0)

    steps = 0
    while not (await forgetting.remove(learner.id or "")).complete:
        steps += 1
        assert "users" in (holds(await api.stored(), learner.id) or {"users"})  # the last to go
    assert steps >= 3
    assert holds(await api.stored(), learner.id) == set()


def test_the_command_forgets_too(tmp_path: Path) -> None:
    with Service(tmp_path / "data") as running:
        learner = Person(new_id())
        assert running.send("POST", "/api/logger/contentsession", learner, json=video()).status_code == 200
        said = learntrack("forget", learner.id or "", data_dir=tmp_path / "data").stdout
        assert "1 content sessions" in said
        assert "nothing was stored" in learntrack("forget", learner.id or "", data_dir=tmp_path / "data").stdout
    checked = learntrack("check", data_dir=tmp_path / "data").stdout
    for name in ("database", "writable primary", "transactions", "indexes"):
        assert name in checked
    assert "schema version 1" in learntrack("migrate", data_dir=tmp_path / "data").stdout


async def test_only_superusers_forget_and_only_by_an_id(api: Api) -> None:
    await api.answer("DELETE", f"/api/roster/users/{new_id()}", Person(new_id()), expect=403)
    await api.answer("DELETE", "/api/roster/users/nobody", ROOT, expect=400)
