"""How values are read (contract, *How values are read*)."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
import pytest

from learntrack.errors import InvalidFields
from learntrack.web.values import Fraction, Id, ItemName, PlainText, Seconds, WholeNumber, read_as, read_text


class Part(msgspec.Struct):
    """A part of a body."""

    item: ItemName | None = None


class Body(msgspec.Struct):
    """A body with a field of each kind."""

    share: Fraction | None = None
    seconds: Seconds | None = None
    whole: WholeNumber | None = None
    flag: bool | None = False
    item: ItemName | None = None
    text: Annotated[PlainText | None, msgspec.Meta(description="Described.")] = None
    id: Id | None = None
    kind: Literal["video", "quiz"] | None = None
    at: datetime | None = None
    anything: dict[str, Any] | None = None
    part: Part | None = None
    parts: list[Part] | None = None
    ids: list[Id] | None = None


ID = "4c796e62e07e589eb931961dd0b3db4c"


@pytest.mark.parametrize(
    ("field", "sent", "value"),
    [
        ("share", True, 1.0),
        ("share", False, 0.0),
        ("share", 1, 1.0),
        ("share", "0.25", 0.25),
        ("share", " 1 ", 1.0),
        ("share", "5e-1", 0.5),
        ("seconds", True, 1.0),
        ("seconds", "12.5", 12.5),
        ("whole", 3.0, 3),
        ("whole", "-3", -3),
        ("whole", "3.0", 3),
        ("whole", True, 1),
        ("whole", -(2**63), -(2**63)),
        ("flag", 1, True),
        ("flag", 0.0, False),
        ("flag", "TRUE", True),
        ("flag", " False ", False),
        ("flag", "0", False),
        ("text", 7, "7"),
        ("text", 1.5, "1.5"),
        ("text", " a b\t\n", "a b"),
        ("text", "   ", ""),
        ("text", "null", "null"),
        ("text", "x" * 65_536, "x" * 65_536),
        ("item", 12, "12"),
        ("item", " " + "x" * 1000 + " ", "x" * 1000),
        ("id", ID.upper(), ID.upper()),
        ("kind", "video ", "video"),
        ("at", " 2026-03-02T09:14:05Z ", datetime(2026, 3, 2, 9, 14, 5, tzinfo=UTC)),
        ("anything", {"a": " 7 ", "b": None}, {"a": " 7 ", "b": None}),
        ("parts", [{"item": 1}, {"item": " 2 ", "unknown": []}], [Part("1"), Part("2")]),
        ("ids", [ID], [ID]),
    ],
)
def test_a_value_is_read_as_its_field_means_it(field: str, sent: Any, value: Any) -> None:
    found = getattr(read_as(Body, {field: sent}), field)

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("field", "sent"),
    [
        *(("share", value) for value in ("half", "", "NaN", "inf", "1e999", float("nan"), [], 1.01, -0.1, "2", "null")),
        *(("seconds", value) for value in (-1, float("inf"), 1e10, {}, "9" * 2000)),
        *(("whole", value) for value in (1.5, "1.5", 2**63, 1e20, "x", [])),
        *(("flag", value) for value in (2, -1, "yes", "", [], {}, 0.5)),
        *(("text", value) for value in (True, [], {}, "x" * 65_537, float("inf"))),
        *(("item", value) for value in ("", " \n ", "x" * 1001, False, float("-inf"))),
        *(("id", value) for value in (7, "xyz", f"{ID}0", f"{ID}\n", f" {ID}")),
        *(("kind", value) for value in ("film", 7, True, [], {})),
        *(("at", value) for value in (0, 1.5, "now")),
        *(("anything", value) for value in ([], "null", "{}", 1)),
        *(("part", value) for value in ([], "x", 1)),
        *(("parts", value) for value in ({}, "x", 1)),
    ],
)
def test_what_no_reading_fits_is_refused_by_its_field(field: str, sent: Any) -> None:
    with pytest.raises(InvalidFields) as refused:
        read_as(Body, {field: sent})

    assert list(refused.value.errors) == [field]


@pytest.mark.parametrize(
    ("sent", "path"),
    [
        ({"parts": [{}, {"item": []}]}, "parts[1].item"),
        ({"parts": [{}, 5]}, "parts[1]"),
        ({"part": {"item": {}}}, "part.item"),
        ([], "body"),
        ("text", "body"),
    ],
)
def test_a_refusal_names_the_path(sent: Any, path: str) -> None:
    with pytest.raises(InvalidFields) as refused:
        read_as(Body, sent)

    assert list(refused.value.errors) == [path]


def test_a_number_that_is_not_finite_is_named_by_its_path_within_a_list() -> None:
    class Numbers(msgspec.Struct):
        numbers: list[Seconds]

    class Outer(msgspec.Struct):
        inner: Numbers

    with pytest.raises(InvalidFields) as refused:
        read_as(Outer, {"inner": {"numbers": [1, "nan"]}})

    assert list(refused.value.errors) == ["inner.numbers[1]"]


def test_a_wrong_choice_is_told_the_choices() -> None:
    with pytest.raises(InvalidFields) as refused:
        read_as(Body, {"kind": "film"})

    assert refused.value.errors == {"kind": ["Must be one of quiz, video."]}


def test_null_is_the_same_as_left_out() -> None:
    nothing = read_as(Body, {})

    assert read_as(Body, dict.fromkeys(Body.__struct_fields__)) == nothing
    assert nothing.flag is False


@pytest.mark.parametrize(
    ("sent", "text"), [(" k ", "k"), (7, "7"), (None, None), ([], None), (True, None), (float("inf"), None)]
)
def test_a_text_is_read_alone_as_in_a_shape(sent: Any, text: str | None) -> None:
    assert read_text(sent) == text
