"""What fades of recorded work that is old, so that less is kept of people, while what it adds up to stays."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from math import fsum
from typing import NamedTuple

from learntrack.domain.attempts import Attempt, HistoryEntry

_MONTHS = 12


class FadingKind(StrEnum):
    """What can fade: the more of it comes first, so that nothing fades twice."""

    sessions = "sessions"
    attempts = "attempts"
    answers = "answers"
    interactions = "interactions"


def months_before(moment: datetime, months: int) -> datetime:
    """The beginning (UTC) of the day so many months ago; of a month that is shorter, its last day."""
    month = moment.year * _MONTHS + moment.month - 1 - months
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    while True:
        try:
            return day.replace(year=month // _MONTHS, month=month % _MONTHS + 1)
        except ValueError:
            day = day.replace(day=day.day - 1)


def without_answers(attempt: Attempt) -> Attempt:
    """The attempt without what was answered, and with what that was worth."""
    history = [
        HistoryEntry(**entry.model_dump(exclude_unset=True, exclude={"answer"}))
        for entry in attempt.interaction_history
    ]
    return attempt.model_copy(update={"answer": {}, "simple_answer": "", "interaction_history": history})


def without_interactions(attempt: Attempt) -> Attempt:
    """The attempt without how the learner came to it."""
    return attempt.model_copy(update={"interaction_history": []})


class Answers(NamedTuple):
    """How many questions have an answer, and the sum of how right the latest to each is (0.0–1.0)."""

    answered: int
    correct: float

    def less(self, others: "Answers") -> "Answers":
        """The difference to others. `correct` may be below 0: of a question whose latest answer went, an older one
        that stays is worth more.
        """
        return Answers(self.answered - others.answered, self.correct - others.correct)


def latest_answers(attempts: Iterable[Attempt]) -> Answers:
    """The latest answer to each question: of those that ended together the one recorded last."""
    in_order = sorted(attempts, key=lambda attempt: (attempt.end_timestamp, attempt.number))
    latest = {attempt.item: attempt.correct for attempt in in_order}
    return Answers(len(latest), fsum(latest.values()))


def faded(attempts: Iterable[Attempt], kind: FadingKind) -> list[Attempt]:
    """The attempts as they are once `kind` has faded."""
    if kind is FadingKind.attempts:
        return []
    fade = without_answers if kind is FadingKind.answers else without_interactions
    return [fade(attempt) for attempt in attempts]
