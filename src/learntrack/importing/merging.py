"""Imported documents beside those that are stored: the first import stores them, a later one adds what is new in the
source.

What was recorded here meanwhile stays: times and counts grow by what the source has grown by, never back to its state.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from learntrack.documents.base import SCHEMA_VERSION
from learntrack.domain.attempt_book import AttemptBook, Chunk
from learntrack.domain.attempts import Attempt
from learntrack.storage.database import Row


def with_attempts(document: Row, attempts: Sequence[Attempt]) -> tuple[Row, list[Row]]:
    """A try or session that holds these attempts, and the overflow chunks of those that do not fit into it."""
    book = AttemptBook.holding(attempts)
    held: Row = {
        "attempt_count": book.attempt_count,
        "correct_sum": book.correct_sum,
        "completed_attempts": book.completed_attempts,
        "attempts": [attempt.stored() for attempt in book.embedded],
    }
    if book.totals:
        held["overflow"] = book.totals.model_dump()
    return document | held, [_chunk_document(document, chunk) for chunk in book.new_chunks]


def merged(stored: Row, imported: Row) -> Row:
    """A stored document with what is new in the source. Attempts are left to `all_attempts`.

    Args:
        stored: The document as it is; its `imported` says what the source had last time, if it was imported.
        imported: What the source has now.

    """
    before: Row = stored.get("imported") or {"time_spent": 0.0, "progress": 0.0}
    found = dict(stored)
    found["time_spent"] = max(0.0, stored["time_spent"] + imported["time_spent"] - before["time_spent"])
    found["start_timestamp"] = min(stored["start_timestamp"], imported["start_timestamp"])
    newer = imported["end_timestamp"] > stored["end_timestamp"]
    found["end_timestamp"] = max(stored["end_timestamp"], imported["end_timestamp"])
    if "completion_timestamp" in stored:
        found["completion_timestamp"] = stored["completion_timestamp"] or imported["completion_timestamp"]
    if "complete" in stored:
        found["complete"] = stored["complete"] or imported["complete"]
    if "has_tries" in stored:
        found["has_tries"] = stored["has_tries"] or imported["has_tries"]
    if "progress" in stored:
        untouched = stored["progress"] == before["progress"]
        found["progress"] = imported["progress"] if untouched else max(stored["progress"], imported["progress"])
    for name in ("extra_fields", "channel_id"):
        if name in stored and newer:
            found[name] = imported[name]
    if found.get("mastery_log_id", "") is None:
        found["mastery_log_id"] = imported["mastery_log_id"]
    found["imported"] = imported["imported"]
    return found


def all_attempts(stored: Iterable[Attempt], imported: Iterable[Attempt]) -> list[Attempt]:
    """The attempts of both, each once: of two states of an attempt the later one."""
    found = {attempt.id: attempt for attempt in stored}
    number = max((attempt.number for attempt in found.values()), default=-1)
    for attempt in imported:
        other = found.get(attempt.id)
        if other is None:
            number += 1
            found[attempt.id] = attempt.model_copy(update={"number": number})
        elif attempt.end_timestamp > other.end_timestamp:
            found[attempt.id] = attempt.model_copy(update={"number": other.number})
    return list(found.values())


def _chunk_document(holder: Row, chunk: Chunk) -> dict[str, Any]:
    return {
        "_id": f"{holder['_id']}:{chunk.number}",
        "user_id": holder["user_id"],
        "holder_id": holder["_id"],
        "number": chunk.number,
        "attempts": [attempt.stored() for attempt in chunk.attempts],
        "schema_version": SCHEMA_VERSION,
    }
