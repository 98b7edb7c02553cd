"""The plan that both clients are held to is what the service does, and the shapes in Python are the service's."""

import json
import runpy
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec
import pytest

import learntrack_client
from learntrack.domain import mastery, moments
from learntrack.logs import schemas as logs
from learntrack.reports import schemas as reports
from learntrack.roster import me, records
from learntrack.tracking import schemas as tracking
from learntrack_client import filters, people, shapes
from tests.support import Api, School, exercise, new_id

PLAN = Path(__file__).parents[2] / "clients" / "plan"
CASES = {case["name"]: case for case in json.loads((PLAN / "local_state.json").read_text())}


async def answered(api: Api, school: School, case: Any) -> Any:
    """What the service answers to a start after all steps of a case."""
    learner, began = await school.learner(), moments.now() - timedelta(hours=1)
    content = {"node_id": new_id(), "content_id": new_id(), "channel_id": new_id(), "kind": case["kind"]}
    content |= {"mastery_model": case["mastery_model"]} if case["mastery_model"] else {}
    items, session = [], ""
    for number, step in enumerate(case["steps"]):
        session = new_id() if "start" in step else session
        what = {"start": content | step["start"]} if "start" in step else step
        at = (began + timedelta(seconds=number)).isoformat()
        items.append({"key": new_id(), "occurred_at": at, "session_id": session, **what})
    sent = await api.answer("POST", "/api/logger/contentsession/batch", learner, json={"items": items})
    assert {result["status"] for result in sent["results"]} == {200}
    return await api.start(learner, **content)


@pytest.mark.engines("mongomock")
async def test_the_plans_states_are_the_services_answers(api: Api, school: School) -> None:
    for case in CASES.values():
        state = await answered(api, school, case)
        attempts = state.get("pastattempts", [])
        assert case["expect"] == {
            **{name: state[name] for name in ("progress", "time_spent", "complete", "extra_fields")},
            "mastery_criterion": state.get("mastery_criterion"),
            "total_attempts": state.get("totalattempts", 0),
            "attempts": [{name: value for name, value in each.items() if name != "id"} for each in attempts],
        }, case["name"]


def cases(name: str) -> Any:
    return json.loads((PLAN / f"{name}.json").read_text())


@pytest.mark.engines("mongomock")
async def test_what_the_plan_refuses_at_once_is_what_the_service_would_refuse(api: Api, school: School) -> None:
    learner = await school.learner()

    async def refused(method: str, path: str, body: Any) -> list[str]:
        answer = await api.send(method, path, learner, json=body)
        return sorted(answer.json()["errors"]) if answer.status_code == 400 else []

    for case in cases("contents"):
        assert await refused("POST", "/api/logger/contentsession", case["content"]) == case["errors"], case["name"]
    session = (await api.start(learner, **exercise()))["session_id"]
    for case in cases("updates"):
        found = await refused("PUT", f"/api/logger/contentsession/{session}", case["update"])
        assert found == case["errors"], case["name"]


@pytest.mark.engines("mongomock")
async def test_what_the_plan_finds_too_large_the_service_would_not_take(api: Api, school: School) -> None:
    grown = runpy.run_path(str(PLAN.parent / "python" / "tests" / "plans.py"))["grown"]
    learner = await school.learner()
    for case in cases("large"):
        session = (await api.start(learner, **exercise()))["session_id"]
        answer = await api.send("PUT", f"/api/logger/contentsession/{session}", learner, json=grown(case))
        assert answer.status_code in ((400, 413) if case["errors"] else (200,)), case["name"]


SHAPES: dict[type[msgspec.Struct], type[msgspec.Struct]] = {
    shapes.MasteryModel: tracking.MasteryModel,
    shapes.Interaction: tracking.Interaction,
    shapes.Update: tracking.SessionUpdate,
    shapes.Try: logs.MasteryLogRow,
    shapes.Attempt: logs.AttemptLogRow,
    shapes.Diff: logs.MasteryLogDiff,
    shapes.TryDiff: logs.TryDiff,
    shapes.CorrectDiff: logs.CorrectDiff,
    shapes.Total: logs.TotalProgress,
    shapes.ReportName: reports.ReportName,
    people.User: me.MyUser,
    people.Me: me.Me,
    people.Role: records.RoleRecord,
    people.Classroom: records.ClassroomRecord,
    people.LearnerGroup: records.LearnerGroupRecord,
}


def names(shape: type[msgspec.Struct]) -> set[str]:
    return {field.name for field in msgspec.structs.fields(shape)}


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_a_shape_in_python_has_the_services_fields(shape: type[msgspec.Struct]) -> None:
    assert names(shape) == names(SHAPES[shape])


def test_a_start_in_python_has_the_services_fields() -> None:
    assert names(shapes.Content) | {"repeat"} == names(tracking.SessionStart)


def test_an_attempt_in_python_has_the_services_fields() -> None:
    assert names(shapes.AttemptView) == names(tracking.AttemptView) - {"answer_omitted"}


def test_kinds_and_models_in_python_are_the_services() -> None:
    assert set(get_args(shapes.Kind)) == set(get_args(mastery.ContentKind))
    assert set(get_args(shapes.MasteryModelType)) == set(get_args(mastery.MasteryModelType))


FILTERS: dict[str, tuple[type, set[str]]] = {
    "/api/logger/masterylog": (filters.TryFilters, set()),
    "/api/logger/attemptlog": (filters.AttemptFilters, set()),
    "/api/logger/masterylog/{index}/diff": (filters.DiffFilters, {"content", "user"}),
    "/api/reports/{name}": (filters.ReportFilters, {"format", "bom"}),
}


@pytest.mark.engines("mongomock")
async def test_filters_in_python_are_the_services(api: Api) -> None:
    described = (await api.send("GET", "/schema/openapi.json")).json()["paths"]
    for path, (ours, others) in FILTERS.items():
        asked = {each["name"] for each in described[path]["get"]["parameters"] if each["in"] == "query"}
        assert set(get_type_hints(ours)) == asked - {"page", "page_size"} - others, path


def test_both_clients_export_the_same_names() -> None:
    index = (PLAN.parent / "typescript" / "src" / "index.ts").read_text()
    missing = [name for name in learntrack_client.__all__ if name not in index and not name.startswith("Async")]

    assert missing == []
