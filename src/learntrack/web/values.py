"""How ids, numbers and texts are read and shown, in every shape of the API.

What a client sends is read here and nowhere else, be it a request's body or an item of a batch (contract, *How values
are read*): `read` brings each value into the form that its field has, then msgspec checks it. Readers are made once a
shape, from its fields' types.
"""

from collections.abc import Callable, Mapping
from functools import cache
from math import isfinite
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, inspect

from learntrack.domain.moments import LONGEST_SECONDS
from learntrack.errors import field_error
from learntrack.web.problems import invalid

# What `parse_id` takes. A `$` alone would let a line feed follow, and JSON Schema has no `\Z`.
ID_PATTERN = r"^([0-9a-fA-F]{32}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$(?!\n)"
Id = Annotated[
    str,
    Meta(
        pattern=ID_PATTERN,
        description="A UUID, with or without dashes.",
        examples=["4c796e62e07e589eb931961dd0b3db4c"],
    ),
]
OutId = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$", description="A UUID as 32 lowercase hex digits.")]
Criterion = Annotated[
    dict[str, Any],
    Meta(
        title="MasteryCriterion",
        extra_json_schema={
            "required": ["type"],
            "properties": {
                "type": {"type": "string", "description": "Such as m_of_n, quiz or pre_post_test."},
                "m": {"type": "integer"},
                "n": {"type": "integer"},
                "coach_assigned": {"type": "boolean"},
                "version": {"type": "string", "description": "Of a pre- or post-test: A or B."},
                "test_type": {"type": "string", "description": "Of a pre- or post-test: pre or post."},
            },
        },
    ),
]
"""What a try demands. What is stored is shown as it is, so that an imported one may have more."""
HistoryEntry = Annotated[
    dict[str, Any],
    Meta(
        title="HistoryEntry",
        extra_json_schema={
            "properties": {
                "type": {"type": "string", "description": "answer, hint or error."},
                "answer": {"description": "What was answered."},
                "correct": {"type": "number"},
            },
        },
    ),
]
"""What an interaction did, as it is stored."""
Fraction = Annotated[float, Meta(ge=0, le=1)]
ItemName = Annotated[str, Meta(min_length=1, max_length=1000)]
PlainText = Annotated[str, Meta(max_length=65_536)]
WholeNumber = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Seconds = Annotated[float, Meta(ge=0, le=LONGEST_SECONDS)]

S = TypeVar("S", bound=msgspec.Struct)
_Reader = Callable[[Any], Any]

_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_LONGEST_NUMBER = 1000
"""Characters of a text that may be a number."""


class _Misread(Exception):
    """A value that no form of its field fits; `path` grows on the way out, from the innermost name."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        self.path = ""

    def within(self, step: str) -> "_Misread":
        """The same, seen from one level further out."""
        self.path = step + self.path
        return self


def read_as(shape: type[S], sent: Any) -> S:
    """What was sent, in this shape; a field that is null counts as left out.

    Args:
        shape: A msgspec Struct.
        sent: JSON as plain values.

    Raises:
        InvalidFields: a field is missing or wrong, which it names by its path.

    """
    reader = _reader_of_shape(shape)
    try:
        return msgspec.convert(reader(sent), shape)
    except _Misread as error:
        raise field_error(error.path.lstrip(".") or "body", error.message) from None
    except msgspec.ValidationError as error:
        raise invalid(error) from None


def read_text(sent: Any) -> str | None:
    """A text as it is read where it must be known before its shape has been looked at; None if it is none."""
    try:
        text = _text(sent)
    except _Misread:
        return None
    return text if isinstance(text, str) else None


def _number(sent: Any) -> Any:
    """A number, a boolean or its text; what is none stays, for msgspec to say so."""
    if isinstance(sent, str) and len(sent) <= _LONGEST_NUMBER:
        try:
            sent = float(sent)
        except ValueError:
            return sent
    if isinstance(sent, bool):
        return float(sent)
    if isinstance(sent, float) and not isfinite(sent):
        raise _Misread("Must be a finite number.")
    return sent


def _whole_number(sent: Any) -> Any:
    if isinstance(sent, str) and len(sent) <= _LONGEST_NUMBER:
        try:
            return int(sent)
        except ValueError:
            pass
    number = int(sent) if isinstance(sent, bool) else _number(sent)
    return int(number) if isinstance(number, float) and number.is_integer() else number


def _boolean(sent: Any) -> Any:
    """True or false, 1 or 0, or one of these as a text in any case."""
    if isinstance(sent, str):
        return _BOOLEANS.get(sent.strip().lower(), sent)
    return bool(sent) if isinstance(sent, (int, float)) and sent in (0, 1) else sent


def _text(sent: Any) -> Any:
    """A text without white space at its ends, or a number's text."""
    if isinstance(sent, str):
        return sent.strip()
    if isinstance(sent, (int, float)) and not isinstance(sent, bool):
        return str(_number(sent))
    return sent


def _trimmed(sent: Any) -> Any:
    return sent.strip() if isinstance(sent, str) else sent


def _choice(kind: inspect.LiteralType) -> _Reader:
    choices = frozenset(kind.values)
    listed = ", ".join(map(str, kind.values))

    def reader(sent: Any) -> Any:
        chosen = _text(sent)
        if not isinstance(chosen, str) or chosen not in choices:
            raise _Misread(f"Must be one of {listed}.")
        return chosen

    return reader


def _list_of(entry: _Reader) -> _Reader:
    def reader(sent: Any) -> Any:
        if not isinstance(sent, list):
            return sent
        found = []
        try:
            for value in sent:
                found.append(entry(value))
        except _Misread as error:
            raise error.within(f"[{len(found)}]") from None
        return found

    return reader


def _fields_of(shape: type[Any]) -> _Reader:
    described = inspect.type_info(shape)
    assert isinstance(described, inspect.StructType)
    readers: Mapping[str, _Reader | None] = {field.encode_name: _reader_of(field.type) for field in described.fields}

    def reader(sent: Any) -> Any:
        if not isinstance(sent, dict):
            return sent
        found = {}
        for name, value in sent.items():
            if value is None or name not in readers:
                continue
            field = readers[name]
            try:
                found[name] = value if field is None else field(value)
            except _Misread as error:
                raise error.within(f".{name}") from None
        return found

    return reader


_reader_of_shape = cache(_fields_of)


def _reader_of(kind: inspect.Type) -> _Reader | None:
    """How a field of this type is read; None: as it was sent."""
    while isinstance(kind, inspect.Metadata):
        kind = kind.type
    match kind:
        case inspect.UnionType():
            readers = [reader for each in kind.types if (reader := _reader_of(each)) is not None]
            return readers[0] if len(readers) == 1 else None
        case inspect.FloatType():
            return _number
        case inspect.IntType():
            return _whole_number
        case inspect.BoolType():
            return _boolean
        case inspect.StrType(pattern=None):
            return _text
        case inspect.StrType():
            return None  # an id: a line feed behind it makes another text of it
        case inspect.DateTimeType():
            return _trimmed
        case inspect.LiteralType():
            return _choice(kind)
        case inspect.StructType():
            return _reader_of_shape(kind.cls)
        case inspect.ListType():
            entry = _reader_of(kind.item_type)
            return None if entry is None else _list_of(entry)
        case _:
            return None
