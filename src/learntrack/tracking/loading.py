"""Reading what a group of jobs is about, within its transaction.

One round trip a question, whatever the group's size.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from learntrack.access.assigned import FIELDS, learns_in
from learntrack.documents import (
    AttemptOverflow,
    ContentSession,
    ContentSummary,
    CourseSession,
    IdempotencyKey,
    Lesson,
    MasteryLog,
    Quiz,
    User,
)
from learntrack.documents.base import Stored, validated
from learntrack.documents.holding import HoldsAttempts
from learntrack.domain import mastery, which_try
from learntrack.domain.attempt_book import LookUps
from learntrack.domain.attempts import Attempt
from learntrack.domain.which_try import Tries
from learntrack.errors import TooLarge
from learntrack.storage import Database, TooMuchAtOnce
from learntrack.storage.database import Stage
from learntrack.storage.transactions import Tx

ASSIGNABLE: Mapping[str, type[Lesson | Quiz | CourseSession]] = {
    "lesson_id": Lesson,
    "quiz_id": Quiz,
    "course_session_id": CourseSession,
}
"""What may have to be assigned to a learner, by the field that names it."""

GROUP_BYTES = 8 * 1024 * 1024
"""What may be stored already of the documents that a group of jobs changes; more is done in smaller groups."""
JOB_BYTES = 16 * 1024 * 1024
"""The same of one job: 4 MiB of extra_fields, a try of 1 MiB, and older attempts in their chunks."""

Assignment = tuple[str, str, str | None]
"""A field of `ASSIGNABLE`, the id in it, and whom it would have to be assigned to."""


WantedTries = tuple[str, mastery.TryKind]
"""A summary's id, and a kind of try."""

_SIGHT = dict.fromkeys(
    ("summary_id", "mastery_criterion", "mastery_level", "complete", "start_timestamp", "end_timestamp"), 1
)


@dataclass(slots=True, frozen=True)
class _Sight:
    """What decides which try is gone on with."""

    id: str
    level: int
    complete: bool
    start_timestamp: datetime
    end_timestamp: datetime


@dataclass(slots=True)
class LoadedLogs:
    """Documents as they were found; `tries` by summary and kind of try."""

    sessions: list[ContentSession] = field(default_factory=list)
    summaries: list[ContentSummary] = field(default_factory=list)
    logs: list[MasteryLog] = field(default_factory=list)
    tries: dict[tuple[str, mastery.TryKind], Tries[MasteryLog]] = field(default_factory=dict)


