"""Session and summary logs as CSV, with the columns of Kolibri's own export."""

from collections.abc import AsyncIterator
from typing import Any

from learntrack.access.may_read import Readable
from learntrack.reports.filters import ReportFilters
from learntrack.reports.names import ROWS, in_parts
from learntrack.reports.questions import Column
from learntrack.storage.database import Row, Stage
from learntrack.storage.reading import Reading

# Kolibri leaves quizzes out, and knows the names of channels and contents, which stay empty here.
TITLES: dict[str, tuple[str, str]] = {
    "facility_name": ("Facility name", "text"),
    "username": ("Username", "text"),
    "channel_id": ("Channel id", "text"),
    "channel_name": ("Channel name", "text"),
    "content_id": ("Content id", "text"),
    "content_title": ("Content title", "text"),
    "start_timestamp": ("Time of first interaction", "timestamp"),
    "end_timestamp": ("Time of last interaction", "timestamp"),
    "completion_timestamp": ("Time of completion", "timestamp"),
    "time_spent": ("Time Spent (sec)", "seconds"),
    "progress": ("Progress (0-1)", "share"),
    "kind": ("Content kind", "text"),
}

COLLECTIONS = {"sessions": "content_sessions", "summaries": "content_summaries"}


def columns(kind: str) -> tuple[list[Column], list[str]]:
    """The columns of an export and their titles; sessions have no completion."""
    names = [name for name in TITLES if kind == "summaries" or name != "completion_timestamp"]
    return [Column(name, TITLES[name][1], "") for name in names], [TITLES[name][0] for name in names]  # type: ignore[arg-type]


async def export(db: Reading, kind: str, filters: ReportFilters, members: Readable) -> AsyncIterator[Row]:
    """The logs of `members` that began in the period, by learner and start. Indexes: owner_start, owner_progress."""
    query: dict[str, Any] = members.query()
    if filters.period and kind == "sessions":
        query["start_timestamp"] = filters.period
    stages: list[Stage] = [{"$match": query}, {"$match": {"kind": {"$ne": "quiz"}}}]
    if filters.period and kind == "summaries":
        stages.append({"$match": {"start_timestamp": filters.period}})
    if filters.content is not None:
        stages.append({"$match": {"content_id": filters.content}})
    stages.append({"$project": dict.fromkeys([*TITLES, "user_id"], 1)})
    stages.append({"$sort": {"user_id": 1, "start_timestamp": 1, "_id": 1}})
    facilities = {row["_id"]: row["name"] for row in await db.find("facilities", {}, {"name": 1})}
    async for part in in_parts(db.stream(COLLECTIONS[kind], stages, batch=ROWS, long=True)):
        for each in await _named(db, part, facilities):
            yield each


async def _named(db: Reading, rows: list[Row], facilities: dict[str, str]) -> list[Row]:
    ids = list({row["user_id"] for row in rows if row["user_id"] is not None})
    users = (
        {row["_id"]: row for row in await db.find("users", {"_id": {"$in": ids}}, {"username": 1, "facility_id": 1})}
        if ids
        else {}
    )
    blank = dict.fromkeys(TITLES)
    return [
        blank
        | row
        | {
            "username": users.get(row["user_id"], {}).get("username", ""),
            "facility_name": facilities.get(users.get(row["user_id"], {}).get("facility_id", ""), ""),
            "time_spent": round(row["time_spent"], 1),
            "progress": int(row["progress"] * 10_000) / 10_000,
        }
        for row in rows
    ]
