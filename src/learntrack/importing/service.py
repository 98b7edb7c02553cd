"""Importing a Kolibri's history: the roster first, then learner by learner.

A learner is stored whole or not at all, unless no transaction could hold all of it (see `dividing`). Whatever happens,
an import that is run again ends right.
"""

import asyncio
from collections.abc import AsyncGenerator, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, closing
from datetime import datetime

from learntrack.documents import Facility
from learntrack.domain import moments
from learntrack.errors import BeingForgotten
from learntrack.importing.converter import Order
from learntrack.importing.converters import MOST, cores, made_in_processes
from learntrack.importing.converting import Conversion
from learntrack.importing.kolibri.people import roster_of
from learntrack.importing.kolibri.source import Kolibri
from learntrack.importing.merging import FORGOTTEN, NOT_OURS
from learntrack.importing.prepared import PreparedBatch
from learntrack.importing.report import ImportReport
from learntrack.importing.storing import Storing
from learntrack.roster.loading import load
from learntrack.roster.schemas import PARTS, Roster
from learntrack.storage import Database
from learntrack.storage.long_work import OnProgress
from learntrack.storage.patience import patiently

_WORTH_PROCESSES = 50_000
"""Logs from which on processes that convert pay for their start, which takes each a second."""


async def import_kolibri(
    db: Database,
    source: Kolibri,
    report: ImportReport,
    progress: OnProgress,
    *,
    dry_run: bool = False,
    processes: int | None = None,
) -> None:
    """Store what is in `source`; safe to repeat: a second time only what is new there is added.

    Args:
        db: Where to.
        source: What.
        report: Is told what was done, and what was skipped and why.
        progress: Is told how many logs have been dealt with since it was last told.
        dry_run: Look at everything, store nothing.
        processes: How many processes convert beside this one; None: as many as pay; 0: a thread of this one does.

    Raises:
        DatabaseUnavailable: the disk is nearly full, or the database did not come back within a minute. What is stored
            by then is sound; run again, the import goes on.
        StartError: a process that converts has ended; then, too.

    """
    at = moments.now()
    roster = roster_of(source, report)
    for part in PARTS:
        report.count(part, "read", len(getattr(roster, part)))
    if not dry_run:
        await _load(db, roster, report, at)
    conversion = Conversion(at, {user.id: user.facility_id for user in roster.users})
    many = _fitting(source) if processes is None else processes
    storing = Storing(db, at, dry_run=dry_run)
    with closing(_made(source, conversion, report, many)) as made:
        async with aclosing(_ahead(made)) as waiting:
            async for batch in waiting:
                await _store(storing, batch, report)
                progress(batch.rows)


def _fitting(source: Kolibri) -> int:
    """How many processes pay."""
    available = min(MOST, cores())
    return available if available > 1 and source.count() >= _WORTH_PROCESSES else 0


def _made(
    source: Kolibri, conversion: Conversion, report: ImportReport, processes: int
) -> Generator[PreparedBatch, None, None]:
    if source.again is None or processes == 0:
        yield from conversion.everything(source, report)
    else:
        order = Order(source.again, conversion, tells_all=report.log is not None)
        yield from made_in_processes(order, report, processes)


async def _ahead(waiting: Iterator[PreparedBatch]) -> AsyncGenerator[PreparedBatch, None]:
    """The batches, each made in a thread while the one before it is stored: the database works meanwhile."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1, "import") as thread:
        made = loop.run_in_executor(thread, next, waiting, None)
        while (batch := await made) is not None:
            made = loop.run_in_executor(thread, next, waiting, None)
            yield batch


async def _load(db: Database, roster: Roster, report: ImportReport, at: datetime) -> None:
    """Write the roster, without those who are being forgotten meanwhile. A facility's time zone is that of its logs
    where it is new here, else what has been said here.
    """
    known = await db.find(Facility, {"_id": {"$in": [record.id for record in roster.facilities]}}, {"_id": 1})
    here = {row["_id"] for row in known}
    for record in roster.facilities:
        if record.id in here:
            record.timezone = None
    while True:
        try:
            await patiently(lambda: load(db, roster, lambda _: None, at))
        except BeingForgotten as error:
            report.skip("users", error.user_id, FORGOTTEN)
            roster.users = [record for record in roster.users if record.id != error.user_id]
            roster.memberships = [record for record in roster.memberships if record.user_id != error.user_id]
            roster.roles = [record for record in roster.roles if record.user_id != error.user_id]
        else:
            return


async def _store(storing: Storing, batch: PreparedBatch, report: ImportReport) -> None:
    for collection, key, outcome in await patiently(lambda: storing.store(batch)):
        if outcome in (NOT_OURS, FORGOTTEN):
            report.skip(collection, key, outcome)
        else:
            report.count(collection, outcome)
