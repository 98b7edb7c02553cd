"""How each refusal is told over HTTP."""

import inspect
from typing import Any

import msgspec
import pytest
from litestar.exceptions import ClientException, ValidationException

from learntrack import errors
from learntrack.errors import InvalidFields, NotFound, QuizFinished, Refusal, StartedAlready
from learntrack.web import problems
from learntrack.web.problems import document_of, errors_of, invalid, status_of

REFUSALS = [
    kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, Refusal) and kind is not Refusal
]


@pytest.mark.parametrize("kind", REFUSALS)
def test_every_refusal_has_a_status_that_the_description_explains(kind: type[Refusal]) -> None:
    status = status_of(kind.__new__(kind))

    assert status in problems._MEANING
    assert status in problems._DETAILS


def test_a_refusal_of_a_kind_is_told_as_that_kind() -> None:
    assert {kind: status_of(kind.__new__(kind)).value for kind in (QuizFinished, StartedAlready)} == {
        QuizFinished: 403,
        StartedAlready: 409,
    }


def test_only_who_has_sent_a_wrong_field_is_told_of_fields() -> None:
    told = msgspec.to_builtins(document_of(InvalidFields({"kind": ["Must be one of video, audio."]})))
    assert (told["status"], told["errors"]) == (400, {"kind": ["Must be one of video, audio."]})

    told = msgspec.to_builtins(document_of(NotFound("There is no such try.")))
    assert told == {"status": 404, "title": "Not Found", "detail": "There is no such try."}


REQUIRED = "This field is required."


class Part(msgspec.Struct):
    item: str


class Sent(msgspec.Struct):
    parts: list[Part]
    key: Any = None


@pytest.mark.parametrize(
    ("sent", "field", "said"),
    [
        ({}, "parts", REQUIRED),
        ({"parts": [{"item": "a"}, {}]}, "parts[1].item", REQUIRED),
        ({"parts": [{"item": 1}]}, "parts[0].item", "Expected 'str', got 'int'"),
        ([], "body", "Expected 'object', got 'array'"),
    ],
)
def test_a_wrong_value_is_named_by_its_path(sent: Any, field: str, said: str) -> None:
    with pytest.raises(msgspec.ValidationError) as wrong:
        msgspec.convert(sent, Sent)

    assert invalid(wrong.value).errors == {field: [said]}


@pytest.mark.parametrize(
    ("error", "fields"),
    [
        (ValidationException("no", extra=[{"key": "data.kind", "message": "odd"}]), {"kind": ["odd"]}),
        (
            ValidationException("no", extra=[{"key": "a", "message": "1"}, {"key": "a", "message": "2"}]),
            {"a": ["1", "2"]},
        ),
        (ValidationException("no", extra=[{"message": "Object missing required field `kind`"}]), {"kind": [REQUIRED]}),
        (ValidationException("no", extra={"odd": 1}), {"body": ["no"]}),
        (ClientException("broken JSON"), {"body": ["broken JSON"]}),
    ],
)
def test_what_the_framework_could_not_read_is_named_too(error: Any, fields: dict[str, list[str]]) -> None:
    assert errors_of(error) == fields
