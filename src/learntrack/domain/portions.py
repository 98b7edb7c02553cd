"""Portions of what is written: each done at once, before others have their turn."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def portions(things: Iterable[T], entries: Callable[[T], int], *, most: int, most_entries: int) -> Iterator[list[T]]:
    """Things in their order, in portions; one that is too large is a portion by itself.

    Args:
        things: What is divided.
        entries: How many entries the lists of one have.
        most: Things of a portion.
        most_entries: Entries of a portion.

    """
    portion: list[T] = []
    size = 0
    for thing in things:
        more = entries(thing)
        if portion and (len(portion) == most or size + more > most_entries):
            yield portion
            portion, size = [], 0
        portion.append(thing)
        size += more
    if portion:
        yield portion
