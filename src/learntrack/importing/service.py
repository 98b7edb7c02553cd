"""Importing a Kolibri's history: the roster first, then learner by learner.

A learner is stored whole or not at all, unless no transaction could hold all of it (see `dividing`). Whatever happens,
an import that is run again ends right.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from datetime import datetime

from learntrack.documents import Facility
from learntrack.domain import moments
from learntrack.errors import BeingForgotten
from learntrack.importing.dividing import Batch, Converted, Part, batches
from learntrack.importing.kolibri.learners import converted
from learntrack.importing.kolibri.logs import Circumstances
from learntrack.importing.kolibri.people import roster_of
from learntrack.importing.kolibri.source import Kolibri, LearnerRows
from learntrack.importing.merging import FORGOTTEN, NOT_OURS, Merging, Outcome
from learntrack.importing.report import ImportReport
from learntrack.roster.loading import load
from learntrack.roster.schemas import PARTS, Roster
from learntrack.storage import Database
from learntrack.storage.long_work import OnProgress
from learntrack.storage.patience import patiently
from learntrack.storage.transactions import Tx

_TRANSACTION_SECONDS = 60.0


async def import_kolibri(
    db: Database, source: Kolibri, report: ImportReport, progress: OnProgress, *, dry_run: bool = False
) -> None:
    """Store what is in `source`; safe to repeat: a second time only what is new there is added.

    Args:
        db: Where to.
        source: What.
        report: Is told what was done, and what was skipped and why.
        progress: Is told how many logs have been dealt with since it was last told.
        dry_run: Look at everything, store nothing.

    Raises:
        DatabaseUnavailable: the disk is nearly full, or the database did not come back within a minute. What is stored
            by then is sound; run again, the import goes on.

    """
    at = moments.now()
    roster = roster_of(source, report)
    for part in PARTS:
        report.count(part, "read", len(getattr(roster, part)))
    if not dry_run:
        await _load(db, roster, report, at)
    known = {user.id for user in roster.users}
    async with aclosing(_ahead(batches(_learners(source, known, report, at)))) as waiting:
        async for batch in waiting:
            await _store(db, batch, report, at, dry_run=dry_run)
            progress(batch.rows)


async def _ahead(waiting: Iterator[Batch]) -> AsyncGenerator[Batch, None]:
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


def _learners(
    source: Kolibri, known: set[str], report: ImportReport, at: datetime
) -> Iterator[tuple[int, Sequence[Converted]]]:
    circumstances = Circumstances(at=at, moves_ends_of_tries=source.moves_ends_of_tries)
    for rows in _everybody(source, known, report):
        yield len(rows), converted(rows, report, circumstances)


def _everybody(source: Kolibri, known: set[str], report: ImportReport) -> Iterator[LearnerRows]:
    for rows in source.learners():
        if rows.user_id in known:
            yield rows
        else:
            report.skip("learners", rows.user_id, "has logs, but is no user that is imported")
    yield from source.anonymous()


async def _store(db: Database, batch: Batch, report: ImportReport, at: datetime, *, dry_run: bool) -> None:
    parts: Sequence[Part] = batch.parts

    async def work(tx: Tx) -> list[Outcome]:
        merging = Merging(db, tx, at)
        await merging.take_over(parts)
        if not dry_run:
            await db.write(merging.documents(), tx)
        return merging.outcomes

    for collection, key, outcome in await patiently(lambda: db.transaction(work, patience=_TRANSACTION_SECONDS)):
        if outcome in (NOT_OURS, FORGOTTEN):
            report.skip(collection, key, outcome)
        else:
            report.count(collection, outcome)
