"""Learner-days: computed once a day has ended, and anew where something of it comes or goes later.

What has just begun is read from the sessions themselves (`reports.learner_days`), so that no write has to say that it
was there; only a change of a session that began long ago does (`documents.learner_days.SETTLED`).
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from learntrack.documents import ContentSession, DaysKept, Facility, LearnerDay
from learntrack.documents.base import SCHEMA_VERSION, Row
from learntrack.documents.learner_days import KEPT_AFTER
from learntrack.documents.rollups import KeptRow
from learntrack.domain import moments
from learntrack.domain.time_zones import UTC_NAME, day_begins, day_of
from learntrack.reports.upkeep.items import are_equal
from learntrack.reports.upkeep.moves import facilities_of
from learntrack.storage import Database, in_portions
from learntrack.storage.database import Stage
from learntrack.storage.leases import Holding
from learntrack.storage.parts import in_parts_of
from learntrack.storage.transactions import Tx

_STEP_DAYS = 7
"""Days of a facility that are computed in one question: what has been is kept, if the process ends."""
_DAY = timedelta(days=1)

Touches = Mapping[str, Sequence[date] | None]
"""Users, and on which days (UTC) sessions of theirs began that were touched; None for whenever."""


async def zones(db: Database) -> dict[str, str]:
    """The time zone of each facility."""
    return {row["_id"]: row.get("timezone") or UTC_NAME for row in await db.find(Facility, {}, {"timezone": 1})}


async def kept_through(db: Database, facilities: Sequence[str] | None = None) -> dict[str, DaysKept]:
    """Up to where the days of these facilities (None: of all) are kept. Index: the key."""
    query = {} if facilities is None else {"_id": {"$in": list(facilities)}}
    return {row["_id"]: DaysKept.read(row) for row in await db.find(DaysKept, query)}


async def keep_up(db: Database, holding: Holding) -> None:
    """Compute the days of every facility that have ended since; all of them where its time zone is another now.

    Raises:
        LeaseLost: another process does that now, or somebody has been forgotten meanwhile.

    """
    kept = await kept_through(db)
    for facility, zone in sorted((await zones(db)).items()):
        ended = day_begins(day_of(moments.now() - KEPT_AFTER, zone), zone)
        state = kept.get(facility)
        if state is None or not state.is_of(zone):
            state = await _begin(db, holding, facility, zone, ended)
        while state.through < ended:
            until = day_begins(day_of(state.through, zone) + _STEP_DAYS * _DAY, zone)
            await _compute(db, holding, state, min(until, ended))


async def recompute(db: Database, holding: Holding, touched: Touches) -> None:
    """Compute the days of these users anew, as far as days are kept.

    Raises:
        LeaseLost: another process does that now, or somebody has been forgotten meanwhile.

    """
    facilities = await facilities_of(db, sorted(touched))
    kept = await kept_through(db)
    for user, dates in sorted(touched.items()):
        epoch = await holding.epoch()
        db.check_disk()
        state = kept.get(facilities.get(user, ""))
        wanted, stored = await both(db, user, state, dates)
        changed = [row for key, row in wanted.items() if not are_equal(row, stored.get(key))]
        gone = sorted(stored.keys() - wanted.keys())
        await in_portions.write_held(holding, (KeptRow(LearnerDay, row) for row in changed), epoch)
        await in_portions.remove_held(holding, db, LearnerDay, ((key, user) for key in gone), epoch)


async def both(
    db: Database, user: str, state: DaysKept | None, dates: Sequence[date] | None = None
) -> tuple[dict[str, Row], dict[str, Row]]:
    """A user's days as the sessions say, and as they are kept, by their ids: those around these dates, or all.

    Indexes: owner_start_id, owner_day.
    """
    days: Row = {"user_id": user}
    if state is None:  # nothing is kept of who is in no facility, or in one whose days are not kept yet
        return {}, {row["_id"]: row for row in await db.find(LearnerDay, days)}
    zone, began = state.timezone, {"$lt": state.through}
    if dates is not None:
        # A day of any zone may be in the day before or after of UTC.
        first, last = min(dates) - _DAY, max(dates) + _DAY
        began = {"$gte": day_begins(first, zone), "$lt": min(day_begins(last + _DAY, zone), state.through)}
        days["day"] = {"$gte": f"{first}", "$lte": f"{min(last, day_of(state.through, zone) - _DAY)}"}
    match = {"user_id": user, "start_timestamp": began}
    wanted = {row["_id"]: row async for row in _days(db, match, zone, state.id)}
    return wanted, {row["_id"]: row for row in await db.find(LearnerDay, days)}


async def _begin(db: Database, holding: Holding, facility: str, zone: str, ended: datetime) -> DaysKept:
    """Keep the days of a facility from its first session on; of another time zone nothing is left. Index:
    facility_start.
    """
    epoch = await holding.epoch()
    await holding.write([], epoch, lambda tx: db.remove(DaysKept, {"_id": facility}, tx))
    await _remove(db, holding, {"facility_id": facility})
    earliest: list[Stage] = [
        {"$match": {"facility_id": facility}},
        {"$group": {"_id": None, "first": {"$min": "$start_timestamp"}}},
    ]
    found = await db.rows(ContentSession, earliest)
    through = min(ended, day_begins(day_of(found[0]["first"], zone), zone)) if found else ended
    state = DaysKept.begin(facility, zone, through, moments.now())
    await holding.write([state], epoch)
    return DaysKept.read(state.row())


async def _compute(db: Database, holding: Holding, state: DaysKept, until: datetime) -> None:
    """Keep what began from where the days are kept until then. Index: facility_start."""
    epoch = await holding.epoch()
    zone = state.timezone
    # What was computed before a process ended, and has been outdated since.
    days = {"$gte": f"{day_of(state.through, zone)}", "$lt": f"{day_of(until, zone)}"}
    await _remove(db, holding, {"facility_id": state.id, "day": days})
    match = {"facility_id": state.id, "start_timestamp": {"$gte": state.through, "$lt": until}}
    async for part in in_parts_of(_days(db, match, zone, state.id), in_portions.MOST):
        db.check_disk()
        await in_portions.write_held(holding, (KeptRow(LearnerDay, row) for row in part), epoch)
    state.move(until, moments.now())
    await holding.write([state], epoch)


async def _remove(db: Database, holding: Holding, query: Mapping[str, Any]) -> None:
    """Remove learner-days, some hundred in a transaction. Index: facility_day."""
    epoch = await holding.epoch()

    found = [""]

    async def remove(tx: Tx) -> None:
        found[:] = await db.ids(LearnerDay, query, tx, most=in_portions.MOST)
        if found:
            owners = sorted({key.split(":")[0] for key in found})
            await db.remove(LearnerDay, db.by_ids(LearnerDay, found, owners), tx)

    while found:
        await holding.write([], epoch, remove)


async def _days(db: Database, match: Mapping[str, Any], zone: str, facility: str) -> AsyncIterator[Row]:
    """The learner-days of the sessions that match, by user and day."""
    day = {"$dateToString": {"date": "$start_timestamp", "format": "%Y-%m-%d", "timezone": zone}}
    found: Row | None = None
    stages: list[Stage] = [
        {"$match": match},
        {
            "$group": {
                "_id": {"user": "$user_id", "day": day, "content": "$content_id"},
                "sessions": {"$sum": 1},
                "time_spent": {"$sum": "$time_spent"},
                "first": {"$min": "$start_timestamp"},
                "last": {"$max": "$end_timestamp"},
            }
        },
        {"$sort": {"_id.user": 1, "_id.day": 1, "_id.content": 1}},
    ]
    async for row in db.stream(ContentSession, stages, batch=1000, long=True):
        of = row.pop("_id")
        if of["user"] is None:
            continue
        key = f"{of['user']}:{of['day']}"
        if found is None or found["_id"] != key:
            if found is not None:
                yield found
            found = _new(key, facility, of["user"], of["day"], row["first"])
        found["sessions"] += row["sessions"]
        found["time_spent"] += row["time_spent"]
        found["first"] = min(found["first"], row["first"])
        found["contents"].append({"content_id": of["content"], **row})
    if found is not None:
        yield found


def _new(key: str, facility: str, user: str, day: str, first: datetime) -> Row:
    return {
        "_id": key,
        "facility_id": facility,
        "user_id": user,
        "day": day,
        "sessions": 0,
        "time_spent": 0.0,
        "first": first,
        "contents": [],
        "schema_version": SCHEMA_VERSION,
    }
