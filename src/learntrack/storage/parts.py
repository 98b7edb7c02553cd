"""Rows a part at a time."""

from collections.abc import AsyncIterator, Callable
from typing import TypeVar

T = TypeVar("T")


async def in_parts_of(rows: AsyncIterator[T], most: int | Callable[[], int]) -> AsyncIterator[list[T]]:
    """The rows in lists of at most so many, so that what belongs to them can be looked up together."""
    part: list[T] = []
    async for row in rows:
        part.append(row)
        if len(part) >= (most if isinstance(most, int) else most()):
            yield part
            part = []
    if part:
        yield part
