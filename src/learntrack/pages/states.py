"""How far a learner is in a content: the four states of the pages, and nothing else."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from learntrack.pages.rules import Rule
from learntrack.storage.database import Row

Word = Literal["help", "started", "done", "none"]


class State(Struct):
    """A learner's state in a content.

    `progress` and `score` are shares; `score` is that of a finished quiz. `time_spent` is in seconds.
    """

    word: Word = "none"
    kind: str = ""
    progress: float = 0.0
    score: float | None = None
    attempts: int = 0
    correct: float = 0.0
    tries: int = 0
    time_spent: float = 0.0
    last: datetime | None = None
    done_at: datetime | None = None

    @property
    def quarter(self) -> int:
        """What the pie of something begun shows: 1, 2 or 3 quarters, never nothing and never all."""
        return min(3, max(1, round(4 * self.progress)))


NOT_STARTED = State()

_DONE = ("mastered", "finished")


def state_of(row: Row, rule: Rule) -> State:
    """The state that a row of the progress report tells, by the school's rule of what needs help."""
    score: float | None = row["score"]
    word: Word = "done" if row["status"] in _DONE else "help" if row[rule.column] else "started"
    if score is not None and word == "done" and score < rule.quiz:
        word = "help"
    attempts = row["attempts"]
    return State(
        word=word,
        kind=row["kind"],
        progress=row["progress"],
        score=score if row["status"] in _DONE else None,
        attempts=attempts,
        correct=(row["correct_share"] or 0.0) * attempts,
        tries=row["tries"],
        time_spent=row["time_spent"],
        last=row["last_activity"],
        done_at=row["completed_at"],
    )


class Counts(Struct):
    """How many are in which state, of how many."""

    of: int = 0
    help: int = 0
    started: int = 0
    done: int = 0

    @property
    def none(self) -> int:
        """How many have not begun."""
        return self.of - self.help - self.started - self.done

    def add(self, word: Word) -> None:
        """Count one more."""
        self.of += 1
        if word != "none":
            setattr(self, word, getattr(self, word) + 1)


def counted(states: list[State]) -> Counts:
    """How many of these states are which."""
    counts = Counts()
    for state in states:
        counts.add(state.word)
    return counts
