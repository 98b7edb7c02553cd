"""Learner by content, as the report `progress` says it, read from summaries as they are.

Everything it says stands in a summary, but the score of a quiz that was handed in. An aggregation over the summaries
takes the embedded engine twenty times as long as handing them out, and a page of a class asks for little else.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from typing import Any

from learntrack.access.may_read import Readable
from learntrack.documents import ContentSummary
from learntrack.reports.counted.answers import scores
from learntrack.reports.counted.asked import BATCH, LEARNERS_AT_ONCE
from learntrack.storage.database import Row
from learntrack.storage.reading import Reading

_SHOWN = (
    *("user_id", "content_id", "kind", "progress", "time_spent", "end_timestamp", "completion_timestamp"),
    *("first_completed_at", "finished_tries", "of_tries"),
)
_QUIZZES = ("quiz", "coach_quiz")
_STUCK_AFTER = 4
"""Entries of the latest try that were not right, as Kolibri counts them."""
_HARD_AFTER = 10
"""Attempts of all tries of which fewer than half are right."""


_NO_TRIES: Mapping[str, int] = {"tries": 0, "attempts": 0, "correct_sum": 0}


async def learner_contents(
    db: Reading, members: Readable, period: Mapping[str, Any], owners: Callable[[Readable], Row]
) -> AsyncIterator[list[Row]]:
    """The rows of `progress` about these learners at all contents that they last used in a period, in no order, some
    hundred learners' at once. Indexes: owner_progress, summary, holder.

    Args:
        db: Where they are.
        members: The learners.
        period: The condition on a moment; empty for ever.
        owners: What is to be said beside a summary's id of whose it is: nothing, unless the data is sharded.

    """
    since, until = period.get("$gte"), period.get("$lt")
    for part in members.in_parts(LEARNERS_AT_ONCE):
        rows: dict[str, Row] = {}
        handed_in: list[str] = []
        async for summary in db.each(ContentSummary, part.query(), fields=_SHOWN, batch=BATCH):
            end = summary["end_timestamp"]
            if (since is not None and end < since) or (until is not None and end >= until):
                continue
            numbers: Mapping[str, Row] = summary.get("of_tries") or {}
            rows[summary["_id"]] = row_of(summary, numbers)
            if any(numbers[kind]["finished"] for kind in _QUIZZES if kind in numbers):
                handed_in.append(summary["_id"])
        for key, score in (await scores(db, handed_in, owners(part))).items():
            rows[key]["score"] = score
        yield list(rows.values())


def row_of(summary: Row, numbers: Mapping[str, Row]) -> Row:
    """The row of a summary with these numbers of its tries, by their kind; without a score."""
    tries, attempts, correct = 0, 0, 0.0
    for each in numbers.values():
        tries += each["tries"]
        attempts += each["attempts"]
        correct += each["correct_sum"]
    as_exercise = numbers.get("exercise", _NO_TRIES)
    completed = is_completed(summary)
    needs_help = not completed and as_exercise.get("not_right", 0) >= _STUCK_AFTER
    is_exercise = as_exercise["tries"] > 0 or (not tries and summary["kind"] == "exercise")
    done = "mastered" if is_exercise else "finished"
    return {
        "user_id": summary["user_id"],
        "content_id": summary["content_id"],
        "kind": summary["kind"],
        "status": done if completed else "needs help" if needs_help else "started",
        "needs_help": needs_help,
        "struggling": not completed and is_hard(as_exercise),
        "progress": summary["progress"],
        "score": None,
        "time_spent": summary["time_spent"],
        "tries": tries,
        "attempts": attempts,
        "correct_share": correct / attempts if attempts else None,
        "last_activity": summary["end_timestamp"],
        "completed_at": _completed_at(summary, numbers),
    }


def is_completed(summary: Row) -> bool:
    """Whether the learner has ever completed the content."""
    if summary["progress"] >= 1 or summary.get("completion_timestamp") is not None:
        return True
    return (summary.get("finished_tries") or 0) > 0


def is_hard(numbers: Mapping[str, Any]) -> bool:
    """Whether so many attempts at an exercise were so rarely right."""
    attempts = numbers["attempts"]
    return attempts >= _HARD_AFTER and bool(numbers["correct_sum"] / attempts < 0.5)


def _completed_at(summary: Row, numbers: Mapping[str, Row]) -> datetime | None:
    found: datetime | None = summary.get("first_completed_at") or summary.get("completion_timestamp")
    for each in numbers.values():
        done = each.get("first_done_at")
        if done is not None and (found is None or done < found):
            found = done
    return found
