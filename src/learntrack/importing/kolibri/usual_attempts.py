"""Attempts whose rows are as nearly all are, checked by one call: column by column it takes three times as long, a
third of an import.
"""

from collections.abc import Callable
from datetime import datetime
from itertools import product
from typing import Annotated, Any

import msgspec
from pydantic import Field, SkipValidation, Strict, StringConstraints, TypeAdapter

from learntrack.domain.attempts import Attempt, HistoryEntry
from learntrack.importing.kolibri.sql import SourceRow
from learntrack.importing.kolibri.values import FIRST, YEAR, are_usual, usual_moment

_Id = Annotated[str, StringConstraints(strict=True, pattern="^[0-9a-f]{32}$")]
_FLAGS = {
    (complete, hinted, error): (complete, hinted, error) for complete, hinted, error in product((False, True), repeat=3)
}
"""What three columns say that are 0 or 1, or false or true, whichever the database has."""


_UNSET = msgspec.UNSET
_fields = msgspec.structs.asdict


class UsualEntry(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A `HistoryEntry` that is only written down: checked while its JSON is read, which takes a third of a model."""

    type: str | msgspec.UnsetType | None = _UNSET
    answer: Any = _UNSET
    correct: float | msgspec.UnsetType | None = _UNSET

    def row(self) -> dict[str, Any]:
        """The entry as it is stored."""
        fields = _fields(self)
        if self.type is _UNSET or self.answer is _UNSET or self.correct is _UNSET:
            return {name: value for name, value in fields.items() if value is not _UNSET}
        return fields


class UsualAttempt(Attempt):
    """An attempt that is only written down, with the checks that a row of Kolibri's needs; what is made here of a row
    needs none.
    """

    id: _Id
    number: SkipValidation[int]
    item: Annotated[str, StringConstraints(strict=True, min_length=1)]
    session_id: _Id
    start_timestamp: SkipValidation[datetime]
    end_timestamp: SkipValidation[datetime]
    completion_timestamp: SkipValidation[datetime | None]
    time_spent: Annotated[float, Field(strict=True, ge=0, le=YEAR)]
    complete: SkipValidation[bool]
    correct: Annotated[float, Field(strict=True, ge=0, le=1)]
    hinted: SkipValidation[bool]
    error: SkipValidation[bool]
    answer: SkipValidation[dict[str, Any]]
    simple_answer: Annotated[str, Strict()]
    interaction_history: SkipValidation[list[HistoryEntry]]

    def row(self) -> dict[str, Any]:
        """The attempt as it is stored, in UTC without saying so: of that a driver makes the same date in half the
        time.
        """
        end, completion = self.end_timestamp, self.completion_timestamp
        plain_end = end.replace(tzinfo=None)
        return {
            **self.__dict__,
            "start_timestamp": self.start_timestamp.replace(tzinfo=None),
            "end_timestamp": plain_end,
            "completion_timestamp": plain_end if completion is end else completion and completion.replace(tzinfo=None),
            "interaction_history": [entry.row() for entry in self.interaction_history],
        }


_answer = msgspec.json.Decoder(dict[str, Any] | None).decode
_history = msgspec.json.Decoder(list[UsualEntry] | None).decode
_checked: Callable[[dict[str, Any]], Attempt] = TypeAdapter(UsualAttempt).validator.validate_python


def usual_attempt(row: SourceRow, at: datetime) -> Attempt | None:
    """The attempt in a row in which all is as it should be; None where anything is not, or is only unusual.

    It is what `LogConverter` makes of such a row column by column, which notices nothing then.

    Args:
        row: Of the table of attempts.
        at: The moment of the import.

    """
    try:
        times = _times(row, at)
        answer, history = row["answer"], row["interaction_history"]
        flags = _FLAGS.get((row["complete"], row["hinted"], row.get("error", 0)))
        if times is None or flags is None or not are_usual(answer, history):
            return None
        return _checked(
            {
                "id": row["id"],
                "number": 0,
                "item": row["item"],
                "session_id": row["sessionlog_id"],
                "start_timestamp": times[0],
                "end_timestamp": times[1],
                "completion_timestamp": times[2],
                "time_spent": row["time_spent"],
                "complete": flags[0],
                "correct": row["correct"],
                "hinted": flags[1],
                "error": flags[2],
                "answer": _answer(answer) or {},
                "simple_answer": row["simple_answer"],
                "interaction_history": _history(history) or [],
            }
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _times(row: SourceRow, at: datetime) -> tuple[datetime, datetime, datetime | None] | None:
    """Start, end and completion."""
    start, end = usual_moment(row["start_timestamp"]), usual_moment(row["end_timestamp"])
    if start is None or end is None or not FIRST <= start <= end <= at:
        return None
    completed: str | None = row["completion_timestamp"]
    if completed is None:
        return start, end, None
    completion = end if completed == row["end_timestamp"] else usual_moment(completed)
    return (start, end, completion) if completion is not None and FIRST <= completion <= at else None
