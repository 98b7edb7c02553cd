"""Parameters that several endpoints take in their query strings, and how filters among them are read."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, TypeVar

from litestar.openapi.spec import OpenAPIType
from litestar.params import QueryParameter

from learntrack.errors import InvalidFields, field_error
from learntrack.web.values import ID_PATTERN

T = TypeVar("T")

_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def query(description: str, **schema: Any) -> Any:
    """An optional parameter; `schema` is what the description says of it besides, by the names of Litestar's `Schema`.

    A handler takes it as a text, which `read_filters` reads: what is odd is told as any other wrong field.
    """
    return QueryParameter(description=description, required=False, schema_extra={"one_of": None} | (schema or TEXT))


TEXT: dict[str, Any] = {"type": OpenAPIType.STRING}
ID: dict[str, Any] = TEXT | {"pattern": ID_PATTERN}
BOOLEAN: dict[str, Any] = {"type": OpenAPIType.BOOLEAN}
WHOLE_NUMBER: dict[str, Any] = {"type": OpenAPIType.INTEGER}
COUNT: dict[str, Any] = WHOLE_NUMBER | {"minimum": 1, "maximum": 2**31 - 1}


def read_boolean(text: str) -> bool:
    """What a filter that is true or false says; 1 and 0 are these too.

    Raises:
        ValueError: it says neither.

    """
    if text.lower() not in _BOOLEANS:
        raise ValueError("Must be true or false.")
    return _BOOLEANS[text.lower()]


C = TypeVar("C", bound=str)


def one_of(choices: Sequence[str]) -> dict[str, Any]:
    """How a parameter is described that `read_choice` reads."""
    return TEXT | {"enum": list(choices)}


def read_choice(name: str, text: str, choices: Sequence[C]) -> C:
    """Which of these a parameter names.

    Raises:
        InvalidFields: none of them.

    """
    for choice in choices:
        if choice == text:
            return choice
    raise field_error(name, f"Must be one of {', '.join(choices)}." if len(choices) > 1 else f"Must be {choices[0]}.")


def read_filters(
    shape: Callable[..., T], readers: Mapping[str, Callable[[str], Any]], sent: Mapping[str, str | None]
) -> T:
    """The filters that a query string or a command line asks for; empty ones count as absent.

    Args:
        shape: What holds them.
        readers: How the text of each is read; a `ValueError` says what is wrong with it.
        sent: The texts.

    Raises:
        InvalidFields: one is malformed.

    """
    found: dict[str, Any] = {}
    errors: dict[str, list[str]] = {}
    for name, text in sent.items():
        if not text:
            continue
        try:
            found[name] = readers[name](text)
        except ValueError as error:
            errors[name] = [str(error)]
    if errors:
        raise InvalidFields(errors)
    return shape(**found)


OnlyContent = Annotated[str | None, query("Only this content.", **ID)]
OnlyFacility = Annotated[str | None, query("Only learners of this facility.", **ID)]
OnlyClassroom = Annotated[str | None, query("Only learners of this classroom, its groups included.", **ID)]
PageNumber = Annotated[str | None, query("Which page, from 1; means nothing without page_size.", **COUNT)]
PageSize = Annotated[str | None, query("Answer with a page of this many rows instead of a plain list.", **COUNT)]
