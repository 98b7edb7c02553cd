"""Which try an assessment goes on with (contract, POST contentsession): the unfinished one, else the latest finished
one.

Tries of different kinds never mix, though they may be of the same content: see `mastery.try_kind`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

ORDER = {"complete": 1, "end_timestamp": -1, "start_timestamp": -1, "_id": 1}
"""The tries of one kind in the order in which they are gone on with, as a sort of the stored fields."""


class _Try(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def complete(self) -> bool: ...
    @property
    def start_timestamp(self) -> datetime: ...
    @property
    def end_timestamp(self) -> datetime: ...


Try = TypeVar("Try", bound=_Try)


@dataclass(slots=True)
class Tries(Generic[Try]):
    """A learner's tries of one kind at a content.

    Args:
        first: The first in `ORDER`.
        highest_level: The highest mastery level of all.
        others_finished: Whether all but the first are finished.
        others_end: The latest end of the others; None where there are none.

    """

    first: Try | None = None
    highest_level: int | None = None
    others_finished: bool = True
    others_end: datetime | None = None

    def to_resume(self, *, repeat: bool) -> Try | None:
        """The try to go on with; None where a new one begins: there is none, or a finished one is repeated."""
        if self.first is None or (self.first.complete and repeat):
            return None
        return self.first

    def begin(self, new: Try, level: int) -> None:
        """A new try begins; the others are finished, or it would not."""
        if self.first is not None:
            self.others_end = max(self.first.end_timestamp, self.others_end or self.first.end_timestamp)
        self.first, self.highest_level = new, level


def tries_among(tries: Sequence[Try], levels: Iterable[int]) -> Tries[Try]:
    """What is to be known of tries of one kind, at least one; `levels` are their mastery levels."""
    by_end = sorted(tries, key=lambda each: each.id)
    by_end.sort(key=lambda each: (each.end_timestamp, each.start_timestamp), reverse=True)
    first, *others = sorted(by_end, key=lambda each: each.complete)
    return Tries(
        first,
        max(levels),
        others_finished=all(each.complete for each in others),
        others_end=max((each.end_timestamp for each in others), default=None),
    )
