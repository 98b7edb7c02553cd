"""Rollups: what cannot be answered from the logs in time is kept ready, facility by facility and content by content.

Whatever is written says so in the same transaction (`documents.Touched`), and one of the service's processes computes
anew what was touched, within seconds (`reports.upkeep`).
"""

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime

from learntrack.documents import DaysKept, RollupState, Touched
from learntrack.documents.upkeep import pair_of
from learntrack.domain import moments
from learntrack.domain.portions import in_parts
from learntrack.reports.upkeep import items
from learntrack.reports.upkeep.checking import (
    Checked,
    check_facilities,
    check_numbers,
    differing,
    users_with_other_days,
)
from learntrack.reports.upkeep.item_tries import FacilityContent
from learntrack.reports.upkeep.worker import Upkeep
from learntrack.storage import Database, in_portions
from learntrack.storage.database import Stage
from learntrack.storage.leases import LeaseLost
from learntrack.storage.long_work import OnProgressOf

_LOOK_SECONDS = 0.5
_USERS = 500
"""Learners that one mark names."""

_OLDEST: list[Stage] = [{"$match": Touched.not_followed()}, {"$sort": {"at": 1}}, {"$limit": 1}]
"""The oldest mark that is not worked off; who moves is looked at twice, and the second time changes hardly anything."""


async def as_of_rollup(db: Database, facilities: Collection[str] = ()) -> datetime | None:
    """As of when the rollups of these facilities (none: of all) are: now, or when what is not in them yet was written.

    None where they must not be read: they were never computed, or hold answers of somebody who is being forgotten.
    """
    if await db.find_one(RollupState, {"_id": items.version()}) is None:
        return None
    for mark in await db.find(Touched, {"forgotten": {"$exists": True}}, {"forgotten": 1}):
        if not facilities or not {pair_of(entry)[0] for entry in mark["forgotten"]}.isdisjoint(facilities):
            return None
    oldest = await db.rows(Touched, _OLDEST)
    return oldest[0]["at"] if oldest else moments.now()


async def roll_up(db: Database, progress: OnProgressOf, *, everything: bool = False) -> int:
    """Bring every rollup up to date, or wait for the process that does; returns how many contents were computed here.
    Safe to repeat and to interrupt.

    Args:
        db: Where everything is stored.
        progress: Is told how much is done, and of how much.
        everything: Compute all anew, whether or not it was touched.

    Raises:
        DatabaseUnavailable: the disk is nearly full, or the database does not answer.

    """
    if everything:
        await _mark(db, await items.all_items(db))
        await db.transaction(lambda tx: db.remove(DaysKept, {}, tx))
    until, many = moments.now(), 0
    upkeep = Upkeep(db)  # one for all looks: it watches whether who holds the lease still lives
    while True:
        try:
            computed = await upkeep.catch_up(progress)
        except LeaseLost:
            upkeep, computed = Upkeep(db), None
        if computed is not None:
            return many + computed
        if not await db.rows(Touched, [*_OLDEST[:1], {"$match": {"at": {"$lte": until}}}, {"$limit": 1}]):
            return many
        await asyncio.sleep(_LOOK_SECONDS)


async def check_derived(db: Database, progress: OnProgressOf) -> Checked:
    """Compare all that is derived with the logs, and mend what differs.

    Args:
        db: Where everything is stored.
        progress: Is told how many contents are compared, and of how many.

    Raises:
        DatabaseUnavailable: the disk is nearly full, or the database does not answer.

    """
    checked = Checked()
    doubtful = await check_facilities(db, checked)
    await check_numbers(db, checked)
    await _mark(db, sorted(doubtful))
    await roll_up(db, progress)
    everything = await items.all_items(db)
    suspected = await differing(db, everything, progress)
    await roll_up(db, progress)  # what was written between the two looks
    wrong = await differing(db, suspected, progress)
    await _mark(db, wrong)
    await roll_up(db, progress)
    checked.count("rollups", len(everything), len(wrong))
    await _check_days(db, progress, checked)
    return checked


async def _check_days(db: Database, progress: OnProgressOf, checked: Checked) -> None:
    many, suspected = await users_with_other_days(db)
    if suspected:
        await roll_up(db, progress)  # what was written between the two looks
        _, wrong = await users_with_other_days(db, suspected)
        if wrong:
            marks = [Touched.by_moving(users, moments.now()) for users in in_parts(wrong, _USERS)]
            await in_portions.write(db, marks)
            await roll_up(db, progress)
        suspected = wrong
    checked.count("learners' days", many, len(suspected))


async def _mark(db: Database, doubtful: Sequence[FacilityContent]) -> None:
    await in_portions.write(db, items.doubting(doubtful))
