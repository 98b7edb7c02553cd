"""Attempts at the questions of a try, and how interactions are folded into them (contract, PUT contentsession).

An attempt is stored as it stands here, embedded in its mastery log, or in the session where there is no try.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, TypedDict

from learntrack.domain.ids import new_id
from learntrack.domain.moments import before


class Attempt(TypedDict):
    """One attempt at one question (`item`).

    `number` counts the attempts of a try in the order in which they were recorded, from 0.
    Times are seconds, `correct` is 0.0–1.0, `completion_timestamp` is null until the attempt is complete.
    """

    id: str
    number: int
    item: str
    session_id: str
    start_timestamp: datetime
    end_timestamp: datetime
    completion_timestamp: datetime | None
    time_spent: float
    complete: bool
    correct: float
    hinted: bool
    error: bool
    answer: dict[str, Any]
    simple_answer: str
    interaction_history: list[dict[str, Any]]


@dataclass(slots=True, frozen=True)
class Interaction:
    """What a learner did at a question: answered, took a hint, or met an error. `time_spent` is in seconds."""

    item: str
    correct: float
    time_spent: float
    id: str | None = None
    answer: dict[str, Any] | None = None
    simple_answer: str | None = None
    complete: bool = False
    error: bool = False
    hinted: bool = False
    replace: bool = False


def grouped(interactions: Iterable[Interaction]) -> Iterator[list[Interaction]]:
    """Consecutive interactions on the same item: each group belongs to one attempt."""
    for _, group in groupby(interactions, key=lambda interaction: interaction.item):
        yield list(group)


def started(interaction: Interaction, *, session_id: str, number: int, now: datetime) -> Attempt:
    """The attempt that begins with this interaction; it started the interaction's `time_spent` ago."""
    return Attempt(
        id=new_id(),
        number=number,
        item=interaction.item,
        session_id=session_id,
        start_timestamp=before(now, interaction.time_spent),
        end_timestamp=now,
        completion_timestamp=now if interaction.complete else None,
        time_spent=interaction.time_spent,
        complete=interaction.complete,
        correct=interaction.correct,
        hinted=interaction.hinted,
        error=interaction.error,
        answer=interaction.answer or {},
        simple_answer=interaction.simple_answer or "",
        interaction_history=[history_entry(interaction)],
    )


def go_on(attempt: Attempt, interaction: Interaction, *, now: datetime) -> None:
    """Fold one more interaction into an attempt that exists, in place.

    A late interaction (its `now` before the attempt's end) never moves a timestamp backwards.
    """
    attempt["interaction_history"].append(history_entry(interaction))
    attempt["end_timestamp"] = max(attempt["end_timestamp"], now)
    attempt["time_spent"] = interaction.time_spent
    if interaction.error:
        attempt["error"] = True
    if interaction.hinted and not attempt["correct"]:
        attempt["hinted"] = True
    if interaction.replace:
        attempt["correct"] = interaction.correct
        if interaction.answer is not None:
            attempt["answer"] = interaction.answer
        if interaction.simple_answer is not None:
            attempt["simple_answer"] = interaction.simple_answer
    if interaction.complete and not attempt["complete"]:
        attempt["complete"] = True
        attempt["completion_timestamp"] = now


def history_entry(interaction: Interaction) -> dict[str, Any]:
    """What the interaction history keeps of an interaction: the first that fits of error, hint, answer."""
    if interaction.error:
        return {"type": "error"}
    if interaction.hinted:
        return {"type": "hint", "answer": interaction.answer}
    return {"type": "answer", "answer": interaction.answer, "correct": interaction.correct}


def newness(attempt: Attempt) -> tuple[float, int]:
    """Sort key, newest attempt first: by start_timestamp; of equal ones the first recorded first."""
    return (-attempt["start_timestamp"].timestamp(), attempt["number"])


def newest_first(attempts: Iterable[Attempt]) -> list[Attempt]:
    """The attempts, newest first (contract, POST contentsession: pastattempts)."""
    return sorted(attempts, key=newness)


def newest_on(attempts: Sequence[Attempt], item: str) -> Attempt | None:
    """The newest attempt on this item, or None."""
    return min((attempt for attempt in attempts if attempt["item"] == item), key=newness, default=None)
