"""Which of very many contents and learners a page shows at once: a lesson may have ten thousand, a class a thousand."""

from collections.abc import Sequence
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from learntrack.pages.class_page import ColumnGroup, Grid

AT_ONCE = 250
"""Contents of a page; those before and after are a link away."""
LEARNERS_AT_ONCE = 100
"""Learners of a page, likewise: each has a cell for each of its contents."""
_MOST_DIGITS = 5
Thing = TypeVar("Thing")


class Stretch(Struct, frozen=True):
    """The things from `first` (the first is 0) up to, without, `end`, of so many in all."""

    first: int
    end: int
    all: int
    at_once: int = AT_ONCE

    @property
    def is_whole(self) -> bool:
        """Whether these are all."""
        return self.end - self.first == self.all

    @property
    def before(self) -> int | None:
        """Where the stretch before this one begins; None where this is the first."""
        return max(0, self.first - self.at_once) if self.first else None

    @property
    def after(self) -> int | None:
        """Where the next one begins; None where this is the last."""
        return self.end if self.end < self.all else None

    def of(self, things: Sequence[Thing]) -> list[Thing]:
        """Those of these things that are in it."""
        return list(things[self.first : self.end])


def stretch_of(count: int, skip: str | None, at_once: int = AT_ONCE) -> Stretch:
    """The stretch of so many things that is asked for: from the `skip`th on; from the first where that is none."""
    asked = int(skip) if skip and skip.isdecimal() and len(skip) <= _MOST_DIGITS else 0
    first = asked if asked < count else 0
    return Stretch(first, min(first + at_once, count), count, at_once)


def places_of(groups: Sequence[ColumnGroup]) -> dict[str, tuple[str, str]]:
    """Where a learner's page shows each content first: under which lesson (or `all`), and how many to skip, if any."""
    found: dict[str, tuple[str, str]] = {}
    before = 0
    for group in groups:
        for number, column in enumerate(group.columns):
            lesson, at = (group.lesson.id, number) if group.lesson is not None else ("all", before + number)
            skip = at // AT_ONCE * AT_ONCE
            found.setdefault(column.content.id, (lesson, str(skip) if skip else ""))
        before += len(group.columns)
    return found


def groups_in(groups: Sequence[ColumnGroup], stretch: Stretch) -> list[ColumnGroup]:
    """The groups of columns, with those of their columns that are in it."""
    found, at = [], 0
    for group in groups:
        columns = group.columns[max(0, stretch.first - at) : max(0, stretch.end - at)]
        at += len(group.columns)
        if columns:
            found.append(replace(group, columns=columns))
    return found


def grid_in(grid: Grid, stretch: Stretch, learners: Stretch) -> Grid:
    """The grid with the contents and learners that are in these; what is counted of one is of all of the other."""
    if stretch.is_whole and learners.is_whole:
        return grid
    lines = [replace(line, cells=stretch.of(line.cells)) for line in learners.of(grid.lines)]
    return Grid(groups_in(grid.groups, stretch), lines)
