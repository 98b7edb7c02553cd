"""When learner-days answer a question, and which of them, beside the sessions that are in none yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from learntrack.documents import ContentSession, Touched
from learntrack.domain import moments
from learntrack.domain.time_zones import UTC_NAME, day_of
from learntrack.reports.filters import ReportFilters
from learntrack.reports.upkeep.days import kept_through, zones
from learntrack.storage import Database
from learntrack.storage.database import Stage

_PENDING = {"$or": [{"days": {"$exists": True}}, Touched.moving()]}
_OLDEST: list[Stage] = [{"$match": _PENDING}, {"$sort": {"at": 1}}, {"$limit": 1}]


@dataclass(frozen=True, slots=True)
class KeptDays:
    """What a question's `days` need: conditions on the sessions that are read (`live`) and on learner-days (`days`), of
    the period or of all time (`live_ever`, `days_ever`); and as of when the answer is.
    """

    params: dict[str, Any]
    as_of: datetime


async def kept_days(db: Database, filters: ReportFilters, facilities: Sequence[str]) -> KeptDays | None:
    """What learner-days say of the whole of these facilities (none: of everybody), as `filters` ask.

    None where they do not answer: of parts of days, of another time zone than the facilities', on an engine that does
    not join collections, and as long as nothing is kept. Indexes: facility_start, facility_day.
    """
    if not db.capabilities.transactions or isinstance(filters.since, datetime) or isinstance(filters.until, datetime):
        return None
    zone = filters.timezone or UTC_NAME
    asked = list(facilities) or sorted(await zones(db))
    kept = await kept_through(db, asked)
    now = moments.now()
    if not asked or len(kept) < len(asked) or not all(state.is_of(zone) for state in kept.values()):
        return None
    is_elsewhere = not facilities and await _is_anything_elsewhere(db)
    if is_elsewhere and not db.capabilities.walks_indexes:
        return None  # all sessions would be read for those of nobody's school
    through = min(state.through_for(db.reports.behind, now) for state in kept.values())
    whose: dict[str, Any] = {"facility_id": asked[0] if len(asked) == 1 else {"$in": asked}}
    params: dict[str, Any] = {}
    for suffix, period, days in (("", filters.period, _days_of(filters)), ("_ever", {}, {})):
        began = period | {"$gte": max(period.get("$gte", through), through)}
        params[f"live{suffix}"] = live = whose | {"start_timestamp": began}
        if is_elsewhere:
            elsewhere = {"facility_id": None} | ({"start_timestamp": period} if period else {})
            params[f"live{suffix}"] = {"$or": [live, elsewhere]}
        last = min(days.get("$lt", "9999"), f"{day_of(through, zone)}")
        params[f"days{suffix}"] = whose | {"day": days | {"$lt": last}}
    pending = await db.rows(Touched, _OLDEST)
    return KeptDays(params, pending[0]["at"] if pending else now)


def _days_of(filters: ReportFilters) -> dict[str, str]:
    """The condition on a day."""
    found: dict[str, str] = {}
    if isinstance(filters.since, date):
        found["$gte"] = f"{filters.since}"
    if isinstance(filters.until, date):
        found["$lt"] = f"{filters.until}~"  # the day itself too: "~" comes after every digit
    return found


async def _is_anything_elsewhere(db: Database) -> bool:
    """Whether anything was done by who is in no facility: by nobody who is known. Index: facility_start."""
    return await db.find_one(ContentSession, {"facility_id": None}, {"_id": 1}) is not None
