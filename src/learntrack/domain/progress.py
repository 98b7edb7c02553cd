"""How far a learner is in a content: 0.0 (nothing) to 1.0 (done)."""

from dataclasses import dataclass
from math import ceil


def rounded(progress: float) -> float:
    """`progress` rounded up to thousandths and capped at 1.0 (contract, PUT contentsession)."""
    return min(1.0, ceil(progress * 1000) / 1000)


def advanced(progress: float, delta: float) -> float:
    """Progress after `delta` more, both 0.0–1.0.

    Rounded up, so that many tiny steps still finish (contract, PUT contentsession).
    """
    return rounded(progress + delta)


def is_complete(progress: float) -> bool:
    """Whether this progress means that the content is done."""
    return progress >= 1


@dataclass(slots=True, frozen=True)
class Advance:
    """What an update adds: progress made (`delta`) or reached, 0.0–1.0, not both; and seconds."""

    delta: float | None = None
    reached: float | None = None
    time_spent: float = 0.0

    def of(self, progress: float) -> float:
        """What this makes of a progress."""
        if self.delta is not None:
            return advanced(progress, self.delta)
        return progress if self.reached is None else rounded(self.reached)
