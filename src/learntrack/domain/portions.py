"""What is divided: so many things at once, or portions bounded by size, too, of what is done, or stored, together."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def in_parts(things: Sequence[T], most: int) -> Iterator[Sequence[T]]:
    """Things in their order, so many at once; of a list lists, of a tuple tuples."""
    return (things[first : first + most] for first in range(0, len(things), most))


def portions(things: Iterable[T], size: Callable[[T], int], *, most: int, most_size: int) -> Iterator[list[T]]:
    """Things in their order, in portions; one that is too large is a portion by itself.

    Args:
        things: What is divided.
        size: How large one is: the entries of its lists, or its bytes.
        most: Things of a portion.
        most_size: What the things of a portion may add up to.

    """
    portion: list[T] = []
    total = 0
    for thing in things:
        more = size(thing)
        if portion and (len(portion) == most or total + more > most_size):
            yield portion
            portion, total = [], 0
        portion.append(thing)
        total += more
    if portion:
        yield portion
