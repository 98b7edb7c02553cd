"""The numbers of a learner's tries at a content, as its summary carries them: what reports ask of many tries at once.

A summary is written with every update of a try anyway, and is a sixteenth of a try's size.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol, Self

from pydantic import BaseModel

from learntrack.domain.mastery import Criterion, TryKind, try_kind


class CountedTry(Protocol):
    """What is counted of a try; times are seconds."""

    @property
    def mastery_level(self) -> int:
        """Which try it is."""
        ...

    @property
    def mastery_criterion(self) -> Criterion:
        """What it demands, and so its kind."""
        ...

    @property
    def start_timestamp(self) -> datetime:
        """When it began."""
        ...

    @property
    def end_timestamp(self) -> datetime:
        """When it ended, so far."""
        ...

    @property
    def completion_timestamp(self) -> datetime | None:
        """When it was finished."""
        ...

    @property
    def complete(self) -> bool:
        """Whether it is finished."""
        ...

    @property
    def time_spent(self) -> float:
        """How long it took, so far."""
        ...

    @property
    def attempt_count(self) -> int:
        """How many attempts it has."""
        ...

    @property
    def correct_sum(self) -> float:
        """The sum of their `correct`."""
        ...

    @property
    def not_right(self) -> int:
        """How many entries of their histories were not right."""
        ...


@dataclass(slots=True, frozen=True)
class TrySight:
    """What is counted of a stored try, read without the rest of it."""

    summary_id: str
    mastery_level: int
    mastery_criterion: Criterion
    start_timestamp: datetime
    end_timestamp: datetime
    completion_timestamp: datetime | None
    complete: bool
    time_spent: float
    attempt_count: int
    correct_sum: float
    not_right: int

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """What is counted of a try in this row; what an old release left out is nothing."""
        return cls(**{name: row.get(name, _NOTHING.get(name)) for name in TRY_FIELDS})


_NOTHING: Mapping[str, object] = {
    "complete": False,
    "time_spent": 0.0,
    "attempt_count": 0,
    "correct_sum": 0.0,
    "not_right": 0,
}
TRY_FIELDS = tuple(TrySight.__dataclass_fields__)
"""The fields of a try that counting it takes."""


class TryFigures(NamedTuple):
    """What of a try changes while it goes on, as it stood at one moment."""

    complete: bool
    time_spent: float
    attempt_count: int
    correct_sum: float
    end_timestamp: datetime


def figures_of(log: CountedTry) -> TryFigures:
    """A try's figures as they are now."""
    return TryFigures(log.complete, log.time_spent, log.attempt_count, log.correct_sum, log.end_timestamp)


class TryNumbers(BaseModel):
    """The numbers of all tries of one kind (see `mastery.try_kind`): what an aggregation over them would say.

    `tries` and how many are `finished`; their `attempts`, the sum of `correct` over those, and their `time_spent` in
    seconds. `highest_level` of all, `latest_level` and `latest_start` of the one that began last. `last_end` is the
    latest end, `first_done_at` the earliest completion, and `seconds_to_done` the time in tries that began no later
    than that (0 while none is finished). `not_right` is that of the try that ended last, of those with attempts, and 0
    once any is finished.
    """

    tries: int
    finished: int
    attempts: int
    correct_sum: float
    time_spent: float
    highest_level: int
    latest_level: int
    latest_start: datetime
    last_end: datetime
    first_done_at: datetime | None
    seconds_to_done: float
    not_right: int = 0

    @classmethod
    def of(cls, tries: Sequence[CountedTry]) -> Self:
        """The numbers of these tries, at least one."""
        done = min((each.completion_timestamp for each in tries if each.completion_timestamp is not None), default=None)
        latest = max(tries, key=lambda each: (each.start_timestamp, each.mastery_level))
        before_done = (each.time_spent for each in tries if done is not None and each.start_timestamp <= done)
        return cls(
            tries=len(tries),
            finished=sum(each.complete for each in tries),
            attempts=sum(each.attempt_count for each in tries),
            correct_sum=float(sum(each.correct_sum for each in tries)),
            time_spent=float(sum(each.time_spent for each in tries)),
            highest_level=max(each.mastery_level for each in tries),
            latest_level=latest.mastery_level,
            latest_start=latest.start_timestamp,
            last_end=max(each.end_timestamp for each in tries),
            first_done_at=done,
            seconds_to_done=float(sum(before_done)),
            not_right=_not_right_of_the_last(tries),
        )

    def begin(self, log: CountedTry) -> None:
        """Count one more try, which has just begun."""
        self.tries += 1
        self.highest_level = max(self.highest_level, log.mastery_level)
        began = log.start_timestamp, log.mastery_level
        self.latest_start, self.latest_level = max((self.latest_start, self.latest_level), began)
        self.last_end = max(self.last_end, log.end_timestamp)

    def go_on(self, log: CountedTry, before: TryFigures) -> bool:
        """Count what has been added to a try since it stood as `before`; returns whether the numbers are still sure.

        They are not where a completion came in late that lies before others, or before the start of a try, and where an
        end moved back because a clock had jumped; and where none is finished and this one did not end after the others.
        """
        seconds, is_sure = log.time_spent - before.time_spent, log.end_timestamp >= before.end_timestamp
        is_last = log.end_timestamp > self.last_end
        self.attempts += log.attempt_count - before.attempt_count
        self.correct_sum += log.correct_sum - before.correct_sum
        self.time_spent += seconds
        self.last_end = max(self.last_end, log.end_timestamp)
        done = log.completion_timestamp if log.complete and not before.complete else None
        if done is not None:
            self.finished += 1
        if self.finished:
            self.not_right = 0
        elif log.attempt_count:
            self.not_right, is_sure = log.not_right, is_sure and is_last
        if done is not None and (self.first_done_at is None or done < self.first_done_at):
            is_sure = is_sure and self.first_done_at is None and self.latest_start <= done
            self.first_done_at, self.seconds_to_done = done, self.time_spent
            return is_sure
        if self.first_done_at is not None and log.start_timestamp <= self.first_done_at:
            self.seconds_to_done += seconds
        return is_sure


def _not_right_of_the_last(tries: Sequence[CountedTry]) -> int:
    if any(each.complete for each in tries):
        return 0
    begun = [each for each in tries if each.attempt_count]
    last = max(begun, key=lambda each: (each.end_timestamp, each.mastery_level, each.not_right), default=None)
    return last.not_right if last is not None else 0


def numbers_by_kind(tries: Sequence[CountedTry]) -> dict[TryKind, TryNumbers]:
    """The numbers of tries at a content, by their kind."""
    by_kind: dict[TryKind, list[CountedTry]] = {}
    for log in tries:
        by_kind.setdefault(try_kind(log.mastery_criterion), []).append(log)
    return {kind: TryNumbers.of(logs) for kind, logs in sorted(by_kind.items())}
