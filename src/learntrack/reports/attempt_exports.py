"""Attempts and their interactions, one by one, wherever they are stored."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import product

from learntrack.access.may_read import Readable
from learntrack.documents import AttemptOverflow, ContentSession, MasteryLog
from learntrack.documents.base import Stored
from learntrack.domain import moments
from learntrack.reports.filters import ReportFilters
from learntrack.storage.at_once import AtOnce
from learntrack.storage.database import Row
from learntrack.storage.reading import Reading

BATCH = 100
"""Documents of attempts that are read in a round trip: some 7 KB each."""
LEARNERS_AT_ONCE = 500
"""Whose logs an export asks for together: a question of a whole country's learners would be too large to be sent, and
the embedded engine works out the answer to one before it sends any of it.
"""
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
_FIRST, _LAST = moments.FIRST, datetime.max.replace(tzinfo=UTC)


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
    of_content = {} if filters.content is None else {"content_id": filters.content}
    kinds: tuple[type[Stored], ...] = (MasteryLog, ContentSession)
    for part, kind in product(members.in_parts(LEARNERS_AT_ONCE), kinds):
        query = {**part.query(), **of_content, "attempt_count": {"$gt": 0}}
        async for holder in db.each(kind, query, at_once=AtOnce(BATCH)):
            async for attempt in all_attempts(db, holder):
                if since <= attempt["start_timestamp"] < until:
                    yield holder, attempt


async def all_attempts(db: Reading, holder: Row) -> AsyncIterator[Row]:
    """All attempts of a try or session, the older ones from its chunks. Index: holder."""
    if holder.get("overflow"):
        async for chunk in db.each(AttemptOverflow, {"holder_id": holder["_id"]}, at_once=AtOnce(BATCH)):
            for attempt in chunk["attempts"]:
                yield attempt
    for attempt in holder.get("attempts", ()):
        yield attempt
