"""What the API's description says, so that what is generated from it is pleasant to use."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from litestar.serialization import encode_json

from learntrack.web.values import ID_PATTERN
from tests.web.described import app

ALIASES = {"kolibri_start_session", "kolibri_update_session", "kolibri_get_total_progress"}


@cache
def document() -> Any:
    return json.loads(encode_json(app().openapi_schema.to_schema()))


def operations() -> list[Any]:
    return [
        pytest.param(operation, id=f"{method} {path}")
        for path, methods in sorted(document()["paths"].items())
        for method, operation in methods.items()
    ]


def schemas(value: Any = None, where: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of the description, wherever it stands, but for examples."""
    value = document() if value is None else value
    if isinstance(value, dict):
        yield where, value
        for name, inner in value.items():
            if name not in ("example", "examples"):
                yield from schemas(inner, f"{where}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from schemas(inner, where)


def fields(name: str) -> Any:
    return document()["components"]["schemas"][name]["properties"]


@pytest.mark.parametrize("operation", operations())
def test_an_error_is_a_problem_document_but_for_the_400s_of_aliases(operation: Any) -> None:
    for status, answer in operation["responses"].items():
        if status < "400" or "Operations" in operation["tags"]:
            continue
        [(media_type, content)] = answer["content"].items()
        if status == "400" and operation["operationId"] in ALIASES:
            assert media_type == "application/json"
            assert {each["type"] for each in content["schema"]["anyOf"]} == {"array", "object"}
        else:
            assert media_type == "application/problem+json"
            assert content["schema"] == {"$ref": "#/components/schemas/ProblemDocument"}


@pytest.mark.parametrize("operation", operations())
def test_an_operation_has_a_name_for_a_function(operation: Any) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", operation["operationId"])
    assert operation.get("deprecated", False) == (operation["operationId"] in ALIASES)
    assert set(operation["tags"]) <= {tag["name"] for tag in document()["tags"]}


@pytest.mark.parametrize("operation", operations())
def test_every_example_is_valid(operation: Any) -> None:
    contents = [content for answer in operation["responses"].values() for content in answer.get("content", {}).items()]
    for media_type, content in contents:
        for example in content.get("examples", {}).values():
            if "json" in media_type and media_type != "application/jsonl":
                validate(example["value"], content["schema"])
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        for example in schema["examples"]:
            validate(example, schema)


def validate(value: Any, schema: Any) -> None:
    rooted = {"components": document()["components"], **schema}
    errors = [error.message for error in Draft202012Validator(rooted).iter_errors(value)]
    assert errors == []


def test_no_choice_has_one_alternative_and_no_default_stands_beside_null() -> None:
    for where, schema in schemas():
        for key in ("oneOf", "anyOf"):
            assert len(schema.get(key, "two")) > 1, where
        if "anyOf" in schema and {"type": "null"} in schema["anyOf"]:
            assert "default" not in schema, where
        assert schema.get("type") != "array" or "items" in schema, where


@pytest.mark.parametrize(
    ("shape", "field", "limits"),
    [
        ("SessionUpdate", "progress", {"type": "number", "minimum": 0, "maximum": 1}),
        ("SessionUpdate", "progress_delta", {"type": "number", "minimum": 0, "maximum": 1}),
        ("SessionUpdate", "time_spent_delta", {"minimum": 0, "maximum": 1e9}),
        (
            "SessionStart",
            "node_id",
            {"type": "string", "pattern": ID_PATTERN},
        ),
        ("SessionStart", "kind", {"$ref": "#/components/schemas/Kind"}),
        ("SessionStart", "test_type", {"$ref": "#/components/schemas/TestType"}),
        ("SessionUpdate", "extra_fields", {"type": "object", "additionalProperties": True}),
    ],
)
def test_a_field_that_may_be_null_keeps_its_limits(shape: str, field: str, limits: dict[str, Any]) -> None:
    [schema] = [each for each in fields(shape)[field]["anyOf"] if each != {"type": "null"}]

    assert limits.items() <= schema.items()


def test_simple_answers_have_a_longest() -> None:
    assert fields("Interaction")["simple_answer"]["anyOf"][0]["maxLength"] >= 10_000


def parameters(operation_id: str) -> dict[str, Any]:
    [operation] = [each.values[0] for each in operations() if each.values[0]["operationId"] == operation_id]
    return {parameter["name"]: parameter for parameter in operation["parameters"]}


def test_query_parameters_have_types() -> None:
    listed, diff = parameters("list_mastery_logs"), parameters("get_mastery_log_diff")

    types = {name: parameter["schema"]["type"] for name, parameter in listed.items()}
    assert {name for name, kind in types.items() if kind == "boolean"} == {"complete", "quiz"}
    assert {name for name, kind in types.items() if kind == "integer"} == {"page", "page_size"}
    assert {name for name, kind in types.items() if kind == "string"} == types.keys() - {
        *("complete", "quiz", "page", "page_size")
    }
    assert parameters("list_attempt_logs")["mastery_level"]["schema"]["type"] == "integer"
    assert {name for name, parameter in diff.items() if parameter["required"]} == {"index", "content", "user"}
    assert diff["index"]["schema"]["type"] == "integer"
    assert parameters("get_report")["format"]["schema"]["enum"] == ["json", "csv", "jsonl"]


def test_a_report_may_be_csv() -> None:
    [report] = [each.values[0] for each in operations() if each.values[0]["operationId"] == "get_report"]

    assert report["responses"]["200"]["content"].keys() == {"application/json", "text/csv"}


def test_the_licence_is_said() -> None:
    assert document()["info"]["license"] == {"name": "MIT", "identifier": "MIT"}
