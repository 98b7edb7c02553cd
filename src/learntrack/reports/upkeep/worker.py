"""The process that keeps what is derived up to date: it works off what transactions have touched (see `Touched`)."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date

import structlog

from learntrack.documents import RecordingPermit, RollupState, Touched
from learntrack.documents.upkeep import UPKEEP, pair_of
from learntrack.domain import moments
from learntrack.reports.upkeep import days, items, moves, recounts
from learntrack.reports.upkeep.days import Touches
from learntrack.reports.upkeep.item_keeping import ItemKeeping, TouchedItem
from learntrack.reports.upkeep.item_tries import FacilityContent
from learntrack.storage import Database, DatabaseUnavailable, in_portions
from learntrack.storage.leases import SILENT_SECONDS, Holding, LeaseLost
from learntrack.storage.long_work import OnProgressOf
from learntrack.storage.patience import end_if_cancelled

_MARKS = 2000
"""Marks that are worked off in one round."""
_DAYS_SECONDS = 60.0
"""How often is looked whether a day has ended somewhere, or a facility is in another time zone."""
_LONG_PAUSE = 20.0
LATE_SECONDS = 75.0
"""When moved learners are looked at once more: a transaction that began before they moved takes no longer."""
_log = structlog.get_logger("learntrack.upkeep")


def pause_after(seconds: float) -> float:
    """How long to leave the database to others after a round that took so long: a tenth of the time is spent on rounds,
    more only where nothing would be done for `_LONG_PAUSE` seconds, and never more than a third.
    """
    return max(2 * seconds, min(9 * seconds, _LONG_PAUSE))


@dataclass(slots=True)
class Round:
    """What one round has to do.

    `items` are computed anew, whoever was at them; of those in `learners` these have gone on.
    """

    marks: list[Touched] = field(default_factory=list)
    items: set[FacilityContent] = field(default_factory=set)
    learners: dict[FacilityContent, set[str]] = field(default_factory=dict)
    moved: list[str] = field(default_factory=list)
    visited: dict[str, list[date]] = field(default_factory=dict)

    def touched(self) -> Touches:
        """Whose days are to be computed anew."""
        return self.visited | dict.fromkeys(self.moved)

    def computed(self) -> list[TouchedItem]:
        """What is to be computed, and whose it is alone; None for everybody's."""
        every = sorted(self.items | self.learners.keys())
        return [(item, None if item in self.items else self.learners[item]) for item in every]


class Upkeep:
    """Keeps rollups, the facilities of logs and unsure numbers up to date, as long as no other process does.

    Args:
        db: Where everything is stored.
        seconds: How long to wait between two rounds at the least; see `pause_after`.
        silent_seconds: See `Holding`.

    """

    def __init__(self, db: Database, *, seconds: float = 2.0, silent_seconds: float = SILENT_SECONDS) -> None:
        self._db = db
        self._seconds = seconds
        self._holding = Holding(db, UPKEEP, silent_seconds=silent_seconds)
        self._items = ItemKeeping(db, self._holding)
        self._followed: dict[str, float] = {}
        self._days_kept_up: float | None = None

    async def run(self) -> None:
        """Go on until cancelled. What fails is tried again."""
        while True:
            with suppress(LeaseLost, DatabaseUnavailable):
                if await self._holding.take():
                    async with self._holding.beating():
                        await self._go_on()
            end_if_cancelled()
            await asyncio.sleep(self._seconds)

    async def _go_on(self) -> None:
        while await self._holding.take():
            began = time.monotonic()
            try:
                await self._work_off()
            except DatabaseUnavailable as error:
                end_if_cancelled()
                _log.warning("what is derived is not up to date", error=str(error))
            await asyncio.sleep(max(self._seconds, pause_after(time.monotonic() - began)))

    async def catch_up(self, progress: OnProgressOf = lambda done, total: None) -> int | None:
        """Do all that is to be done now; returns how many contents were computed, None where another process does it.

        Raises:
            LeaseLost: another process has taken over.

        """
        if not await self._holding.take():
            return None
        many = 0
        self._items.forget()  # whoever asks for it wants to be sure
        async with self._holding.beating():
            while (computed := await self._work_off(progress)) is not None:
                many += computed
        return many

    async def _work_off(self, progress: OnProgressOf = lambda done, total: None) -> int | None:
        """Work off what was touched first; returns how many contents were computed, None where nothing was touched."""
        if await self._db.find_one(RollupState, {"_id": items.version()}) is None:
            await self._begin()
        while await recounts.recount_unsure(self._db):
            pass
        await self._keep_up_days()
        found = await self._next_round()
        if not found.marks:
            return None
        moved = await moves.follow(self._db, found.moved)
        found.marks += moved
        found.items |= moves.marked(moved)
        await days.recompute(self._db, self._holding, found.touched())
        every = found.computed()
        await self._items.compute(every, progress)
        await self._remove(found.marks)
        return len(every)

    async def _keep_up_days(self) -> None:
        if self._days_kept_up is None or time.monotonic() >= self._days_kept_up + _DAYS_SECONDS:
            await days.keep_up(self._db, self._holding)
            self._days_kept_up = time.monotonic()

    async def _begin(self) -> None:
        """Have everything computed once: nothing is kept ready yet."""
        epoch = await self._holding.epoch()
        marks = items.doubting(await items.all_items(self._db))
        # The marks first: where the state is, all that is not derived yet has to be marked.
        await in_portions.write_held(self._holding, marks, epoch)
        await self._holding.write([RollupState.begin(items.version(), moments.now())], epoch)

    async def _next_round(self) -> Round:
        """What is to be done next, oldest first. Index: oldest."""
        rows = await self._db.rows(Touched, [{"$sort": {"at": 1}}, {"$limit": _MARKS}])
        is_forgetting = await self._db.find_one(RecordingPermit, RecordingPermit.being_forgotten()) is not None
        found, logs = Round(), set[str]()
        for mark in map(Touched.read, rows):
            if mark.forgotten and is_forgetting:
                continue  # what is computed now may have to be computed again
            if mark.moved and not self._is_due(mark.id):
                continue
            found.marks.append(mark)
            found.moved += mark.moved
            found.items |= {pair_of(entry) for entry in (*mark.items, *mark.forgotten)}
            logs |= set(mark.logs)
            for user, day in map(pair_of, mark.days):
                found.visited.setdefault(user, []).append(date.fromisoformat(day))
        facilities = await moves.facilities_of(self._db, sorted({pair_of(log)[0] for log in logs}))
        for user, content in map(pair_of, logs):
            if user in facilities:
                found.learners.setdefault((facilities[user], content), set()).add(user)
        return found

    def _is_due(self, mark: str) -> bool:
        """Whether the learners of a mark are to be followed: at once, and once more when nobody can come late."""
        followed = self._followed.get(mark)
        return followed is None or time.monotonic() >= followed + LATE_SECONDS

    async def _remove(self, marks: Sequence[Touched]) -> None:
        """Remove marks that have been worked off; those of learners who are to be looked at once more say so."""
        done: list[Touched] = []
        followed: list[Touched] = []
        for mark in marks:
            if mark.moved and mark.id not in self._followed:
                self._followed[mark.id] = time.monotonic()
                mark.follow()
                followed.append(mark)
            else:
                self._followed.pop(mark.id, None)
                done.append(mark)
        epoch = await self._holding.epoch()
        await in_portions.write_held(self._holding, followed, epoch)
        await in_portions.remove_held(self._holding, self._db, Touched, ((mark.id, mark.owner) for mark in done), epoch)
