"""What a report is narrowed to, in words, for who reads it without having asked."""

from datetime import date, datetime

from learntrack.documents import Classroom, Facility
from learntrack.errors import field_error
from learntrack.reports.filters import ReportFilters
from learntrack.reports.titles import titles_of
from learntrack.storage.reading import Reading

_LISTED = 20
"""How many places are named to who asks about none of them."""


async def asked_about(db: Reading, filters: ReportFilters) -> str:
    """For example `Grade 7, from 2026-03-02 to 2026-03-08`; empty where it is everything.

    Raises:
        InvalidFields: the facility or classroom is not in the roster, so that nobody could be in it.

    """
    words = []
    if filters.facility is not None:
        words.append(await _name_of(db, Facility, filters.facility))
    if filters.classroom is not None:
        words.append(await _name_of(db, Classroom, filters.classroom))
    if filters.content is not None:
        words.append((await titles_of(db, [filters.content]))[filters.content].shown)
    if filters.former:
        words.append("who has left among them")
    return ", ".join(word for word in [*words, _period(filters)] if word)


async def _name_of(db: Reading, kind: type[Facility | Classroom], key: str) -> str:
    row = await db.find_one(kind, {"_id": key}, {"name": 1})
    if row is not None:
        return str(row["name"])
    rows = await db.rows(kind, [{"$sort": {"name": 1, "_id": 1}}, {"$limit": _LISTED}, {"$project": {"name": 1}}])
    # As a literal, so that nothing in a name is obeyed by a terminal.
    there = ", ".join(f"{row['_id']} {row['name']!r}" for row in rows)
    raise field_error(kind.__name__.lower(), f"There is none with this id; there are: {there or 'none'}.")


def _period(filters: ReportFilters) -> str:
    since = f"from {_shown(filters.since)}" if filters.since is not None else ""
    if filters.until is None:
        return since
    # A date is its whole day, a moment is not included.
    until = f"{'before' if isinstance(filters.until, datetime) else 'to'} {_shown(filters.until)}"
    return f"{since} {until}".strip()


def _shown(moment: datetime | date) -> str:
    return moment.isoformat().replace("+00:00", "Z")
