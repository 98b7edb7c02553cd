"""The line chart of progress: along in per cent of its width, up in pixels, so that texts keep their size."""

from collections.abc import Sequence
from datetime import timedelta
from math import ceil

from msgspec import Struct

from learntrack.pages.days import Tick
from learntrack.pages.learner_page import Point
from learntrack.pages.words import Words

_WIDTH, _TOP, _BASE = 100.0, 24.0, 170.0
_FAR = timedelta(days=10)
"""Labels nearer to the first point would run into the axis."""
_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
_APART = 14.0
_NAME = 8
"""Letters of a name that stand at the end of its line."""


class LineChart(Struct):
    """What is drawn, and told to who cannot see it."""

    own: str
    of_class: str
    own_end: float
    class_end: float
    own_label: float
    own_last: str
    class_last: str
    ticks: list[Tick]
    labels: list[Tick]
    told: str


def line_chart(points: Sequence[Point], name: str, words: Words) -> LineChart | None:
    """The chart of these points, which are those of somebody of this name; None of fewer than two."""
    if len(points) < 2:
        return None
    most = max(max(point.own, point.of_class or 0) for point in points)
    step = next((each for each in _STEPS if most / each <= 4), _STEPS[-1])
    top = step * max(1, ceil(most / step))
    span = (points[-1].day - points[0].day).days or 1

    def x(point: Point) -> float:
        along = round(_WIDTH * (point.day - points[0].day).days / span, 2)
        return round(_WIDTH - along, 2) if words.direction == "rtl" else along

    def y(value: float) -> float:
        return round(_BASE - (_BASE - _TOP) * value / top, 1)

    last, class_last = points[-1], points[-1].of_class
    own_end, class_end = y(last.own), y(class_last or 0)
    label = own_end
    if class_last is not None and abs(own_end - class_end) < _APART:
        label = class_end + (_APART if own_end >= class_end else -_APART)
    every = max(1, ceil(len(points) / 4))
    labelled = [point for point in points[::-every] if point is points[0] or point.day - points[0].day > _FAR]
    return LineChart(
        own=" ".join(f"{x(point)},{y(point.own)}" for point in points),
        of_class=" ".join(f"{x(point)},{y(point.of_class)}" for point in points if point.of_class is not None),
        own_end=own_end,
        class_end=class_end,
        own_label=label,
        own_last=f"\u2068{_short(name)}\u2069 {words.number(last.own)}",
        class_last=words.number(class_last or 0, 1),
        ticks=[Tick(y(value), words.number(value)) for value in range(0, top + 1, step)],
        labels=[Tick(x(point), words.day(point.day), spare=number % 2 == 1) for number, point in enumerate(labelled)],
        told=", ".join(f"{words.day(point.day)} {words.number(point.own)}" for point in points),
    )


def _short(name: str) -> str:
    """The beginning of a name, its first word at most."""
    first = (name.split(maxsplit=1) or [name])[0]
    return first if len(first) <= _NAME else f"{first[: _NAME - 1]}…"
