"""Computing what is kept of items, and writing it.

It is written in a transaction instead of by the pipeline's own `$merge`, which no transaction may have: so that nothing
is written that has been outdated meanwhile, and what is no more goes.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from learntrack.documents import ItemRollup
from learntrack.documents.base import SCHEMA_VERSION, Row
from learntrack.documents.rollups import KeptRow
from learntrack.reports.upkeep import items
from learntrack.reports.upkeep.item_sums import ItemSums
from learntrack.reports.upkeep.item_tries import FacilityContent, ItemTries
from learntrack.reports.upkeep.remembered import Remembered
from learntrack.storage import Database
from learntrack.storage.leases import Holding
from learntrack.storage.transactions import Tx

_ROWS = 25
"""Rows that are made before others have their turn."""


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

    async def compute(self, item: FacilityContent, learners: Collection[str] | None = None) -> None:
        """Bring up to date what is kept of an item.

        Args:
            item: Where.
            learners: Whose tries have changed, if nobody else's have; None where anybody's may.

        Raises:
            LeaseLost: another process does that now.

        """
        epoch = await self._holding.epoch()
        if not self._db.capabilities.leaves_counting:
            await self._aggregate(item, epoch)
            return
        stamp = self._holding.term, epoch
        if stamp != self._stamp:  # another process has removed marks meanwhile, or somebody has been forgotten
            self.forget()
            self._stamp = stamp
        sums = self._remembered.take(item)
        if sums is not None and learners is not None:
            changed = await self._tries.count(sums, item, sorted(learners))
            if sums.remembers:
                await self._write_changed(item, sums, changed, epoch)
                self._remembered.keep(item, sums)
                return
        sums = ItemSums(self._remembered.most)
        await self._tries.count(sums, item, await self._tries.learners(item))
        rows = await _rows(item, sums, sums.items)
        await self._write(rows, epoch, _others(item, rows))
        self._remembered.keep(item, sums)

    async def _aggregate(self, item: FacilityContent, epoch: int) -> None:
        for question in items.rolled_up().values():
            rows = await items.computed(self._db, question, item)
            await self._write(rows, epoch, _others(item, rows))

    async def _write_changed(self, item: FacilityContent, sums: ItemSums, changed: Collection[str], epoch: int) -> None:
        if changed:
            rows = await _rows(item, sums, changed)
            gone = [_id_of(item, name) for name in changed if name not in sums.items]
            await self._write(rows, epoch, {"_id": {"$in": gone}} if gone else None)

    async def _write(self, rows: Iterable[Row], epoch: int, gone: Mapping[str, Any] | None) -> None:
        """Write rows, and remove those that match `gone`, if any may."""

        async def remove(tx: Tx) -> None:
            if gone is not None:
                await self._db.remove(ItemRollup, gone, tx)

        await self._holding.write([KeptRow(ItemRollup, row) for row in rows], epoch, remove)


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


def _others(item: FacilityContent, rows: Iterable[Row]) -> dict[str, Any]:
    """The condition on what is kept of an item beside these rows. Index: facility_content."""
    return {"facility_id": item[0], "content_id": item[1], "_id": {"$nin": [row["_id"] for row in rows]}}


def _id_of(item: FacilityContent, name: str) -> str:
    return ":".join((*item, name))
