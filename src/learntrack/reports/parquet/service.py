"""Writes all logs and the roster as Parquet files.

`DIR/v1/TABLE/facility=ID/month=YYYY-MM/*.parquet`, which DuckDB, pandas and Spark read as one table with the columns
`facility` and `month`. Sessions and summaries are in the month in which they began (UTC), tries, and with them their
attempts and interactions, in the month in which the try ends. The roster is in `DIR/v1/TABLE/all.parquet`. A run reads
everything (from a month on) and replaces the files that differ, so that late offline work, moved learners and forgotten
ones come right; `DIR/v1/watermark.json` says as of when it is and which files are new.
"""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from learntrack.documents import AttemptOverflow, ContentSession, ContentSummary, MasteryLog
from learntrack.documents.base import Stored
from learntrack.domain import moments
from learntrack.errors import Conflict
from learntrack.reports.parquet.files import ParquetFiles, TableFile
from learntrack.reports.parquet.pseudonyms import Pseudonyms
from learntrack.reports.parquet.tables import ATTEMPTS, INTERACTIONS, ROSTER, SCHEMA, SESSIONS, SUMMARIES, TRIES, Rows
from learntrack.reports.parquet.watermark import Watermark
from learntrack.storage.database import Row, Stage
from learntrack.storage.long_work import OnProgress
from learntrack.storage.reading import Reading

_BATCH = 100
_UNKNOWN = "unknown"
"""The facility of whom the roster does not know."""


class ParquetExport:
    """One run.

    Args:
        db: Where the logs are.
        folder: Where to.
        since: Of which moment's month on; what lies before stays as it is. None: everything.
        pseudonyms: By which persons' ids are replaced, if they are.
        progress: Is told how many rows a file has got.

    """

    def __init__(
        self,
        db: Reading,
        folder: Path,
        *,
        since: datetime | None = None,
        pseudonyms: Pseudonyms | None = None,
        progress: OnProgress = lambda _: None,
    ) -> None:
        self._db = db
        self._since = since or datetime.min.replace(tzinfo=UTC)
        self._first_month = _month_of(self._since)
        self._pseudonyms = pseudonyms
        self._rows = Rows(pseudonyms)
        self._progress = progress
        self._files = ParquetFiles(folder / f"v{SCHEMA}")

    async def run(self) -> Watermark:
        """Write what differs.

        Raises:
            Conflict: an earlier run wrote there with another key, or without one.

        """
        fingerprint = self._pseudonyms.fingerprint if self._pseudonyms else None
        before = Watermark.read(self._files.folder)
        if before is not None and before.pseudonyms != fingerprint:
            raise Conflict("What is there was written with other pseudonyms: take another folder.")
        began = moments.now()
        await self._write_sessions()
        await self._write_summaries()
        await self._write_tries()
        await self._write_roster()
        done = Watermark(
            schema=SCHEMA,
            as_of=began.isoformat(),
            from_month=self._first_month,
            pseudonyms=fingerprint,
            rows=self._files.rows,
            written=sorted(self._files.written),
            removed=self._files.remove_others(self._first_month),
        )
        done.write(self._files.folder)
        return done

    async def _write_sessions(self) -> None:
        async for place, query in self._partitions(ContentSession, "start_timestamp"):
            with (
                self._files.file(f"sessions/{place}/part.parquet", SESSIONS) as sessions,
                self._files.file(f"attempts/{place}/of-sessions.parquet", ATTEMPTS) as attempts,
                self._files.file(f"interactions/{place}/of-sessions.parquet", INTERACTIONS) as interactions,
            ):
                async for document in self._read(ContentSession, query):
                    sessions.add(self._rows.session(document))
                    await self._add_attempts(document, attempts, interactions, in_try=False)
            self._progress(sessions.rows)

    async def _write_summaries(self) -> None:
        async for place, query in self._partitions(ContentSummary, "start_timestamp"):
            with self._files.file(f"summaries/{place}/part.parquet", SUMMARIES) as summaries:
                async for document in self._read(ContentSummary, query):
                    summaries.add(self._rows.summary(document))
            self._progress(summaries.rows)

    async def _write_tries(self) -> None:
        async for place, query in self._partitions(MasteryLog, "end_timestamp"):
            with (
                self._files.file(f"tries/{place}/part.parquet", TRIES) as tries,
                self._files.file(f"attempts/{place}/of-tries.parquet", ATTEMPTS) as attempts,
                self._files.file(f"interactions/{place}/of-tries.parquet", INTERACTIONS) as interactions,
            ):
                async for document in self._read(MasteryLog, query):
                    tries.add(self._rows.tried(document))
                    await self._add_attempts(document, attempts, interactions, in_try=True)
            self._progress(tries.rows + attempts.rows)

    async def _write_roster(self) -> None:
        for name, table in ROSTER.items():
            with self._files.file(f"{name}/all.parquet", table.columns) as entries:
                async for document in self._read(table.kind, {}):
                    entries.add(self._rows.of_roster(table, document))

    async def _add_attempts(self, holder: Row, attempts: TableFile, interactions: TableFile, *, in_try: bool) -> None:
        """All attempts of a try or session, the older ones from its chunks. Index: holder."""
        if holder.get("overflow"):
            async for chunk in self._read(AttemptOverflow, {"holder_id": holder["_id"]}):
                self._add_each(holder, chunk["attempts"], attempts, interactions, in_try=in_try)
        self._add_each(holder, holder.get("attempts", []), attempts, interactions, in_try=in_try)

    def _add_each(
        self, holder: Row, found: list[Row], attempts: TableFile, interactions: TableFile, *, in_try: bool
    ) -> None:
        for attempt in found:
            row = self._rows.attempt(holder, attempt, in_try=in_try)
            attempts.add(row)
            for entry in self._rows.interactions(row):
                interactions.add(entry)

    async def _partitions(self, kind: type[Stored], field: str) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """The facilities and months of a collection: the path of each, and the query. Indexes: facility_start,
        facility_end, facility_content.
        """
        ends = {"first": {"$min": f"${field}"}, "last": {"$max": f"${field}"}}
        stages: list[Stage] = [{"$group": {"_id": "$facility_id"} | ends}, {"$sort": {"_id": 1}}]
        async for row in self._db.stream(kind, stages, long=True):
            for begin, end in _months(max(row["first"], self._since), row["last"]):
                place = f"facility={row['_id'] or _UNKNOWN}/month={_month_of(begin)}"
                yield place, {"facility_id": row["_id"], field: {"$gte": begin, "$lt": end}}

    def _read(self, kind: type[Stored], query: dict[str, Any]) -> AsyncIterator[Row]:
        stages = [{"$match": query}] if query else []
        return self._db.stream(kind, [*stages, {"$project": {"extra_fields": 0}}], batch=_BATCH, long=True)


def _month_of(moment: datetime) -> str:
    return f"{moment.year:04}-{moment.month:02}"


def _months(first: datetime, last: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The months from that of `first` to that of `last`, each from its beginning to the next one's."""
    year, month = first.year, first.month
    while (year, month) <= (last.year, last.month):
        following = (year + month // 12, month % 12 + 1)
        yield datetime(year, month, 1, tzinfo=UTC), datetime(*following, 1, tzinfo=UTC)
        year, month = following
