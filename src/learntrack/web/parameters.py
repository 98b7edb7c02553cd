"""Parameters that several endpoints take in their query strings, and how filters among them are read."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar

from litestar.params import QueryParameter

from learntrack.errors import InvalidFields

T = TypeVar("T")


def query(description: str) -> Any:
    """An optional parameter."""
    return QueryParameter(description=description, required=False)


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


Content = Annotated[str | None, query("Only this content.")]
Facility = Annotated[str | None, query("Only learners of this facility.")]
Classroom = Annotated[str | None, query("Only learners of this classroom, its groups included.")]
PageNumber = Annotated[str | None, query("Which page, from 1; means nothing without page_size.")]
PageSize = Annotated[str | None, query("Answer with a page of this many rows instead of a plain list.")]
