"""The two list shapes: a plain list, or with page_size a page of it."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar, Union

from litestar.params import Body
from msgspec import Meta, Struct

from learntrack.errors import NotFound, field_error
from learntrack.storage.database import Row, Stage

T = TypeVar("T")

_COUNT = "_count"
_LARGEST = 2**31


class PageRequest(Struct, frozen=True):
    """Which page is asked for: number from 1, and how many rows it has at the most."""

    number: int
    size: int

    @property
    def skip(self) -> int:
        """How many rows come before the page."""
        return (self.number - 1) * self.size


class Page(Struct, Generic[T]):
    """One page of a list."""

    page: Annotated[int, Meta(description="The number of this page, from 1.")]
    count: Annotated[int, Meta(description="How many rows the whole list has.")]
    total_pages: Annotated[int, Meta(description="How many pages it has.")]
    results: list[T]


def listed(*rows: type) -> Any:
    """The shape of a list of rows, all of one of these shapes, for the API's description: plain, or a page."""
    shapes: list[Any] = []
    for row in rows:
        name = f"{row.__name__.removesuffix('Row').removesuffix('Record')}Page"
        shapes += [list[row], Annotated[Page[row], Body(schema_component_key=name)]]  # type: ignore[valid-type]
    return Union[tuple(shapes)]  # noqa: UP007


def page_request(page: str | None, page_size: str | None) -> PageRequest | None:
    """The page asked for; None asks for the plain list (`page` alone means nothing).

    Raises:
        InvalidFields: page_size is not a whole number of at least 1.
        NotFound: page is not a whole number of at least 1.

    """
    if not page_size:
        return None
    if not _is_whole(page_size) or not 1 <= int(page_size) < _LARGEST:
        raise field_error("page_size", "Must be a whole number of at least 1.")
    if not page:
        return PageRequest(1, int(page_size))
    if not _is_whole(page) or not 1 <= int(page) < _LARGEST:
        raise NotFound("There is no such page.")
    return PageRequest(int(page), int(page_size))


def paged(
    collection: str,
    source: Sequence[Stage],
    shape: Sequence[Stage],
    page: PageRequest,
    *,
    counted: Sequence[Stage] | None = None,
) -> list[Stage]:
    """One aggregation for a page and the count of the whole: `source` are the rows in order, `shape` forms those of
    the page; `counted` are as many rows as the source's, where another index counts them sooner.

    Not a `$facet`, within which no index would serve the order; and no `$count`, which secantusd-py refuses in a
    sub-pipeline.
    """
    unsorted = [stage for stage in source if "$sort" not in stage] if counted is None else counted
    return [
        *source,
        {"$skip": page.skip},
        {"$limit": page.size},
        *shape,
        {"$unionWith": {"coll": collection, "pipeline": [*unsorted, {"$group": {"_id": None, _COUNT: {"$sum": 1}}}]}},
    ]


def page_of(rows: list[Row], page: PageRequest, shape: Callable[..., T]) -> Page[T]:
    """The page that an aggregation made by `paged` returned, its rows in this shape.

    Raises:
        NotFound: it is out of range (page 1 of nothing is there).

    """
    count = next((row[_COUNT] for row in rows if _COUNT in row), 0)
    return page_with([shape(**row) for row in rows if _COUNT not in row], count, page)


def page_with(results: list[T], count: int, page: PageRequest) -> Page[T]:
    """The page with these rows, of a list of `count`.

    Raises:
        NotFound: it is out of range.

    """
    total = max(1, -(-count // page.size))
    if page.number > total:
        raise NotFound("There is no such page.")
    return Page(page=page.number, count=count, total_pages=total, results=results)


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 10
