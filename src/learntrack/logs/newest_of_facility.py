"""The newest tries of a whole facility, for an engine that sorts whole documents: found by an index before they are
sorted, and counted without asking of each whose it is.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, get_args

from learntrack.access.may_read import EVERYBODY, Readable
from learntrack.documents import ContentSummary
from learntrack.domain import moments
from learntrack.domain.mastery import TryKind
from learntrack.logs.filters import LogFilters
from learntrack.logs.pipelines import EVER, SESSIONS, TRIES, matching_count, sessions_holding
from learntrack.storage import Database
from learntrack.storage.database import Stage
from learntrack.web.paging import PageRequest

_DEEPEST = 2000
"""The deepest that a page begins for which only the newest are read."""
MORE_TRIES = 10
"""So many more tries are taken than the page needs: the engine's order by an index is right but for a few."""
_WINDOWS = (timedelta(days=1), timedelta(days=8), timedelta(days=64), None)
"""How far back the newest are looked for, one after the other; None is without an end."""


@dataclass(frozen=True, slots=True)
class NewestPart:
    """The logs of a facility that ended since a moment: `end_timestamp` is the condition on it."""

    facility_id: str
    end_timestamp: dict[str, datetime]

    def stage(self) -> Stage:
        """Only these logs. Index: facility_end."""
        return {"$match": asdict(self)}


async def newest_part(db: Database, readable: Readable, filters: LogFilters, page: PageRequest) -> NewestPart | None:
    """A part of a facility's logs that holds its newest tries as far as this page, and hardly more.

    None where the whole is as well asked: of few learners, narrowed by filters, deep down, or of few tries. The engine
    hands out what it finds by an index in the index's order; where another does not, the part is larger or too small,
    so who reads it has to look whether it reaches as far as the page. Index: facility_end.
    """
    facility, many = readable.narrows_to, page.skip + page.size
    is_all = filters == LogFilters(facility=facility, include=filters.include)
    if facility is None or not readable.is_whole or not is_all or many > _DEEPEST:
        return None
    for window in _WINDOWS:
        since = EVER if window is None else {"$gte": moments.now() - window}
        match = {"facility_id": facility, "end_timestamp": since}
        nth: list[Stage] = [
            {"$match": match},
            {"$skip": many - 1 + MORE_TRIES},
            {"$limit": 1},
            {"$project": {"end_timestamp": 1}},
        ]
        if rows := await db.rows(TRIES, nth):
            return NewestPart(facility, {"$gte": rows[0]["end_timestamp"]})
    return None


async def count_tries(db: Database, facility: str) -> int:
    """How many tries a facility has. Index: facility_end."""
    rows = await db.rows(
        TRIES, [{"$match": {"facility_id": facility}}, {"$group": {"_id": None, "count": {"$sum": 1}}}]
    )
    return sum(row["count"] for row in rows)


async def count_attempts(db: Database, facility: str) -> int:
    """How many attempts a facility has that have not faded: in tries, of which the summaries know, and outside of them.

    Of sessions that hold attempts there are few, so that everybody's are looked at. Indexes: facility_content,
    newest_attempts.
    """
    kinds: list[Any] = [{"$ifNull": [f"$of_tries.{kind}.attempts", 0]} for kind in get_args(TryKind)]
    in_tries = {"$subtract": [{"$add": kinds}, {"$ifNull": ["$faded_attempts", 0]}]}
    of_facility: Stage = {"$match": {"facility_id": facility}}
    filters = LogFilters()
    rows = await db.rows(ContentSummary, [of_facility, {"$group": {"_id": None, "count": {"$sum": in_tries}}}])
    in_sessions: Stage = {"$group": {"_id": None, "count": {"$sum": matching_count(filters)}}}
    rows += await db.rows(SESSIONS, [*sessions_holding(EVERYBODY, filters), of_facility, in_sessions])
    return sum(row["count"] for row in rows)
