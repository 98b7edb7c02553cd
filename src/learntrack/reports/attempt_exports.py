"""Attempts and their interactions, one by one, wherever they are stored."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

from learntrack.access.may_read import Readable
from learntrack.documents import AttemptOverflow, ContentSession, MasteryLog
from learntrack.reports.filters import ReportFilters
from learntrack.storage.database import Row, Stage
from learntrack.storage.reading import Reading

_BATCH = 100
"""Documents of attempts that are read in a round trip: some 7 KB each."""
_HOLDER = ("user_id", "content_id", "channel_id", "mastery_level", "attempts", "overflow")
_ATTEMPT = (
    "item",
    "session_id",
    "start_timestamp",
    "end_timestamp",
    "completion_timestamp",
    "time_spent",
    "complete",
    "correct",
    "hinted",
    "error",
    "simple_answer",
)
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


async def attempts_of(db: Reading, filters: ReportFilters, members: Readable) -> AsyncIterator[Row]:
    """The attempts of `members` that began in the period."""
    async for holder, attempt in _held(db, filters, members):
        yield _about(holder, attempt)


async def interactions_of(db: Reading, filters: ReportFilters, members: Readable) -> AsyncIterator[Row]:
    """The entries of those attempts' interaction histories, numbered from 1, each beside its attempt."""
    async for holder, attempt in _held(db, filters, members):
        about = _about(holder, attempt)
        for number, entry in enumerate(attempt["interaction_history"], start=1):
            said = {name: entry.get(name) for name in ("type", "correct", "answer")}
            yield about | said | {"number": number}


def _about(holder: Row, attempt: Row) -> Row:
    found = {name: attempt[name] for name in _ATTEMPT}
    of_holder = {name: holder.get(name) for name in ("user_id", "content_id", "channel_id", "mastery_level")}
    in_try = "mastery_level" in holder
    return of_holder | found | {"attempt_id": attempt["id"], "mastery_log_id": holder["_id"] if in_try else None}


async def _held(db: Reading, filters: ReportFilters, members: Readable) -> AsyncIterator[tuple[Row, Row]]:
    """Each attempt with the try, or the session without one, that holds it. Indexes: owner_end, owner_attempts; holder
    for chunks.
    """
    period = filters.period
    since, until = period.get("$gte", _FIRST), period.get("$lt", _LAST)
    for kind in (MasteryLog, ContentSession):
        async for holder in db.stream(kind, _holders(filters, members), batch=_BATCH, long=True):
            async for attempt in _attempts(db, holder):
                if since <= attempt["start_timestamp"] < until:
                    yield holder, attempt


def _holders(filters: ReportFilters, members: Readable) -> list[Stage]:
    of_content: Mapping[str, Any] = {} if filters.content is None else {"content_id": filters.content}
    conditions = [members.query(), {"attempt_count": {"$gt": 0}, **of_content}]
    stages: list[Stage] = [{"$match": condition} for condition in conditions if condition]
    return [*stages, {"$project": dict.fromkeys(_HOLDER, 1)}]


async def _attempts(db: Reading, holder: Row) -> AsyncIterator[Row]:
    """All attempts of a try or session, the older ones from its chunks."""
    if holder.get("overflow"):
        chunks = [{"$match": {"holder_id": holder["_id"]}}, {"$project": {"attempts": 1}}]
        async for chunk in db.stream(AttemptOverflow, chunks, batch=_BATCH, long=True):
            for attempt in chunk["attempts"]:
                yield attempt
    for attempt in holder["attempts"]:
        yield attempt
