"""Attempts whose rows are as nearly all are, checked by one call: column by column it takes three times as long, a
third of an import.
"""

from collections.abc import Callable
from datetime import datetime
from itertools import product
from typing import Annotated, Any

from pydantic import Field, SkipValidation, Strict, StringConstraints, TypeAdapter

from learntrack.domain.attempts import Attempt
from learntrack.importing.kolibri.values import FIRST, YEAR, SourceRow, usual_answers, usual_moment

_Id = Annotated[str, StringConstraints(strict=True, pattern="^[0-9a-f]{32}$")]
_FLAGS = {
    (complete, hinted, error): (complete, hinted, error) for complete, hinted, error in product((False, True), repeat=3)
}
"""What three columns say that are 0 or 1, or false or true, whichever the database has."""


class UsualAttempt(Attempt):
    """An attempt, with the checks that a row of Kolibri's needs."""

    id: _Id
    item: Annotated[str, StringConstraints(strict=True, min_length=1)]
    session_id: _Id
    time_spent: Annotated[float, Field(strict=True, ge=0, le=YEAR)]
    correct: Annotated[float, Field(strict=True, ge=0, le=1)]
    answer: SkipValidation[dict[str, Any]]
    simple_answer: Annotated[str, Strict()]


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
        answers = usual_answers(row["answer"], row["interaction_history"])
        flags = _FLAGS.get((row["complete"], row["hinted"], row.get("error", 0)))
        if times is None or answers is None or flags is None:
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
                "answer": answers[0],
                "simple_answer": row["simple_answer"],
                "interaction_history": answers[1],
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
