"""Who may use a route is declared there, and said before anything else of the request is looked at."""

import pytest
from litestar.handlers import HTTPRouteHandler

from learntrack.access.guards import oneself_only, oneself_or_superuser, staff_only, superuser_only
from learntrack.app import create_app
from learntrack.web.metrics import may_read_metrics
from tests.conftest import settings
from tests.support import ANONYMOUS, Api, Person, School, new_id, token

GUARDED = {
    ("PUT", "/api/roster"): superuser_only,
    ("GET", "/api/roster/{kind:str}"): staff_only,
    ("DELETE", "/api/roster/{kind:str}/{user_id:str}"): superuser_only,
    ("GET", "/api/logger/export/{user_id:str}"): oneself_or_superuser,
    **{
        ("GET", f"/api/logger/export/{kind}.{form}"): staff_only
        for kind in ("sessions", "summaries", "attempts", "interactions")
        for form in ("csv", "jsonl")
    },
    ("GET", "/api/reports/{name:str}"): staff_only,
    ("GET", "/api/logger/totalcontentprogress/{user_id:str}"): oneself_only,
    ("GET", "/api/logger/userprogress/{user_id:str}"): oneself_only,
    **{(method, "/metrics"): may_read_metrics for method in ("GET", "OPTIONS")},
}


def test_every_route_that_is_not_for_everybody_declares_its_guard() -> None:
    declared = {
        (str(method), route.path): list(handler.resolve_guards())
        for route in create_app(settings()).routes
        for handler in getattr(route, "route_handlers", ())
        if isinstance(handler, HTTPRouteHandler)
        for method in handler.http_methods
    }

    assert {route: guards for route, guards in declared.items() if guards} == {
        route: [guard] for route, guard in GUARDED.items()
    }


@pytest.mark.engines("mongomock", "embedded")
async def test_who_may_not_use_a_route_hears_only_that(school: School) -> None:
    api, learner = school.api, await school.learner()
    for nobody in (ANONYMOUS, learner, Person(new_id())):
        await api.answer("PUT", "/api/roster", nobody, 403, json={"users": "no list"})
        await api.answer("GET", "/api/roster/nothing", nobody, 403)
        await api.answer("GET", "/api/reports/nothing", nobody, 403)
        await api.answer("GET", "/api/logger/export/sessions.csv", nobody, 403, params={"since": "yesterday"})
    coach = await school.coach()
    await api.answer("GET", "/api/reports/nothing", coach, 404)
    await api.answer("PUT", "/api/roster", await school.person(superuser=True), 400, json={"users": "no list"})


async def test_a_bad_token_is_said_before_a_guard_is_asked(api: Api) -> None:
    forged = {"Authorization": f"Bearer {token(new_id(), secret='another secret, just as long')}"}

    answer = await api.client.put("/api/roster", json={}, headers=forged)

    assert answer.status_code == 401


@pytest.mark.engines("mongomock", "embedded")
async def test_an_export_of_what_is_no_id_is_malformed_for_everybody(school: School) -> None:
    for anybody in (ANONYMOUS, await school.learner(), await school.person(superuser=True)):
        await school.api.answer("GET", "/api/logger/export/x", anybody, 400)
