"""Which try an assessment goes on with (contract, POST contentsession): the unfinished one, else the latest finished
one.

Tries of different kinds never mix, though they may be of the same content: see `mastery.try_kind`.
"""

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

ORDER = {"complete": 1, "end_timestamp": -1, "start_timestamp": -1, "_id": 1}
"""The tries of one kind in the order in which they are gone on with, as a sort of the stored fields."""


class _Try(Protocol):
    @property
    def complete(self) -> bool: ...


Try = TypeVar("Try", bound=_Try)


@dataclass(slots=True)
class Tries(Generic[Try]):
    """A learner's tries of one kind at a content: the first in `ORDER`, and the highest mastery level of all."""

    first: Try | None = None
    highest_level: int | None = None

    def to_resume(self, *, repeat: bool) -> Try | None:
        """The try to go on with; None where a new one begins: there is none, or a finished one is repeated."""
        if self.first is None or (self.first.complete and repeat):
            return None
        return self.first
