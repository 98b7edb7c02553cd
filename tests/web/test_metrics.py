"""What is counted of requests: by route, and nobody is named."""

import os
import platform
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY, generate_latest

from learntrack import __version__
from learntrack.web import measured
from learntrack.web.limits import ENDLESS
from learntrack.web.request_log import RequestLog
from tests.processes import until
from tests.support import Api, Person, exercise, new_id, right
from tests.web.another import another

METRICS_TOKEN = "a token for numbers"

pytestmark = pytest.mark.engines("embedded")


async def test_metrics_count_by_route_and_name_nobody(api: Api) -> None:
    learner = Person(new_id())
    session = await api.start(learner, **exercise())
    await api.update(learner, session, interactions=[right("a"), right("b")])
    text = (await api.send("GET", "/metrics")).text

    for line in (
        'learntrack_requests_total{method="PUT",path="/api/logger/contentsession/{session_id}',
        "learntrack_request_duration_seconds_bucket",
        'learntrack_database_command_seconds_count{command="commitTransaction"}',
        "learntrack_sessions_started_total",
        "learntrack_sessions_updated_total",
        "learntrack_attempts_recorded_total",
        "learntrack_database_pool_connections",
    ):
        assert line in text, line
    assert learner.id is not None
    assert learner.id not in text
    assert session["session_id"] not in text


async def test_what_anybody_can_make_up_is_counted_without_end_of_names(api: Api) -> None:
    for number in range(3):
        await api.send("GET", f"/nothing/{number}")
        await api.send(f"MADEUP{number}", "/api/logger/contentsession")
    text = (await api.send("GET", "/metrics")).text

    assert 'learntrack_requests_total{method="GET",path="",status_code="404"}' in text
    assert 'learntrack_requests_total{method="other",path="' in text
    assert "/nothing/" not in text
    assert "MADEUP" not in text
    assert 'path="/metrics"' not in text


async def test_the_token_of_the_settings_is_asked_for(api: Api) -> None:
    async with another(api, metrics_token=METRICS_TOKEN) as client:
        for given in ("", "Bearer another token", f"Basic {METRICS_TOKEN}"):
            refused = await client.get("/metrics", headers={"Authorization": given} if given else {})
            assert refused.status_code == 401
            assert "learntrack_" not in refused.text
        allowed = await client.get("/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"})
    assert "learntrack_requests_total" in allowed.text


async def test_what_is_looked_up_is_there(api: Api, tmp_path: Path) -> None:
    (tmp_path / "engine.json").write_text('{"uri": "mongodb://x", "restarts": 2}')
    found = {"data_dir": tmp_path, "mongodb_uri": "mongodb://x", "watched_disk": tmp_path}
    async with another(api, **found) as client:
        text = (await client.get("/metrics")).text

    for line in (
        f'learntrack_build_info{{python="{platform.python_version()}",version="{__version__}"}} 1.0',
        "learntrack_engine_restarts_total 2.0",
        "learntrack_disk_free_bytes ",
        "learntrack_rollup_age_seconds ",
        "process_resident_memory_bytes ",
        "learntrack_group_jobs_bucket",
        "learntrack_open_pages ",
    ):
        assert line in text, line


def test_processes_of_several_workers_are_summed() -> None:
    looks: list[list[dict[str, float]]] = []

    def nothing_came_or_went() -> bool:
        """Other threads of this process open and close files."""
        looks.append([_values([os.getpid()] * times) for times in (1, 2, 1)])
        return looks[-1][0]["process_open_fds"] == looks[-1][2]["process_open_fds"]

    until(nothing_came_or_went)
    one, two, _ = looks[-1]
    assert two["process_open_fds"] == 2 * one["process_open_fds"]
    assert two["process_max_fds"] == one["process_max_fds"]
    assert two["process_start_time_seconds"] == one["process_start_time_seconds"]


def _values(pids: list[int]) -> dict[str, float]:
    return {sample.name: sample.value for metric in measured._processes(pids) for sample in metric.samples}


async def test_an_open_page_is_no_request_that_takes_long() -> None:
    """A page that is open for 36 s was a read that took 36 s."""

    class Endless:
        opt = {ENDLESS: True}

    scope: Any = {"type": "http", "method": "GET", "path_template": "/events", "route_handler": Endless}
    during: list[tuple[float, float]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        during.append(_under_way())

    async def send(_: Any) -> None:
        """Goes nowhere."""

    before = _under_way()
    await RequestLog(app)(scope, send, send)  # type: ignore[arg-type]

    assert during == [(before[0], before[1] + 1)]
    assert _under_way() == before
    text = generate_latest(REGISTRY).decode()
    assert 'learntrack_requests_total{method="GET",path="/events",status_code="200"} 1.0' in text
    assert 'learntrack_request_duration_seconds_count{method="GET",path="/events"' not in text


def _under_way() -> tuple[float, float]:
    """Requests and pages."""
    values = [REGISTRY.get_sample_value(f"learntrack_{name}") for name in ("requests_in_progress", "open_pages")]
    return values[0] or 0.0, values[1] or 0.0
