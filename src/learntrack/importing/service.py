"""Importing a Kolibri's history: the roster first, then learner by learner.

A learner is stored whole or not at all, unless no transaction could hold all of it (see `dividing`). Whatever happens,
an import that is run again ends right.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, aclosing, closing, contextmanager
from datetime import datetime
from itertools import chain

from learntrack.documents import Facility, Retained
from learntrack.domain import moments
from learntrack.errors import BeingForgotten
from learntrack.importing.converter import Order
from learntrack.importing.converters import MOST, converting, cores
from learntrack.importing.converting import Conversion
from learntrack.importing.kolibri.people import roster_of
from learntrack.importing.kolibri.source import Kolibri
from learntrack.importing.kolibri.sql import EVERYBODY
from learntrack.importing.merging import FORGOTTEN, NOT_OURS
from learntrack.importing.prepared import PreparedBatch
from learntrack.importing.read_ahead import ReadAhead
from learntrack.importing.report import ImportReport
from learntrack.importing.storing import Storing
from learntrack.roster.loading import load
from learntrack.roster.schemas import PARTS, Roster
from learntrack.storage import Database
from learntrack.storage.long_work import OnProgress
from learntrack.storage.patience import patiently

_WORTH_PROCESSES = 50_000
"""Logs from which on processes that convert pay for their start, which takes each a second."""

_AHEAD = 20
"""Batches that processes make ahead, about 30 MB: what they make while a database starts, so that no core rests."""


async def import_kolibri(
    db: Database,
    source: Kolibri,
    report: ImportReport,
    progress: OnProgress,
    *,
    dry_run: bool = False,
    processes: int | None = None,
) -> None:
    """Store what is in `source`, as `begun` and `Begun.into` say."""
    with begun(source, report, processes) as reading:
        await reading.into(db, progress, dry_run=dry_run)


@contextmanager
def begun(source: Kolibri, report: ImportReport, processes: int | None = None) -> Iterator["Begun"]:
    """An import that is being read already: processes take a second to start, and so does a database.

    Args:
        source: What is imported.
        report: Is told what was done, and what was skipped and why.
        processes: How many processes convert beside this one; None: as many as pay; 0: a thread of this one does.

    Raises:
        StartError: a process that converts has ended.

    """
    at = moments.now()
    roster = roster_of(source, report)
    for part in PARTS:
        report.count(part, "read", len(getattr(roster, part)))
    many = _fitting(source) if processes is None else processes
    with ExitStack() as stack:
        yield Begun(source, report, at, roster, many, stack)


class Begun:
    """An import that is being read; `begun` makes it, and ends what it has started."""

    def __init__(
        self, source: Kolibri, report: ImportReport, at: datetime, roster: Roster, processes: int, stack: ExitStack
    ) -> None:
        self._source = source
        self._report = report
        self._at = at
        self._roster = roster
        self._processes = processes
        self._stack = stack
        self._read()

    async def into(self, db: Database, progress: OnProgress, *, dry_run: bool = False) -> None:
        """Store it; safe to repeat with another reading: a second time only what is new there is added.

        Args:
            db: Where to.
            progress: Is told how many logs have been dealt with since it was last told.
            dry_run: Look at everything, store nothing.

        Raises:
            DatabaseUnavailable: the disk is nearly full, or the database did not come back within a minute. What is
                stored by then is sound; imported again, it goes on.
            StartError: a process that converts has ended; then, too.

        """
        if not dry_run:
            await _let_all_be_looked_at(db)
            await _load(db, self._roster, self._report, self._at)
            if self._conversion.facilities != _facilities(self._roster):
                self._stack.close()
                self._read()
        storing = Storing(db, self._at, dry_run=dry_run)
        async with aclosing(self._ahead.read()) as waiting:
            async for made in waiting:
                self._report.take_in(made.told)
                if made.batch is not None:
                    await _store(storing, made.batch, self._report)
                    progress(made.batch.rows)
        if not dry_run:
            await _remove_marks(db, {})

    def _read(self) -> None:
        """Begin to read the logs of those who are in the roster."""
        self._conversion = Conversion(self._at, _facilities(self._roster))
        tells_all, again = self._report.log is not None, self._source.again
        if again is None or self._processes == 0:
            # Not before the source is at hand for it alone.
            shares = (self._conversion.made(self._source, share, tells_all=tells_all) for share in (EVERYBODY, None))
            self._ahead = self._stack.enter_context(closing(ReadAhead(chain.from_iterable(shares), 1)))
        else:
            order = Order(again, self._conversion, tells_all)
            converters = self._stack.enter_context(converting(order, self._processes))
            self._ahead = self._stack.enter_context(closing(ReadAhead(converters.made, _AHEAD)))
            self._stack.callback(converters.end)  # first of all: nobody waits for what they are at
            self._ahead.start()


def _facilities(roster: Roster) -> dict[str, str]:
    """In which facility each user is."""
    return {user.id: user.facility_id for user in roster.users}


def _fitting(source: Kolibri) -> int:
    """How many processes pay."""
    available = min(MOST, cores())
    return available if available > 1 and source.count() >= _WORTH_PROCESSES else 0


async def _let_all_be_looked_at(db: Database) -> None:
    """Let the next `retain` not begin where the last one ended, and none that ends before the import say how far it has
    come: what is imported is older.
    """
    await patiently(lambda: db.put(Retained.begin(Retained.IMPORT, moments.now())))
    await _remove_marks(db, {"_id": {"$ne": Retained.IMPORT}})


async def _remove_marks(db: Database, which: Mapping[str, object]) -> None:
    await patiently(lambda: db.transaction(lambda tx: db.remove(Retained, which, tx)))


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
