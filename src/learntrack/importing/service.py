"""Importing a Kolibri's history: the roster first, then learner by learner, each of them whole or not at all."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pymongo import DeleteMany, InsertOne, ReplaceOne

from learntrack.domain.attempts import Attempt
from learntrack.importing.kolibri.logs import LearnerDocuments, documents_of
from learntrack.importing.kolibri.people import roster_of
from learntrack.importing.kolibri.source import Kolibri, LearnerRows
from learntrack.importing.merging import all_attempts, merged, with_attempts
from learntrack.importing.report import ImportReport
from learntrack.roster.loading import load
from learntrack.roster.schemas import PARTS
from learntrack.storage import Database
from learntrack.storage.database import Row
from learntrack.storage.transactions import Tx

_BATCH_ATTEMPTS = 4000
_BATCH_DOCUMENTS = 1500
"""What one transaction stores at the least, unless it is the last; a learner is never divided."""
_PATIENCE = 300.0
_COLLECTIONS = ("content_sessions", "content_summaries", "mastery_logs")

Progress = Callable[[int], None]


@dataclass(slots=True)
class _Batch:
    learners: list[LearnerDocuments] = field(default_factory=list)
    rows: int = 0

    @property
    def is_full(self) -> bool:
        attempts = sum(learner.attempt_count for learner in self.learners)
        return attempts >= _BATCH_ATTEMPTS or sum(learner.documents for learner in self.learners) >= _BATCH_DOCUMENTS


async def import_kolibri(
    db: Database, source: Kolibri, report: ImportReport, progress: Progress, *, dry_run: bool = False
) -> None:
    """Store what is in `source`; safe to repeat: a second time only what is new there is added.

    Args:
        db: Where to.
        source: What.
        report: Is told what was done, and what was skipped and why.
        progress: Is told how many logs have been dealt with since it was last told.
        dry_run: Look at everything, store nothing.

    """
    roster = roster_of(source, report)
    for part in PARTS:
        report.count(part, "read", len(getattr(roster, part)))
    if not dry_run:
        await load(db, roster, lambda _: None)
    known = {user.id for user in roster.users}
    batches = _batches(source, known, report)
    # While one batch is being stored, the next is read and converted.
    following = asyncio.create_task(asyncio.to_thread(next, batches, None))
    while (batch := await following) is not None:
        following = asyncio.create_task(asyncio.to_thread(next, batches, None))
        try:
            await _store(db, batch.learners, report, dry_run=dry_run)
        except BaseException:
            await following
            raise
        progress(batch.rows)


def _batches(source: Kolibri, known: set[str], report: ImportReport) -> Iterator[_Batch]:
    batch = _Batch()
    for rows in _everybody(source, known, report):
        batch.learners.append(documents_of(rows, report))
        batch.rows += len(rows)
        if batch.is_full:
            yield batch
            batch = _Batch()
    if batch.rows:
        yield batch


def _everybody(source: Kolibri, known: set[str], report: ImportReport) -> Iterator[LearnerRows]:
    for rows in source.learners():
        if rows.user_id in known:
            yield rows
        else:
            report.skip("learners", rows.user_id, "has logs, but is no user that is imported")
    yield from source.anonymous()


async def _store(db: Database, learners: Sequence[LearnerDocuments], report: ImportReport, *, dry_run: bool) -> None:
    async def work(tx: Tx) -> dict[str, list[str]]:
        plan = _Plan(db, tx)
        for name, rows in zip(_COLLECTIONS, ("sessions", "summaries", "tries"), strict=True):
            await plan.add(name, [(learner, row) for learner in learners for row in getattr(learner, rows)])
        await plan.count_finished_tries()
        if not dry_run:
            await plan.store()
        return plan.outcomes

    outcomes = await db.transaction(work, patience=_PATIENCE)
    for name, found in outcomes.items():
        for outcome in ("new", "updated", "unchanged"):
            report.count(name, outcome, found.count(outcome))
        for key in found:
            if key not in ("new", "updated", "unchanged"):
                report.skip(name, key, "its id belongs to somebody else here")


class _Plan:
    """What a transaction is going to write."""

    def __init__(self, db: Database, tx: Tx) -> None:
        self._db = db
        self._tx = tx
        self._writes: dict[str, list[Any]] = {}
        self._updated_summaries: dict[str, Row] = {}
        self._complete: dict[str, dict[str, bool]] = {}
        self.outcomes: dict[str, list[str]] = {name: [] for name in _COLLECTIONS}

    async def add(self, collection: str, documents: Sequence[tuple[LearnerDocuments, Row]]) -> None:
        """Plan for the documents of a collection."""
        stored = await self._stored(collection, [row["_id"] for _, row in documents])
        changed = [
            row["_id"]
            for _, row in documents
            if row["_id"] in stored
            and (stored[row["_id"]].get("imported") or {}).get("digest") != row["imported"]["digest"]
        ]
        whole = {row["_id"]: row for row in await self._find(collection, {"_id": {"$in": changed}})} if changed else {}
        for learner, row in documents:
            key = row["_id"]
            if key not in stored:
                self._insert(collection, row, learner.attempts.get(key, []))
                self.outcomes[collection].append("new")
            elif stored[key]["user_id"] != row["user_id"]:
                self.outcomes[collection].append(key)
            elif key in whole:
                await self._update(collection, whole[key], row, learner.attempts.get(key, []))
                self.outcomes[collection].append("updated")
            else:
                self.outcomes[collection].append("unchanged")

    async def count_finished_tries(self) -> None:
        """Count them anew for summaries that were there before: a try may have been finished here, there, or in both
        places.
        """
        if not self._updated_summaries:
            return
        wanted = {"summary_id": {"$in": list(self._updated_summaries)}}
        for tried in await self._find("mastery_logs", wanted, {"summary_id": 1, "complete": 1}):
            self._complete.setdefault(tried["summary_id"], {}).setdefault(tried["_id"], tried["complete"])
        for key, summary in self._updated_summaries.items():
            summary["finished_tries"] = sum(self._complete.get(key, {}).values())

    async def store(self) -> None:
        """Write everything."""
        for collection, writes in self._writes.items():
            await self._db.collection(collection).bulk_write(writes, ordered=False, session=self._tx)

    def _insert(self, collection: str, row: Row, attempts: list[Any]) -> None:
        chunks: list[Row] = []
        if collection != "content_summaries":
            row, chunks = with_attempts(row, attempts)
        self._note(row)
        self._write(collection, [InsertOne(row)])
        self._write("attempt_overflow", [InsertOne(chunk) for chunk in chunks])

    async def _update(self, collection: str, stored: Row, row: Row, attempts: list[Any]) -> None:
        found = merged(stored, row)
        chunks: list[Row] = []
        if collection != "content_summaries":
            older = {"user_id": stored["user_id"], "holder_id": stored["_id"]}
            held = list(stored["attempts"])
            if stored.get("overflow"):
                held += [
                    attempt for chunk in await self._find("attempt_overflow", older) for attempt in chunk["attempts"]
                ]
                self._write("attempt_overflow", [DeleteMany(older)])
            found.pop("overflow", None)
            found, chunks = with_attempts(found, all_attempts(map(Attempt.model_validate, held), attempts))
        else:
            self._updated_summaries[found["_id"]] = found
        self._note(found)
        self._write(collection, [ReplaceOne(self._db.key_of(stored), found)])
        self._write("attempt_overflow", [InsertOne(chunk) for chunk in chunks])

    def _note(self, row: Row) -> None:
        if "mastery_level" in row:
            self._complete.setdefault(row["summary_id"], {})[row["_id"]] = row["complete"]

    def _write(self, collection: str, writes: Iterable[Any]) -> None:
        if added := list(writes):
            self._writes.setdefault(collection, []).extend(added)

    async def _stored(self, collection: str, ids: list[str]) -> dict[str, Row]:
        rows = await self._find(collection, {"_id": {"$in": ids}}, {"user_id": 1, "imported.digest": 1}) if ids else []
        return {row["_id"]: row for row in rows}

    async def _find(self, collection: str, query: Row, projection: Row | None = None) -> list[Row]:
        found: list[Row] = await self._db.collection(collection).find(query, projection, session=self._tx).to_list(None)
        return found
