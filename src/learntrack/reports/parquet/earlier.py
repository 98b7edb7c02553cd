"""Which months before the first that a run is asked for it must write anew all the same.

A try is in the month in which it ends. One that goes on leaves an older file for a newer one, and would be counted
twice if the older file stayed as it is. A session or summary is in the month in which it began, and changes there when
it goes on. A month is written for all facilities together, so that a learner who has moved is in one of them only.
"""

from collections.abc import Callable
from datetime import datetime

from learntrack.documents import ContentSession, ContentSummary, MasteryLog
from learntrack.documents.base import Stored
from learntrack.reports.parquet.files import ParquetFiles
from learntrack.reports.parquet.months import month_named
from learntrack.storage.database import Stage
from learntrack.storage.reading import Reading

Months = dict[type[Stored], set[str]]
_MONTH: Stage = {"$dateToString": {"date": "$start_timestamp", "format": "%Y-%m"}}


class EarlierMonths:
    """Finds them.

    Args:
        db: Where the logs are.
        files: What earlier runs have written.
        id_of: What an id is in the files.

    """

    def __init__(self, db: Reading, files: ParquetFiles, id_of: Callable[[str | None], str | None]) -> None:
        self._db = db
        self._files = files
        self._id_of = id_of

    async def before(self, first_month: str) -> Months:
        """The months before this one, of those that have been written, by what is stored."""
        written = {month for month in self._files.months() if month < first_month}
        if not written:
            return {}
        begin, _ = month_named(first_month)
        started = {kind: await self._begun_before(kind, begin) for kind in (ContentSession, ContentSummary)}
        oldest = min(written)
        found: Months = {kind: {month for month in each if month >= oldest} for kind, each in started.items()}
        found[MasteryLog] = await self._left_by_tries(first_month)
        return found

    async def _begun_before(self, kind: type[Stored], moment: datetime) -> set[str]:
        """The months in which something began that has gone on since this moment."""
        gone_on = {"start_timestamp": {"$lt": moment}, "end_timestamp": {"$gte": moment}}
        stages: list[Stage] = [{"$match": gone_on}, {"$group": {"_id": _MONTH}}]
        return {row["_id"] async for row in self._db.stream(kind, stages, long=True)}

    async def _left_by_tries(self, first_month: str) -> set[str]:
        """The months whose files have a try that has ended later since, or that one which is written anew may have."""
        begin, _ = month_named(first_month)
        left = {month for month in self._files.months("tries") if month < first_month}
        found: set[str] = set()
        moved = await self._tries_over(begin, None)
        while moved:
            hit = {month for month in left if self._files.have("tries", month, "mastery_log_id", moved)}
            left -= hit
            found |= hit
            moved = set()
            for month in hit:
                moved |= await self._tries_over(*month_named(month))
        return found

    async def _tries_over(self, begin: datetime, end: datetime | None) -> set[str | None]:
        """The ids of the tries that began before a moment and have ended since, before `end` if it is said."""
        ended = {"$gte": begin} if end is None else {"$gte": begin, "$lt": end}
        gone_on = {"start_timestamp": {"$lt": begin}, "end_timestamp": ended}
        stages: list[Stage] = [{"$match": gone_on}, {"$project": {"_id": 1}}]
        return {self._id_of(row["_id"]) async for row in self._db.stream(MasteryLog, stages, long=True)}
