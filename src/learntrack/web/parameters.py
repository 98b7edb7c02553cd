"""Parameters that several endpoints take in their query strings."""

from typing import Annotated, Any

from litestar.params import Parameter


def query(description: str) -> Any:
    """An optional parameter."""
    return Parameter(description=description, required=False)


Content = Annotated[str | None, query("Only this content.")]
Facility = Annotated[str | None, query("Only learners of this facility.")]
Classroom = Annotated[str | None, query("Only learners of this classroom, its groups included.")]
PageNumber = Annotated[str | None, query("Which page, from 1; means nothing without page_size.")]
PageSize = Annotated[str | None, query("Answer with a page of this many rows instead of a plain list.")]
