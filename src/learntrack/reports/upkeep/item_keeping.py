"""Computing what is kept of items, and writing it.

It is written in a transaction instead of by the pipeline's own `$merge`, which no transaction may have: so that nothing
is written that has been outdated meanwhile, and what is no more goes.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence

from learntrack.documents import ItemRollup
from learntrack.documents.base import SCHEMA_VERSION, Row
from learntrack.documents.rollups import KeptRow
from learntrack.reports.upkeep import items
from learntrack.reports.upkeep.item_sums import ItemSums
from learntrack.reports.upkeep.item_tries import FacilityContent, ItemTries
from learntrack.reports.upkeep.remembered import Remembered
from learntrack.storage import Database, in_portions
from learntrack.storage.leases import Holding
from learntrack.storage.long_work import OnProgressOf

_PLACES = 25
"""Contents of facilities that are brought up to date together: for each alone, commands cost more than the work."""
_ROWS = 25
"""Rows that are made before others have their turn."""
TouchedItem = tuple[FacilityContent, Collection[str] | None]
"""A content of a facility, and who has gone on at it; None where everybody may have."""


class ItemKeeping:
    """Keeps the items of facilities' learners up to date.

    A MongoDB computes them where the logs are. On the embedded engine they are counted here (decision 0015), and what
    each learner has in them is remembered, so that of who goes on alone something has to be read.

    Args:
        db: Where everything is stored.
        holding: The lease of who does this.

    """

    def __init__(self, db: Database, holding: Holding) -> None:
        self._db = db
        self._holding = holding
        self._tries = ItemTries(db)
        self._remembered = Remembered()
        self._stamp: tuple[int, int] | None = None

    def forget(self) -> None:
        """Forget what is remembered: everything is read anew."""
        self._remembered.forget()
        self._tries = ItemTries(self._db)

    async def compute(self, among: Sequence[TouchedItem], progress: OnProgressOf = lambda done, total: None) -> None:
        """Bring up to date what is kept of items.

        Args:
            among: Which; and whose tries have changed, if nobody else's have, None where anybody's may.
            progress: Is told how many are done.

        Raises:
            LeaseLost: another process does that now.

        """
        step = _PLACES if self._db.capabilities.leaves_counting else 1
        for first in range(0, len(among), step):
            progress(first, len(among))
            self._db.check_disk()
            if step == 1:
                await self._aggregate(among[first][0])
            else:
                await self._count(among[first : first + step])
        progress(len(among), len(among))

    async def _aggregate(self, item: FacilityContent) -> None:
        epoch = await self._holding.epoch()
        for question in items.rolled_up().values():
            await self._keep(item, await items.computed(self._db, question, item), epoch)

    async def _count(self, among: Sequence[TouchedItem]) -> None:
        epoch = await self._begin()
        taken: dict[FacilityContent, ItemSums] = {}
        for item, learners in among:
            sums = self._remembered.take(item)
            if sums is not None and learners is not None:
                taken[item] = sums
        pairs = [(item, learner) for item, learners in among if item in taken for learner in sorted(learners or ())]
        changed = await self._tries.count(taken, pairs)
        fitting = {item: sums for item, sums in taken.items() if sums.remembers}
        await self._write_changed(fitting, changed, epoch)
        for item, sums in fitting.items():
            self._remembered.keep(item, sums)
        for item, _ in among:
            if item not in fitting:
                await self._count_anew(item)

    async def _count_anew(self, item: FacilityContent) -> None:
        epoch = await self._begin()
        sums = ItemSums(self._remembered.most)
        await self._tries.count({item: sums}, [(item, learner) for learner in await self._tries.learners(item)])
        await self._keep(item, await _rows(item, sums, sums.items), epoch)
        self._remembered.keep(item, sums)

    async def _begin(self) -> int:
        """The epoch of what is read from now on. What was read in another is forgotten: somebody has been forgotten
        since, or another process has removed marks.
        """
        epoch = await self._holding.epoch()
        stamp = self._holding.term, epoch
        if stamp != self._stamp:
            self.forget()
            self._stamp = stamp
        return epoch

    async def _write_changed(
        self,
        counted: Mapping[FacilityContent, ItemSums],
        changed: Mapping[FacilityContent, Collection[str]],
        epoch: int,
    ) -> None:
        """Write what has changed of these, several in one transaction."""
        rows: list[Row] = []
        gone: list[str] = []
        for item, sums in counted.items():
            rows += await _rows(item, sums, changed[item])
            gone += [_id_of(item, name) for name in changed[item] if name not in sums.items]
        await self._write(rows, gone, epoch)

    async def _keep(self, item: FacilityContent, rows: Sequence[Row], epoch: int) -> None:
        """Write all that is to be kept of an item, and remove what else is. Index: facility_content."""
        kept = await self._db.find(ItemRollup, {"facility_id": item[0], "content_id": item[1]}, {"_id": 1})
        gone = {row["_id"] for row in kept} - {row["_id"] for row in rows}
        await self._write(rows, sorted(gone), epoch)

    async def _write(self, rows: Iterable[Row], gone: Iterable[str], epoch: int) -> None:
        """Write rows, and remove others by their ids. Until its mark is worked off an item may be anything between what
        it was and what it is to be: each of its questions is right, at some moment since the mark.
        """
        await in_portions.write_held(self._holding, (KeptRow(ItemRollup, row) for row in rows), epoch)
        await in_portions.remove_held(self._holding, self._db, ItemRollup, ((key, None) for key in gone), epoch)


async def _rows(item: FacilityContent, sums: ItemSums, changed: Collection[str]) -> list[Row]:
    """What is to be kept of these questions; others have their turn in between."""
    rows: list[Row] = []
    for number, name in enumerate(sorted(changed)):
        if answers := sums.answers(name, items.ANSWERS):
            where = {"facility_id": item[0], "content_id": item[1], "item": name}
            rows.append({"_id": _id_of(item, name), **where, "answers": answers, "schema_version": SCHEMA_VERSION})
        if number % _ROWS == _ROWS - 1:
            await asyncio.sleep(0)
    return rows


def _id_of(item: FacilityContent, name: str) -> str:
    return ":".join((*item, name))
