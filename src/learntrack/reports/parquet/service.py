"""Writes all logs and the roster as Parquet files.

`DIR/v1/TABLE/facility=ID/month=YYYY-MM/*.parquet`, which DuckDB, pandas and Spark read as one table with the columns
`facility` and `month`. Sessions and summaries are in the month in which they began (UTC), tries, and with them their
attempts and interactions, in the month in which the try ends. The roster is in `DIR/v1/TABLE/all.parquet`. A run reads
everything (from a month on, and of the months before what `earlier` names) and replaces the files that differ, so that
late offline work, moved learners and forgotten ones come right; `DIR/v1/watermark.json` says as of when it is and which
files are new.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from learntrack.documents import ContentSession, ContentSummary, MasteryLog
from learntrack.documents.base import Stored
from learntrack.domain import moments
from learntrack.errors import Conflict
from learntrack.reports.attempt_exports import BATCH, all_attempts
from learntrack.reports.parquet.earlier import EarlierMonths, Months
from learntrack.reports.parquet.files import WITHOUT_ROWS, ParquetFiles, month_of_path
from learntrack.reports.parquet.months import month_of, months
from learntrack.reports.parquet.pseudonyms import Pseudonyms
from learntrack.reports.parquet.tables import (
    ATTEMPTS,
    INTERACTIONS,
    LOGS,
    ROSTER,
    SCHEMA,
    SESSIONS,
    SUMMARIES,
    TRIES,
    Columns,
    Rows,
)
from learntrack.reports.parquet.watermark import Watermark
from learntrack.storage.database import Row, Stage
from learntrack.storage.long_work import OnProgress
from learntrack.storage.reading import Reading

_UNKNOWN = "unknown"
"""The facility of whom the roster does not know."""


@dataclass(frozen=True, slots=True)
class _Logs:
    """A collection of logs: which table it becomes, by which `moment` a document is in a month, and how it becomes a
    row. `shown` is what is read of it; None is all, which costs the embedded engine the least.
    """

    kind: type[Stored]
    table: str
    columns: Columns
    moment: str
    row: Callable[[Rows, Row], Row]
    shown: Mapping[str, int] | None = None

    @property
    def held(self) -> str:
        """The name of the files of their attempts."""
        return f"of-{self.table}.parquet"

    def has(self, path: str) -> bool:
        """Whether a file is made of them."""
        return path.startswith(f"{self.table}/") or path.endswith(f"/{self.held}")


_TICK = timedelta(milliseconds=1)
"""What lies between two moments that are stored. `$gte` is left out at its very moment by the embedded engine, where an
index of one facility goes on behind the moment, as facility_end does.
"""
_LOGS = (
    _Logs(ContentSession, "sessions", SESSIONS, "start_timestamp", Rows.session),
    # Clients may keep 4 MiB in each summary, which would come along for nothing.
    _Logs(ContentSummary, "summaries", SUMMARIES, "start_timestamp", Rows.summary, {"extra_fields": 0}),
    _Logs(MasteryLog, "tries", TRIES, "end_timestamp", Rows.tried),
)


class ParquetExport:
    """One run.

    Args:
        db: Where the logs are.
        folder: Where to.
        since: Of which moment's month on; of what lies before only `earlier` changes anything. None: everything.
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
        self._first_month = month_of(since or moments.FIRST)
        self._earlier: Months = {}
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
        self._earlier = await EarlierMonths(self._db, self._files, self._rows.id_of).before(self._first_month)
        for logs in _LOGS:
            await self._write_logs(logs)
        await self._write_roster()
        self._write_what_has_no_rows()
        done = Watermark(
            schema=SCHEMA,
            as_of=began.isoformat(),
            from_month=self._first_month,
            pseudonyms=fingerprint,
            rows=self._files.rows,
            written=sorted(self._files.written),
            removed=self._files.remove_others(self._is_anew),
        )
        done.write(self._files.folder)
        return done

    async def _write_logs(self, logs: _Logs) -> None:
        """Write logs, and the attempts that they hold with their interactions."""
        async for place, query in self._partitions(logs):
            held = f"{place}/{logs.held}"
            with (
                self._files.file(f"{logs.table}/{place}/part.parquet", logs.columns) as table,
                self._files.file(f"attempts/{held}", ATTEMPTS) as attempts,
                self._files.file(f"interactions/{held}", INTERACTIONS) as interactions,
            ):
                async for document in self._db.each(logs.kind, query, logs.shown, batch=BATCH):
                    table.add(logs.row(self._rows, document))
                    async for attempt in all_attempts(self._db, document):
                        row = self._rows.attempt(document, attempt)
                        attempts.add(row)
                        for entry in self._rows.interactions(row):
                            interactions.add(entry)
            self._progress(table.rows + attempts.rows)

    async def _write_roster(self) -> None:
        for name, table in ROSTER.items():
            with self._files.file(f"{name}/all.parquet", table.columns, even_empty=True) as entries:
                async for document in self._db.each(table.kind, {}, batch=BATCH):
                    entries.add(self._rows.of_roster(table, document))

    def _write_what_has_no_rows(self) -> None:
        """Give tables of logs that have no rows a file all the same: a query that joins them would fail without one."""
        for table, columns in LOGS.items():
            path = f"{table}/facility={_UNKNOWN}/month={month_of(datetime.min)}/{WITHOUT_ROWS}"
            if self._files.stays_empty(table, self._is_anew):
                with self._files.file(path, columns, even_empty=True):
                    pass

    async def _partitions(self, logs: _Logs) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """The facilities and months of a collection: the path of each, and the query. Indexes: facility_start,
        facility_end, facility_content.
        """
        ends = {"first": {"$min": f"${logs.moment}"}, "last": {"$max": f"${logs.moment}"}}
        stages: list[Stage] = [{"$group": {"_id": "$facility_id"} | ends}, {"$sort": {"_id": 1}}]
        async for row in self._db.stream(logs.kind, stages, long=True):
            for begin, end in months(row["first"], row["last"]):
                if self._is_written(logs.kind, month_of(begin)):
                    place = f"facility={row['_id'] or _UNKNOWN}/month={month_of(begin)}"
                    yield place, {"facility_id": row["_id"], logs.moment: {"$gt": begin - _TICK, "$lt": end}}

    def _is_written(self, kind: type[Stored], month: str) -> bool:
        return month >= self._first_month or month in self._earlier.get(kind, ())

    def _is_anew(self, path: str) -> bool:
        """Whether this run writes the file, if it has any rows."""
        month = month_of_path(path)
        return month is None or any(self._is_written(logs.kind, month) for logs in _LOGS if logs.has(path))
