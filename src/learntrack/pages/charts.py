"""Geometry of the small charts: plain numbers, which the templates put into SVG."""

from collections.abc import Iterator, Sequence

_GAP = 1.0
_LEAST = 1.0
"""Per cent: what a part above nothing is at least, so that it can be seen."""


def parts(shares: Sequence[tuple[float, float, str]]) -> list[tuple[float, float, str]]:
    """The parts of a stacked bar, each of `(amount, of, class)`, as `(x, width, class)` in per cent."""
    found = []
    at = 0.0
    for amount, of, kind in shares:
        if amount > 0 and of > 0:
            width = max(_LEAST, 100 * min(1.0, amount / of))
            found.append(
                (round(at, 2), round(max(_LEAST, min(width, 100 - at) - (_GAP if at + width < 99.5 else 0)), 2), kind)
            )
            at += width
    return found


def strip(right: Sequence[bool], most: int = 10) -> Iterator[tuple[float, float, str]]:
    """The bars of an answer strip, the newest at its end: right ones up, wrong ones down."""
    offset = most - len(right)
    for number, is_right in enumerate(right):
        yield 0.5 + 8.8 * (number + offset), 2.0 if is_right else 13.0, "right" if is_right else "wrong"
