"""Learner by content, as the report `progress` says it, read from summaries as they are.

Everything it says stands in a summary, but the score of a quiz that was handed in. An aggregation over the summaries
takes the embedded engine twenty times as long as handing them out, and a page of a class asks for little else.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from datetime import datetime
from math import inf

from learntrack.access.may_read import Readable
from learntrack.documents import ContentSummary
from learntrack.domain.moments import milliseconds
from learntrack.reports.counted.answers import scores
from learntrack.reports.counted.asked import LEARNERS_AT_ONCE, TooMany
from learntrack.storage.database import Row
from learntrack.storage.reading import Reading
from learntrack.storage.some_fields import SomeFields, Values

_OF_QUIZ = ("tries", "finished", "attempts", "correct_sum", "first_done_at")
FIELDS = (
    *("_id", "user_id", "content_id", "kind", "progress", "time_spent", "end_timestamp"),
    *("completion_timestamp", "first_completed_at", "finished_tries"),
    *(f"of_tries.exercise.{name}" for name in ("tries", "attempts", "correct_sum", "first_done_at", "not_right")),
    *(f"of_tries.{kind}.{name}" for kind in ("quiz", "coach_quiz") for name in _OF_QUIZ),
)
"""What is read of a summary."""
_KEY, _END, _FINISHED_QUIZZES, _FINISHED_COACH_QUIZZES = 0, 6, 16, 21
"""Their places among them."""
_SCORE = 7
"""The place of the score in a row."""
_STUCK_AFTER = 4
"""Entries of the latest try that were not right, as Kolibri counts them."""
_HARD_AFTER = 10
"""Attempts of all tries of which fewer than half are right."""


async def learner_contents(
    db: Reading, members: Readable, period: Mapping[str, datetime], owners: Callable[[Readable], Row]
) -> AsyncGenerator[list[Values], None]:
    """The rows of `progress` about these learners at all contents that they last used in a period, in no order, some
    hundred learners' at once. Index: owner_progress, and those of `rows_about`.

    Args:
        db: Where they are.
        members: The learners.
        period: The condition on a moment; empty for ever.
        owners: What is to be said beside a summary's id of whose it is: nothing, unless the data is sharded.

    """
    for part in members.in_parts(LEARNERS_AT_ONCE):
        summaries = db.parts(ContentSummary, part.query(), SomeFields(FIELDS))
        yield await rows_about(db, summaries, period, owners(part))


async def rows_about(
    db: Reading,
    summaries: AsyncIterator[list[Values]],
    period: Mapping[str, datetime],
    of_owners: Row,
    most: float = inf,
) -> list[Values]:
    """The rows of summaries, given by their `FIELDS`, that ended in a period: values in the order of the columns.
    Indexes: summary, holder.

    Raises:
        TooMany: there are more than `most`.

    """
    since = milliseconds(period["$gte"]) if "$gte" in period else -inf
    until = milliseconds(period["$lt"]) if "$lt" in period else inf
    rows: list[Values] = []
    handed_in: dict[str, int] = {}
    async for part in summaries:
        inside = [each for each in part if since <= each[_END] < until] if period else part
        for place, summary in enumerate(inside, len(rows)):
            if summary[_FINISHED_QUIZZES] or summary[_FINISHED_COACH_QUIZZES]:
                handed_in[summary[_KEY]] = place
        rows += map(row_of, inside)
        if len(rows) > most:
            raise TooMany
    for key, score in (await scores(db, list(handed_in), of_owners)).items():
        place = handed_in[key]
        rows[place] = (*rows[place][:_SCORE], score, *rows[place][_SCORE + 1 :])
    return rows


def row_of(summary: Values) -> Values:
    """The row of a summary, given by its `FIELDS`; without a score."""
    _, user, content, kind, progress, seconds, end, completion, first_completed, finished, *numbers = summary
    of_exercise, attempts, correct, done, not_right, *of_quizzes = numbers
    exercise_tries = tries = of_exercise or 0
    completed_at = _earlier(completion if first_completed is None else first_completed, done)
    hard = tries > 0 and is_hard(attempts, correct)
    all_attempts, all_correct = attempts or 0, correct or 0.0
    for first in (0, len(_OF_QUIZ)):
        if of_quizzes[first] is not None:
            more, _, quiz_attempts, quiz_correct, quiz_done = of_quizzes[first : first + len(_OF_QUIZ)]
            tries, all_attempts, all_correct = tries + more, all_attempts + quiz_attempts, all_correct + quiz_correct
            completed_at = _earlier(completed_at, quiz_done)
    completed = is_completed(progress, completion, finished)
    needs_help = not completed and (not_right or 0) >= _STUCK_AFTER
    is_exercise = exercise_tries > 0 or (not tries and kind == "exercise")
    done_word = "mastered" if is_exercise else "finished"
    return (
        user,
        content,
        kind,
        done_word if completed else "needs help" if needs_help else "started",
        needs_help,
        not completed and hard,
        progress,
        None,
        seconds,
        tries,
        all_attempts,
        all_correct / all_attempts if all_attempts else None,
        end,
        completed_at,
    )


def _earlier(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


def is_completed(progress: float, completion: int | None, finished_tries: int | None) -> bool:
    """Whether a learner has ever completed a content, as its summary says."""
    return progress >= 1 or completion is not None or (finished_tries or 0) > 0


def is_hard(attempts: int, correct_sum: float) -> bool:
    """Whether so many attempts at an exercise were so rarely right."""
    return attempts >= _HARD_AFTER and correct_sum / attempts < 0.5
