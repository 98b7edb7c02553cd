"""The documents that a group of jobs reads and changes: loaded together, changed in memory, stored together.

All within one transaction on a snapshot, so that what is computed from a document that was read is stored only if
nobody has changed the document meanwhile. Reading and then writing sets of documents, rather than findAndModify one by
one, costs a group as many round trips as a single job (and the embedded engine's findAndModify walks its collection).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pymongo import InsertOne, UpdateOne

from learntrack.documents.base import SCHEMA_VERSION
from learntrack.domain import mastery
from learntrack.domain.attempt_book import AttemptBook, AttemptLimits, Chunk
from learntrack.domain.attempts import Attempt, newest_first
from learntrack.domain.ids import summary_id
from learntrack.storage import Database
from learntrack.storage.database import Row, Session, Stage
from learntrack.tracking.requests import Job, StartJob, UpdateJob

_LATEST = {"tries.complete": 1, "tries.end_timestamp": -1, "tries.start_timestamp": -1, "tries._id": 1}
"""An unfinished try before finished ones, then the latest."""


@dataclass(slots=True)
class Tracked:
    """A stored document, or one to be stored (`is_new`), and the paths of it that have changed."""

    row: Row
    is_new: bool = False
    changed: set[str] = field(default_factory=set)

    def set(self, **fields: Any) -> None:
        """Change fields."""
        for name, value in fields.items():
            if self.row.get(name) != value or name not in self.row:
                self.row[name] = value
                self.changed.add(name)

    def set_attempts(self, attempts: list[Attempt], positions: Iterable[int] | None) -> None:
        """Change attempts: those at `positions`, one behind the last appends; or, for None, all of them."""
        self.row["attempts"] = attempts
        if positions is None:
            self.changed.add("attempts")
        else:
            self.changed |= {f"attempts.{position}" for position in positions}

    def assignments(self) -> dict[str, Any]:
        """What `$set` has to say; attempts by position, so that what is sent and logged stays small."""
        whole = "attempts" in self.changed
        found: dict[str, Any] = {}
        for path in sorted(self.changed):
            name, _, position = path.partition(".")
            if not position:
                found[path] = self.row[name]
            elif not whole:
                found[path] = self.row[name][int(position)]
        return found


@dataclass(slots=True)
class Tries:
    """A learner's tries of one kind (quiz or exercise) at a content: the one to go on with, and the highest level."""

    latest: Tracked | None = None
    highest: int | None = None


