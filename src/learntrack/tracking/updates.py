"""MongoDB updates of the write path, each named for what it does; the rules' arithmetic runs in the database.

Pipeline updates, so that a rule needs no read before its write. Values from a client stand in `$literal`, so that a key
like `$where` in them is data and never an operator.
"""

from datetime import datetime
from typing import Any

from learntrack.documents.base import SCHEMA_VERSION
from learntrack.tracking.schemas import SessionUpdate

Expression = Any
Update = list[dict[str, Any]]


def new_progress(change: SessionUpdate) -> Expression | None:
    """Progress after the change, rounded as `domain.progress.rounded` does; None where it does not change."""
    if change.progress_delta is not None:
        reached: Expression = {"$add": ["$progress", change.progress_delta]}
    elif change.progress is not None:
        reached = {"$literal": change.progress}
    else:
        return None
    return {"$min": [1.0, {"$divide": [{"$ceil": {"$multiply": [reached, 1000]}}, 1000]}]}


def advance_session(change: SessionUpdate, at: datetime) -> Update:
    """Add time and progress to a session."""
    return [{"$set": _advanced(change, at)}]


def advance_summary(change: SessionUpdate, at: datetime) -> Update:
    """Add time and progress to a summary; reaching 1 from below is its completion; extra_fields are replaced."""
    fields = _advanced(change, at)
    if (progress := new_progress(change)) is not None:
        reached = {"$and": [{"$lt": ["$progress", 1]}, {"$gte": [progress, 1]}]}
        fields["completion_timestamp"] = {"$cond": [reached, {"$max": ["$completion_timestamp", at]}, "$completion_timestamp"]}
    if change.extra_fields is not None:
        fields["extra_fields"] = {"$literal": change.extra_fields}
    return [{"$set": fields}]


def advance_try(change: SessionUpdate, at: datetime, *, complete: bool) -> Update:
    """Add time to a try and finish it where its content is `complete`.

    Its end_timestamp moves only when its time or its completion changes.
    """
    finishes = {"$and": [complete, {"$eq": ["$complete", False]}]}
    spent = change.time_spent_delta or 0.0
    return [
        {
            "$set": {
                "time_spent": {"$add": ["$time_spent", spent]},
                "end_timestamp": {"$cond": [{"$or": [spent > 0, finishes]}, {"$max": ["$end_timestamp", at]}, "$end_timestamp"]},
                "completion_timestamp": {"$cond": [finishes, at, "$completion_timestamp"]},
                "complete": {"$or": [complete, "$complete"]},
            }
        }
    ]


def visit_summary(
    *, user_id: str, content_id: str, channel_id: str | None, kind: str, at: datetime, repeat: bool, is_assessment: bool
) -> dict[str, Any]:
    """Find or create the summary of a learner and a content at the start of a session (an upsert)."""
    first: dict[str, Any] = {
        "content_id": content_id,
        "kind": kind,
        "start_timestamp": at,
        "completion_timestamp": None,
        "time_spent": 0.0,
        "extra_fields": {},
        "schema_version": SCHEMA_VERSION,
    }
    always: dict[str, Any] = {"channel_id": channel_id}
    (always if repeat else first)["progress"] = 0.0
    if is_assessment:
        always["has_tries"] = True
    else:
        first["has_tries"] = False
    return {"$setOnInsert": first, "$set": always, "$max": {"end_timestamp": at}}


def _advanced(change: SessionUpdate, at: datetime) -> dict[str, Expression]:
    fields: dict[str, Expression] = {"end_timestamp": {"$max": ["$end_timestamp", at]}}
    if (progress := new_progress(change)) is not None:
        fields["progress"] = progress
    if change.time_spent_delta is not None:
        fields["time_spent"] = {"$add": ["$time_spent", change.time_spent_delta]}
    return fields