class Loading:
    """Reads within a transaction.

    Args:
        db: Where from.
        tx: The transaction.
        alone: Whether it is for one job.

    """

    def __init__(self, db: Database, tx: Tx, *, alone: bool) -> None:
        self._db = db
        self._tx = tx
        self._alone = alone
        self._size = 0
        self._facilities: dict[str, str | None] = {}

    async def keys(self, ids: Collection[str], owners: Collection[str]) -> dict[str, IdempotencyKey]:
        """The keys of these owners with these ids that are known, by id."""
        keys = await self._db.load(IdempotencyKey, {"_id": _one_of(ids), "owner": _one_of(owners)}, self._tx)
        return {key.id: key for key in keys}

    async def sessions(self, ids: list[str], owners: list[str | None]) -> LoadedLogs:
        """These sessions of these owners, with their summaries and tries. Index: the keys."""
        pipeline: list[Stage] = [
            {"$match": {"_id": _one_of(ids)}},
            {"$match": {"user_id": _one_of(owners)}},
            self._joined(ContentSummary, "summary_id", "_id", "summary", owners),
            self._joined(MasteryLog, "mastery_log_id", "_id", "try", owners),
        ]
        rows, size = await self._db.sized_rows(ContentSession, pipeline, self._tx)
        self._count(size)
        loaded = LoadedLogs()
        for row in rows:
            loaded.summaries += map(ContentSummary.read, row.pop("summary"))
            loaded.logs += map(MasteryLog.read, row.pop("try"))
            loaded.sessions.append(ContentSession.read(row))
        return loaded

    async def summaries(self, ids: list[str], owners: list[str], wanted: Collection[WantedTries]) -> LoadedLogs:
        """These summaries of these owners, and of the wanted kinds of their tries the one to go on with.

        Mostly the summary knows it, and it comes in the same round trip. Indexes: the keys, summary.
        """
        pipeline: list[Stage] = [{"$match": {"_id": _one_of(ids)}}, {"$match": {"user_id": _one_of(owners)}}]
        kinds = sorted({kind for _, kind in wanted})
        pipeline += [self._joined(MasteryLog, f"current.{kind}.try_id", "_id", f"try_{kind}", owners) for kind in kinds]
        loaded = LoadedLogs()
        sought: list[WantedTries] = []
        rows, size = await self._db.sized_rows(ContentSummary, pipeline, self._tx)
        self._count(size)
        for row in rows:
            logs = {kind: [MasteryLog.read(log) for log in row.pop(f"try_{kind}")] for kind in kinds}
            summary = ContentSummary.read(row)
            loaded.summaries.append(summary)
            for key, kind in wanted:
                if key != summary.id or not summary.has_tries:
                    continue
                current = summary.current.get(kind)
                if current is None or not logs[kind]:
                    sought.append((key, kind))
                    continue
                [log] = logs[kind]
                loaded.logs.append(log)
                loaded.tries[key, kind] = Tries(log, current.highest_level, others_end=current.others_end)
        if sought:
            await self._seek(sought, owners, loaded)
        return loaded

    async def _seek(self, sought: Sequence[WantedTries], owners: list[str], loaded: LoadedLogs) -> None:
        """Find the tries to go on with among all of them, of which little is read. Index: summary."""
        query: dict[str, object] = {"summary_id": _one_of({key for key, _ in sought})} | self._of(owners)
        found: dict[WantedTries, list[_Sight]] = {}
        for row in await self._db.load_fields(MasteryLog, query, _SIGHT, self._tx):
            sight = _Sight(
                row["_id"], row["mastery_level"], row["complete"], row["start_timestamp"], row["end_timestamp"]
            )
            found.setdefault((row["summary_id"], mastery.try_kind(row["mastery_criterion"])), []).append(sight)
        tries = {
            key: which_try.tries_among(found[key], [each.level for each in found[key]])
            for key in sought
            if key in found
        }
        firsts = [each.first.id for each in tries.values() if each.first is not None]
        logs = {log.id: log for log in await self._logs(firsts, owners)}
        for key, each in tries.items():
            assert each.first is not None
            log = logs[each.first.id]
            loaded.logs.append(log)
            loaded.tries[key] = Tries(log, each.highest_level, each.others_finished, each.others_end)

    async def _logs(self, ids: list[str], owners: list[str]) -> list[MasteryLog]:
        if not ids:
            return []
        pipeline = [{"$match": {"_id": _one_of(ids)} | self._of(owners)}]
        rows, size = await self._db.sized_rows(MasteryLog, pipeline, self._tx)
        self._count(size)
        return [MasteryLog.read(row) for row in rows]

    async def owners_of(self, session_ids: list[str]) -> dict[str, str | None]:
        """Whose the sessions are that there are with these ids."""
        rows = await self._db.load_fields(ContentSession, {"_id": _one_of(session_ids)}, {"user_id": 1}, self._tx)
        return {row["_id"]: row["user_id"] for row in rows}

    async def assigned(self, questions: Collection[Assignment]) -> set[tuple[str, str]]:
        """Which of these are assigned now (a quiz: and active), as id and user."""
        users = {user for _, _, user in questions if user is not None}
        shown = {**FIELDS, "facility_id": 1}
        rows = await self._db.load_fields(User, {"_id": _one_of(list(users))}, shown, self._tx)
        self._facilities |= dict.fromkeys(users) | {row["_id"]: row["facility_id"] for row in rows}
        collections = {row["_id"]: learns_in(row) for row in rows}
        found: set[tuple[str, str]] = set()
        for name in {name for name, _, _ in questions}:
            ids = list({entry for other, entry, _ in questions if other == name})
            assigned_to = {
                row["_id"]: set(row["collection_ids"])
                for row in await self._db.load_fields(
                    ASSIGNABLE[name], {"_id": _one_of(ids)}, {"collection_ids": 1, "active": 1}, self._tx
                )
                if row.get("active", True)
            }
            for other, entry, user in questions:
                if other == name and user and collections.get(user, frozenset()) & assigned_to.get(entry, set()):
                    found.add((entry, user))
        return found

    async def facilities(self, users: Collection[str]) -> Mapping[str, str | None]:
        """The facilities of these users, as far as the roster knows them; who was looked at is not again."""
        if unknown := [user for user in users if user not in self._facilities]:
            rows = await self._db.load_fields(User, {"_id": _one_of(unknown)}, {"facility_id": 1}, self._tx)
            self._facilities |= {row["_id"]: row["facility_id"] for row in rows}
        return self._facilities

    async def chunks(self, holder: HoldsAttempts, owner: str | None, look_ups: LookUps) -> list[AttemptOverflow]:
        """The chunks of a long try in which these attempts or items are. Indexes: holder_attempt, holder_item."""
        found: dict[str, AttemptOverflow] = {}
        for path, values in (("attempts.id", look_ups.ids), ("attempts.item", look_ups.items)):
            if values:
                query = {"user_id": owner, "holder_id": holder.id, path: _one_of(list(values))}
                rows, size = await self._db.sized_rows(AttemptOverflow, [{"$match": query}], self._tx)
                self._count(size)
                found |= {row["_id"]: AttemptOverflow.read(row) for row in rows}
        return list(found.values())

    async def older(self, log: MasteryLog, most: int | None) -> list[Attempt]:
        """The newest attempts of a long try that are in its chunks: `most` of them, or all. Index: holder_attempt."""
        pipeline: list[Stage] = [
            {"$match": {"user_id": log.user_id, "holder_id": log.id}},
            {"$unwind": "$attempts"},
            {"$replaceRoot": {"newRoot": "$attempts"}},
        ]
        if most is not None:
            pipeline += [{"$sort": {"start_timestamp": -1, "number": 1}}, {"$limit": most}]
        return [validated(Attempt, row) for row in await self._db.aggregate(AttemptOverflow, pipeline, self._tx)]

    def _of(self, owners: Sequence[str | None]) -> dict[str, object]:
        """What says whose documents are meant, where it decides which shards are asked."""
        return {"user_id": _one_of(owners)} if self._db.capabilities.sharded else {}

    def _joined(self, kind: type[Stored], local: str, foreign: str, name: str, owners: Sequence[str | None]) -> Stage:
        """The documents of a kind that belong to each row; a join by the id alone would ask every shard, row by row."""
        of_owners = self._of(owners)
        narrowed: dict[str, object] = {"pipeline": [{"$match": of_owners}]} if of_owners else {}
        return {
            "$lookup": {"from": kind.collection(), "localField": local, "foreignField": foreign, "as": name} | narrowed
        }

    def _count(self, size: int) -> None:
        """Count bytes of rows that will be written again, whole, however little changes.

        Raises:
            TooMuchAtOnce: a group of jobs has to be divided.
            TooLarge: one job alone touches more than a transaction may write.

        """
        self._size += size
        if self._size <= (JOB_BYTES if self._alone else GROUP_BYTES):
            return
        if self._alone:
            raise TooLarge("It touches too much of what is stored already. Send its interactions in several updates.")
        raise TooMuchAtOnce


def _one_of(values: Iterable[Any]) -> Any:
    ids = list(values)
    return ids[0] if len(ids) == 1 else {"$in": ids}
