"""What a file is called that is handed out: what it has, whom it is about, of when, and where its days begin."""

import re
from datetime import datetime
from urllib.parse import quote

from learntrack.domain.time_zones import UTC_NAME, zone_info
from learntrack.reports.filters import ReportFilters
from learntrack.storage.reading import Reading

_NO_NAME = re.compile(r"[\W_]+", re.UNICODE)
_MOST = 60


async def attachment(db: Reading, what: str, filters: ReportFilters, form: str, at: datetime) -> dict[str, str]:
    """The headers that give a file its name, such as
    `quiz-results_Hill-School_A1_from-2026-03-01_made-2026-03-09_days-of-Africa-Nairobi.csv`, and that say the zone.

    Args:
        db: Where the places' names are.
        what: What is in it.
        filters: Whom and when it is about, and in which time zone.
        form: Its ending.
        at: When it was made.

    """
    parts = [what, *[await _place(db, *place) for place in _places(filters)]]
    for word, moment in (("from", filters.since), ("until", filters.until)):
        if moment is not None:
            parts.append(f"{word}-{moment:%Y-%m-%d}")
    zone = filters.timezone or UTC_NAME
    parts.append(f"made-{at.astimezone(zone_info(zone)):%Y-%m-%d}")
    parts.append(f"days-of-{zone.replace('/', '-')}")
    name = "_".join(part for part in parts if part)
    plain = name.encode("ascii", "ignore").decode().replace("__", "_")
    # The second form is for names that are not written in Latin letters (RFC 6266).
    called = f"attachment; filename=\"{plain}.{form}\"; filename*=UTF-8''{quote(name)}.{form}"
    return {"Content-Disposition": called, "Learntrack-Timezone": zone}


def _places(filters: ReportFilters) -> list[tuple[str, str]]:
    named = (("facilities", filters.facility), ("classrooms", filters.classroom))
    return [(collection, key) for collection, key in named if key is not None]


async def _place(db: Reading, collection: str, key: str) -> str:
    row = await db.find_one(collection, {"_id": key}, {"name": 1})
    return _NO_NAME.sub("-", row["name"] if row else "").strip("-")[:_MOST] or key
