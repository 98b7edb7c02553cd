"""The API's description, and that nothing it allows can break the service."""

import asyncio
import json
import re
from contextlib import suppress
from functools import cache
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from litestar.serialization import encode_json

from learntrack.app import create_app
from tests.conftest import settings as service_settings
from tests.examples import usually
from tests.support import ANONYMOUS, ROOT, Api, Person, exercise, new_id

pytestmark = pytest.mark.engines("mongomock", "embedded")


async def description(api: Api) -> Any:
    return (await api.send("GET", "/schema/openapi.json")).json()


async def test_the_page_loads_nothing_from_elsewhere(api: Api) -> None:
    page = (await api.send("GET", "/schema/")).text
    loaded = re.findall(r"""(?:src|href)=["']([^"']+)["']""", page)

    assert len(loaded) == 4, loaded
    for address in loaded:
        assert address.startswith("/schema-assets/")
        answer = await api.send("GET", address)
        assert answer.status_code == 200, address
        assert len(answer.content) > 500, address


async def test_every_operation_is_described_with_example_and_errors(api: Api) -> None:
    found = await description(api)

    assert found["openapi"].startswith("3.1")
    for path, operations in found["paths"].items():
        for method, operation in operations.items():
            where = f"{method} {path}"
            assert operation["summary"], where
            assert operation["description"], where
            if path.startswith("/health"):
                continue  # needs no token
            assert {"401", "503"} <= set(operation["responses"]), where
            for content in operation["responses"]["200"]["content"].values():
                assert content["examples"], where
            if "requestBody" in operation:
                assert operation["requestBody"]["content"]["application/json"]["schema"]["examples"], where
                assert "400" in operation["responses"], where
            for parameter in operation.get("parameters", []):
                assert parameter["description"], where


async def test_fields_are_described(api: Api) -> None:
    schemas = (await description(api))["components"]["schemas"]

    for name in ("SessionStart", "SessionUpdate", "Interaction"):
        [schema] = [schema for key, schema in schemas.items() if key.endswith(name)]
        for field, shape in schema["properties"].items():
            assert "description" in str(shape), f"{name}.{field}"


async def test_the_page_needs_no_other_host(api: Api) -> None:
    page = (await api.send("GET", "/schema")).text

    assert "openapi" in page
    loaded = re.findall(r"""(?:src|href)=["']([^"']+)""", page)
    assert loaded
    for address in loaded:
        assert address.startswith("/")
        assert (await api.send("GET", address)).status_code == 200


SCHEMA = schemathesis.openapi.from_dict(
    json.loads(encode_json(create_app(service_settings()).openapi_schema.to_schema()))
)


OPERATIONS = sorted(
    (operation.ok() for operation in SCHEMA.get_all_operations()), key=lambda operation: operation.label
)


@cache
def cases_of(label: str) -> list[schemathesis.Case]:
    """Requests to an operation, as the description allows them and as it does not.

    Drawn once for all engines, because drawing takes longer than sending.
    """
    [operation] = [operation for operation in OPERATIONS if operation.label == label]
    cases: list[schemathesis.Case] = []
    for mode in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE):

        @settings(
            max_examples=usually(4, thoroughly=100),
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        )
        @given(operation.as_strategy(generation_mode=mode))
        def draw(case: schemathesis.Case) -> None:
            cases.append(case)

        with suppress(Unsatisfiable):  # nothing of this operation can be wrong by its description
            draw()
    assert cases
    return cases


@pytest.mark.parametrize("operation", [operation.label for operation in OPERATIONS])
async def test_no_input_is_a_server_error(api: Api, operation: str) -> None:
    """Bodies and parameters as the description allows, and does not, by anybody: no 5xx, refusals change nothing."""
    learner = Person(new_id())
    session = (await api.start(learner, **exercise()))["session_id"]
    callers = (ROOT, learner, ROOT if "roster" in operation else ANONYMOUS)
    cases = await asyncio.to_thread(cases_of, operation)
    if api.engine != "mongomock":
        cases = cases[:: usually(4, thoroughly=1)]  # most is refused before any engine is asked
    for number, case in enumerate(cases):
        by = callers[number % len(callers)]
        before = None if case.method == "GET" else await api.stored()
        path = case.formatted_path if case.method == "GET" else case.path.replace("{session_id}", session)
        body = None if isinstance(case.body, schemathesis.core.NotSet) else case.body
        more = {"content": body} if isinstance(body, bytes) else {"json": body}
        query = {key: value for key, value in (case.query or {}).items() if isinstance(value, (str, int))}
        try:
            api.client.build_request(case.method, path, params=query, **more)
        except (UnicodeEncodeError, ValueError):
            continue  # cannot even be sent
        response = await api.send(case.method, path, by, params=query, **more)
        assert response.status_code < 500, (response.status_code, case.method, path, body, query)
        if response.status_code >= 400 and before is not None:
            assert await api.stored() == before