class Workset:
    """The documents of a group of jobs.

    Args:
        db: Where they are stored.
        tx: The transaction.

    """

    def __init__(self, db: Database, tx: Session) -> None:
        self._db = db
        self._tx = tx
        self.keys: dict[str, Row] = {}
        self.sessions: dict[str, Tracked] = {}
        self.summaries: dict[str, Tracked] = {}
        self.tries: dict[str, Tracked] = {}
        self._tries_of: dict[tuple[str, bool], Tries] = {}
        self._chunks: dict[str, dict[int, Tracked]] = {}
        self._older: dict[str, list[Attempt]] = {}
        self._assigned: set[tuple[str, str]] = set()
        self._taken: dict[str, str | None] = {}
        self._new_keys: list[Row] = []
        self.attempts_recorded = 0

    # Loading

    async def load(self, jobs: Sequence[Job]) -> None:
        """Read what these jobs are about."""
        starts = [job for job in jobs if isinstance(job, StartJob)]
        updates = [job for job in jobs if isinstance(job, UpdateJob)]
        await self._load_keys([job.key.id for job in jobs if job.key is not None])
        await self._load_sessions(updates)
        await self._load_summaries([job for job in starts if job.user_id is not None])
        await self._load_taken([job.session_id for job in starts if job.id_is_the_clients])
        await self._load_assignments(starts, updates)
        await self._load_chunks(updates)
        await self._load_older(starts)

    async def _find(self, collection: str, query: Row, projection: Row | None = None) -> list[Row]:
        found: list[Row] = await self._db.collection(collection).find(query, projection, session=self._tx).to_list(None)
        return found

    async def _aggregate(self, collection: str, pipeline: list[Stage]) -> list[Row]:
        found: list[Row] = (
            await self._db.collection(collection).aggregate(pipeline, session=self._tx, allowDiskUse=True).to_list(None)
        )
        return found

    async def _load_keys(self, ids: list[str]) -> None:
        if ids:
            self.keys = {row["_id"]: row for row in await self._find("idempotency_keys", {"_id": _one_of(ids)})}

    async def _load_sessions(self, updates: list[UpdateJob]) -> None:
        """Sessions with their summaries and tries, in one round trip."""
        if not (ids := list({job.session_id for job in updates})):
            return
        rows = await self._aggregate(
            "content_sessions",
            [
                {"$match": {"_id": _one_of(ids)}},
                {"$match": {"user_id": _one_of(list({job.user_id for job in updates}))}},
                _joined("content_summaries", "summary_id", "_id", "summary"),
                _joined("mastery_logs", "mastery_log_id", "_id", "try"),
            ],
        )
        for row in rows:
            for summary in row.pop("summary"):
                self.summaries.setdefault(summary["_id"], Tracked(summary))
            for found in row.pop("try"):
                self.tries.setdefault(found["_id"], Tracked(found))
            self.sessions[row["_id"]] = Tracked(row)

    async def _load_summaries(self, starts: list[StartJob]) -> None:
        """Summaries, and of each the try to go on with, in one round trip."""
        ids = {summary_id(job.user_id, job.content_id) for job in starts if job.user_id is not None}
        if not ids:
            return
        pipeline: list[Stage] = [
            {"$match": {"_id": _one_of(list(ids))}},
            {"$match": {"user_id": _one_of(list({job.user_id for job in starts}))}},
        ]
        if any(job.criterion is not None for job in starts):
            pipeline += [
                _joined("mastery_logs", "_id", "summary_id", "tries"),
                {"$unwind": {"path": "$tries", "preserveNullAndEmptyArrays": True}},
                {"$sort": _LATEST},
                {
                    "$group": {
                        "_id": {
                            "summary": "$_id",
                            "quiz": {"$in": ["$tries.mastery_criterion.type", list(mastery.QUIZ_MODELS)]},
                        },
                        "summary": {"$first": "$$ROOT"},
                        "highest": {"$max": "$tries.mastery_level"},
                    }
                },
            ]
        for row in await self._aggregate("content_summaries", pipeline):
            summary = row.get("summary", row)
            latest = summary.pop("tries", None)
            self.summaries.setdefault(summary["_id"], Tracked(summary))
            if latest is not None:
                tracked = self.tries.setdefault(latest["_id"], Tracked(latest))
                self._tries_of[summary["_id"], mastery.is_quiz(latest["mastery_criterion"])] = Tries(
                    tracked, row["highest"]
                )

    async def _load_taken(self, ids: list[str]) -> None:
        if ids:
            rows = await self._find("content_sessions", {"_id": _one_of(ids)}, {"user_id": 1})
            self._taken = {row["_id"]: row["user_id"] for row in rows}

    async def _load_assignments(self, starts: list[StartJob], updates: list[UpdateJob]) -> None:
        """Which quizzes, lessons and courses of these jobs are assigned to their learners now."""
        wanted = {(each.kind, each.id, job.user_id) for job in starts for each in job.assigned}
        for job in updates:
            session = self.sessions.get(job.session_id)
            if session is not None and "quiz_id" in session.row["context"]:
                wanted.add(("quizzes", session.row["context"]["quiz_id"], job.user_id))
        if not wanted:
            return
        users = await self._find("users", {"_id": _one_of(list({user for _, _, user in wanted}))}, {"collections": 1})
        collections = {user["_id"]: set(user["collections"]) for user in users}
        for kind in {kind for kind, _, _ in wanted}:
            ids = list({each for other, each, _ in wanted if other == kind})
            rows = {
                row["_id"]: row
                for row in await self._find(kind, {"_id": _one_of(ids)}, {"collection_ids": 1, "active": 1})
            }
            for _, each, user in (entry for entry in wanted if entry[0] == kind):
                row = rows.get(each)
                if row and row.get("active", True) and collections.get(user or "", set()) & set(row["collection_ids"]):
                    self._assigned.add((each, user or ""))

    async def _load_chunks(self, updates: list[UpdateJob]) -> None:
        """The chunks of long tries that interactions refer to, by an attempt's id or by an item."""
        for job in updates:
            holder = self._holder_of(job)
            if holder is None or not job.interactions or not holder.row.get("overflow"):
                continue
            wanted = AttemptBook(holder.row["attempts"], holder.row["overflow"]).wanted(job.interactions)
            for path, values in (("attempts.id", wanted.ids), ("attempts.item", wanted.items)):
                if values:
                    rows = await self._find(
                        "attempt_overflow",
                        {"user_id": holder.row["user_id"], "holder_id": holder.row["_id"], path: _one_of(list(values))},
                    )
                    chunks = self._chunks.setdefault(holder.row["_id"], {})
                    for row in rows:
                        chunks.setdefault(row["number"], Tracked(row))

    async def _load_older(self, starts: list[StartJob]) -> None:
        """The attempts of long tries that a start has to show, beyond those that are embedded."""
        for job in starts:
            if job.criterion is None or job.user_id is None:
                continue
            latest = self.tries_of(job).latest
            if latest is None or not latest.row.get("overflow"):
                continue
            most = mastery.past_attempts_shown(latest.row["mastery_criterion"])
            if most is not None and most <= len(latest.row["attempts"]):
                continue
            pipeline: list[Stage] = [
                {"$match": {"user_id": latest.row["user_id"], "holder_id": latest.row["_id"]}},
                {"$unwind": "$attempts"},
                {"$replaceRoot": {"newRoot": "$attempts"}},
            ]
            if most is not None:
                pipeline += [{"$sort": {"start_timestamp": -1, "number": 1}}, {"$limit": most}]
            self._older[latest.row["_id"]] = await self._aggregate("attempt_overflow", pipeline)  # type: ignore[assignment]

    def _holder_of(self, job: UpdateJob) -> Tracked | None:
        session = self.sessions.get(job.session_id)
        return session and (self.tries.get(session.row["mastery_log_id"]) or session)

    # Looking

    def is_taken(self, session_id: str) -> bool:
        """Whether there is a session with this id, whoever's."""
        return session_id in self._taken or session_id in self.sessions

    def is_taken_by(self, session_id: str, user_id: str | None) -> bool:
        """Whether there is a session with this id, and it is this user's."""
        session = self.sessions.get(session_id)
        return (session.row["user_id"] if session else self._taken.get(session_id, "nobody")) == user_id

    def is_assigned(self, assigned_id: str, user_id: str | None) -> bool:
        """Whether a quiz (an active one), lesson or course is assigned to the learner."""
        return (assigned_id, user_id or "") in self._assigned

    def tries_of(self, job: StartJob) -> Tries:
        """The learner's tries of the kind that is started."""
        assert job.user_id is not None
        assert job.criterion is not None
        return self._tries_of.setdefault(
            (summary_id(job.user_id, job.content_id), mastery.is_quiz(job.criterion)), Tries()
        )

    def newest(self, holder: Row, most: int | None) -> list[Attempt]:
        """The newest attempts of `holder`, newest first: `most` of them, or all."""
        found = {attempt["id"]: attempt for attempt in self._older.get(holder["_id"], [])}
        for chunk in self._chunks.get(holder["_id"], {}).values():
            found |= {attempt["id"]: attempt for attempt in chunk.row["attempts"]}
        found |= {attempt["id"]: attempt for attempt in holder["attempts"]}
        return newest_first(found.values())[:most]

    def book(self, holder: Row, limits: AttemptLimits) -> AttemptBook:
        """The attempts of `holder` as a copy, so that a refusal half-way leaves nothing behind."""
        chunks = [
            Chunk(number, _copied(chunk.row["attempts"]))
            for number, chunk in self._chunks.get(holder["_id"], {}).items()
        ]
        totals = holder.get("overflow")
        return AttemptBook(_copied(holder["attempts"]), totals and totals.copy(), chunks, limits)

    # Changing

    def keep(self, holder: Tracked, book: AttemptBook) -> None:
        """Take over what has been recorded in a book of `holder`."""
        row = holder.row
        self.attempts_recorded += book.attempt_count - row["attempt_count"]
        holder.set(
            attempt_count=book.attempt_count, correct_sum=book.correct_sum, completed_attempts=book.completed_attempts
        )
        holder.set_attempts(book.embedded, None if book.moved else book.changed)
        if book.totals:
            holder.set(overflow=book.totals)
        chunks = self._chunks.setdefault(row["_id"], {})
        for chunk in book.chunks:
            chunks[chunk.number].set_attempts(chunk.attempts, chunk.changed)
        for chunk in book.new_chunks:
            new = {
                "_id": f"{row['_id']}:{chunk.number}",
                "user_id": row["user_id"],
                "holder_id": row["_id"],
                "number": chunk.number,
            }
            chunks[chunk.number] = Tracked(
                new | {"attempts": chunk.attempts, "schema_version": SCHEMA_VERSION}, is_new=True
            )

    def add_key(self, key: Row) -> None:
        """Remember an answered request."""
        self.keys[key["_id"]] = key
        self._new_keys.append(key)

    # Storing

    async def store(self) -> None:
        """Write all that has changed."""
        chunks = [chunk for chunks in self._chunks.values() for chunk in chunks.values()]
        kept = {
            "idempotency_keys": [Tracked(row, is_new=True) for row in self._new_keys],
            "content_sessions": self.sessions.values(),
            "content_summaries": self.summaries.values(),
            "mastery_logs": self.tries.values(),
            "attempt_overflow": chunks,
        }
        writes = {collection: self._writes(collection, documents) for collection, documents in kept.items()}
        await self._db.write({collection: part for collection, part in writes.items() if part}, self._tx)

    def _writes(self, collection: str, documents: Iterable[Tracked]) -> list[InsertOne[Row] | UpdateOne]:
        namespace = self._db.namespace(collection)
        found: list[InsertOne[Row] | UpdateOne] = []
        for each in documents:
            if each.is_new:
                found.append(InsertOne(each.row, namespace=namespace))
            elif each.changed:
                found.append(UpdateOne(self._db.key_of(each.row), {"$set": each.assignments()}, namespace=namespace))
        return found


def _one_of(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else {"$in": values}


def _joined(collection: str, local: str, foreign: str, name: str) -> Stage:
    return {"$lookup": {"from": collection, "localField": local, "foreignField": foreign, "as": name}}


def _copied(attempts: Sequence[Attempt]) -> list[Attempt]:
    return [{**attempt, "interaction_history": attempt["interaction_history"].copy()} for attempt in attempts]
