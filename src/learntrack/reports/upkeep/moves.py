"""Letting the logs of learners follow them into another facility."""

from collections.abc import Iterable, Sequence

from learntrack.documents import AttemptOverflow, ContentSession, ContentSummary, MasteryLog, Touched, User
from learntrack.documents.base import Stored
from learntrack.documents.upkeep import pair_of
from learntrack.domain.portions import in_parts
from learntrack.reports.upkeep import items
from learntrack.reports.upkeep.item_tries import FacilityContent
from learntrack.storage import Database, in_portions
from learntrack.storage.database import Stage

_LOGS: Sequence[type[Stored]] = (ContentSummary, ContentSession, MasteryLog, AttemptOverflow)
_STEP = 200
"""Learners who are looked at in one question, and logs that are changed in one command."""
_ASKED = 1000
"""Users who are asked for at once."""


async def facilities_of(db: Database, users: Sequence[str]) -> dict[str, str]:
    """The facilities of these users, as far as the roster knows them. Index: the key.

    Some at a time: with four times as many ids in one question the embedded engine takes some twenty times as long.
    """
    found: dict[str, str] = {}
    for some in in_parts(users, _ASKED):
        rows = await db.find(User, {"_id": {"$in": list(some)}}, {"facility_id": 1})
        found |= {row["_id"]: row["facility_id"] for row in rows}
    return found


async def follow(db: Database, users: Sequence[str]) -> list[Touched]:
    """Let the logs of these users say where they are today; returns the marks of what is to be computed anew.

    These are written first: where this ends half way, the logs that it has changed tell nobody any more that they have
    been elsewhere. Each log is written by itself: who reads meanwhile finds it there or here. Indexes: owner_*.
    """
    marks: list[Touched] = []
    for some in in_parts(users, _STEP):
        by_facility: dict[str, list[str]] = {}
        for user, facility in (await facilities_of(db, some)).items():
            by_facility.setdefault(facility, []).append(user)
        for facility, members in by_facility.items():
            marks += await _follow_into(db, facility, members)
    return marks


def marked(marks: Iterable[Touched]) -> set[FacilityContent]:
    """What is to be computed anew by these marks."""
    return {pair_of(entry) for mark in marks for entry in mark.items}


async def _follow_into(db: Database, facility: str, members: Sequence[str]) -> list[Touched]:
    # Two conditions, because the embedded engine uses an index only for one that it covers whole.
    elsewhere: list[Stage] = [
        {"$match": {"user_id": {"$in": list(members)}}},
        {"$match": {"facility_id": {"$ne": facility}}},
    ]
    key = {"facility": "$facility_id", "content": "$content_id"}
    left = [row["_id"] for row in await db.rows(MasteryLog, [*elsewhere, {"$group": {"_id": key}}])]
    touched = {(place, each["content"]) for each in left for place in (facility, each.get("facility")) if place}
    marks = items.doubting(sorted(touched))
    await in_portions.write(db, marks)
    for kind in _LOGS:
        found = [row["_id"] async for row in db.stream(kind, [*elsewhere, {"$project": {"_id": 1}}])]
        for ids in in_parts(found, _STEP):
            await db.set_fields(kind, db.by_ids(kind, ids, members), {"facility_id": facility})
    return marks
