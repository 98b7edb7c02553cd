"""Attempts at the questions of a try, and how interactions are folded into them (contract, PUT contentsession).

An attempt is stored as it stands here, embedded in its mastery log, or in the session where there is no try.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from pydantic import BaseModel, ConfigDict

from learntrack.domain.ids import new_id
from learntrack.domain.moments import before, later_end


class HistoryEntry(BaseModel):
    """What an interaction did, as an attempt's interaction history keeps it.

    `{type: error}`, `{type: hint, answer}` or `{type: answer, answer, correct}`: a field that does not belong to the
    type is not there. Imported entries may have more, or less, and keep it.
    """

    model_config = ConfigDict(extra="allow")

    type: str | None = None
    answer: Any = None
    correct: float | None = None

    @classmethod
    def of(cls, interaction: "Interaction") -> "HistoryEntry":
        """The entry of an interaction: the first that fits of error, hint, answer."""
        if interaction.error:
            return cls(type="error")
        if interaction.hinted:
            return cls(type="hint", answer=interaction.answer)
        return cls(type="answer", answer=interaction.answer, correct=interaction.correct)

    def row(self) -> dict[str, Any]:
        """The entry as it is stored."""
        if self.__pydantic_fields_set__ == _ENTRY_FIELDS and not self.__pydantic_extra__:
            return self.__dict__.copy()
        return self.model_dump(exclude_unset=True)

    @property
    def is_not_right(self) -> bool:
        """Whether it was wrong, or nothing that could be right: a hint, an error."""
        return not self.correct


_ENTRY_FIELDS = frozenset(HistoryEntry.model_fields)


class Attempt(BaseModel):
    """One attempt at one question (`item`), as it is stored, embedded in its try, its session, or an overflow chunk.

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
    interaction_history: list[HistoryEntry]

    @classmethod
    def begin(cls, interaction: "Interaction", *, session_id: str, number: int, now: datetime) -> "Attempt":
        """The attempt that begins with this interaction; it started the interaction's `time_spent` ago."""
        return cls(
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
            interaction_history=[HistoryEntry.of(interaction)],
        )

    def row(self) -> dict[str, Any]:
        """The attempt as it is stored."""
        return {**self.__dict__, "interaction_history": [entry.row() for entry in self.interaction_history]}

    def counts_as(self, number: int) -> None:
        """Say where it stands among the attempts of its try. Not by an assignment, which pydantic looks at first."""
        self.__dict__["number"] = number

    def go_on(self, interaction: "Interaction", *, now: datetime, clock: datetime | None = None) -> None:
        """Fold one more interaction into this attempt.

        A late interaction (its `now` before the attempt's end) never moves a timestamp backwards; `clock` is what time
        it is when it is delivered.
        """
        self.interaction_history.append(HistoryEntry.of(interaction))
        self.end_timestamp = later_end(self.end_timestamp, now, clock)
        self.time_spent = interaction.time_spent
        if interaction.error:
            self.error = True
        if interaction.hinted and not self.correct:
            self.hinted = True
        if interaction.replace:
            self.correct = interaction.correct
            if interaction.answer is not None:
                self.answer = interaction.answer
            if interaction.simple_answer is not None:
                self.simple_answer = interaction.simple_answer
        if interaction.complete and not self.complete:
            self.complete = True
            self.completion_timestamp = now

    @property
    def not_right(self) -> int:
        """How many entries of its history were not right."""
        return len([entry for entry in self.interaction_history if not entry.correct])

    def copied(self) -> "Attempt":
        """A copy that can go on while this one stays as it is."""
        return self.model_copy(update={"interaction_history": self.interaction_history.copy()})


@dataclass(slots=True, frozen=True)
class Interaction:
    """What a learner did at a question: answered, took a hint, or met an error; `time_spent` is in seconds."""

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


def newness(attempt: Attempt) -> tuple[float, int]:
    """Sort key, newest attempt first: by start_timestamp; of equal ones the first recorded first."""
    return (-attempt.start_timestamp.timestamp(), attempt.number)


def newest_first(attempts: Iterable[Attempt]) -> list[Attempt]:
    """The attempts, newest first (contract, POST contentsession: pastattempts)."""
    return sorted(attempts, key=newness)
