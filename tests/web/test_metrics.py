"""What is counted of requests: by route, and nobody is named."""

import pytest

from tests.support import Api, Person, exercise, new_id, right

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
