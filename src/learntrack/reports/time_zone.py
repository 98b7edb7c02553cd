"""In which time zone a report's days begin."""

from learntrack.documents import Classroom, Facility, User
from learntrack.domain.time_zones import UTC_NAME
from learntrack.reports.filters import ReportFilters
from learntrack.storage.reading import Reading


async def zone_of(db: Reading, filters: ReportFilters, *, asked_by: str | None = None) -> str:
    """The zone that is asked for, else that of the facility asked about (or of the classroom's), else of the facility
    of who asks, else of the only one; UTC where none of them says. Index: the key.
    """
    if filters.timezone is not None:
        return filters.timezone
    facility = filters.facility or await _of(db, Classroom, filters.classroom)
    facility = facility or await _of(db, User, asked_by) or await _only_facility(db)
    row = await db.find_one(Facility, {"_id": facility}, {"timezone": 1}) if facility else None
    return (row or {}).get("timezone") or UTC_NAME


async def _of(db: Reading, kind: type[Classroom | User], key: str | None) -> str | None:
    row = await db.find_one(kind, {"_id": key}, {"facility_id": 1}) if key else None
    return None if row is None else row["facility_id"]


async def _only_facility(db: Reading) -> str | None:
    rows = await db.rows(Facility, [{"$limit": 2}, {"$project": {"_id": 1}}])
    return rows[0]["_id"] if len(rows) == 1 else None
