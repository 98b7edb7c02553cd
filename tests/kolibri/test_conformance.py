"""Every recorded answer of a real Kolibri 0.19.5 is ours too (see README.md beside this file)."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.kolibri.replay import differences, ids_in
from tests.support import ROOT, Api, Person

pytestmark = pytest.mark.secantusd_py

HERE = Path(__file__).parent
ROSTER = json.loads((HERE / "roster.json").read_text())
ACTORS = json.loads((HERE / "actors.json").read_text())["actors"]
NOT_YET: dict[str, str] = {}
"""Scenarios that are to be answered as Kolibri does and are not yet, with what is missing."""


def _scenario(name: str, steps: list[dict[str, Any]]) -> Any:
    marks = [pytest.mark.xfail(reason=NOT_YET[name], strict=True)] if name in NOT_YET else []
    return pytest.param(steps, id=name, marks=marks)


SCENARIOS = [
    _scenario(f"{path.stem}-{scenario['scenario']}", scenario["steps"])
    for path in sorted(HERE.glob("*.jsonl"))
    for scenario in map(json.loads, path.read_text().splitlines())
]
BY_WHOM = ("permission-", "clients-one_attempt_by_its_id")
"""Scenarios in which somebody reads what others did."""
PERMISSIONS = [scenario for scenario in SCENARIOS if str(scenario.id).startswith(BY_WHOM)]
LISTS = ("attemptlog-", "masterylog-", "diff-", "total-")
"""Scenarios in which what has been recorded is listed and counted, which engines do."""
READ = [scenario for scenario in SCENARIOS if str(scenario.id).startswith(LISTS)]
RECORDED = [scenario for scenario in SCENARIOS if scenario not in PERMISSIONS + READ]


@pytest.fixture(scope="module")
async def kolibri_school(api: Api) -> Api:
    await api.answer("PUT", "/api/roster", ROOT, json=ROSTER)
    return api


@pytest.mark.parametrize("steps", READ)
async def test_lists_as_kolibri_does(kolibri_school: Api, steps: list[dict[str, Any]]) -> None:
    await replay(kolibri_school, steps)


@pytest.mark.engines("mongomock", "embedded", "real")
@pytest.mark.parametrize("steps", RECORDED)
async def test_records_as_kolibri_does(kolibri_school: Api, steps: list[dict[str, Any]]) -> None:
    """That mongoeco and secantusd_py store the same is asked in tests/api (test_start, _update, _interactions)."""
    await replay(kolibri_school, steps)


@pytest.mark.engines("mongomock", "embedded", "real")
@pytest.mark.parametrize("steps", PERMISSIONS)
async def test_lets_read_whom_kolibri_does(kolibri_school: Api, steps: list[dict[str, Any]]) -> None:
    """What tells who may read is asked of the other engines in tests/api/test_reading.py."""
    await replay(kolibri_school, steps)


async def replay(api: Api, steps: list[dict[str, Any]]) -> None:
    loop = asyncio.get_running_loop()

    def call(actor: str, method: str, path: str, body: Any, params: Any) -> tuple[int, Any]:
        known = ACTORS.get(actor)
        by = Person(known["user_id"], bool(known["superuser"])) if known else Person(None)
        response = asyncio.run_coroutine_threadsafe(api.send(method, path, by, json=body, params=params), loop).result()
        return response.status_code, response.json()

    assert await asyncio.to_thread(differences, steps, call, ids_in(ROSTER)) == []
