"""Reading what a group of jobs is about, within its transaction.

One round trip a question, whatever the group's size.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

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
from learntrack.domain.attempt_places import LookUps
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

D = TypeVar("D", ContentSession, ContentSummary, MasteryLog)

Assignment = tuple[str, str, str | None]
"""A field of `ASSIGNABLE`, the id in it, and whom it would have to be assigned to."""


_FEW = 3
"""Documents to which even an engine that joins slowly joins others sooner than the driver makes two more commands."""

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
        """The keys of these owners with these ids that are known, by id; `TooMuchAtOnce` where they are too large."""
        query = self._db.by_ids(IdempotencyKey, ids, owners)
        keys, size = await self._db.sized_load(IdempotencyKey, query, self._tx)
        if size > GROUP_BYTES and not self._alone:
            raise TooMuchAtOnce
        return {key.id: key for key in keys}

    async def sessions(self, ids: Collection[str], owners: Collection[str | None]) -> LoadedLogs:
        """These sessions of these owners, with their summaries and tries. Index: the keys."""
        if self._joins(ids):
            related: dict[str, tuple[type[Stored], str]] = {
                "summary": (ContentSummary, "summary_id"),
                "log": (MasteryLog, "mastery_log_id"),
            }
            pipeline, joined = self._joined(ids, owners, **related), {name: kind for name, (kind, _) in related.items()}
            found, others, size = await self._db.sized_joined(ContentSession, pipeline, joined, self._tx)
            self._count(size)
            return LoadedLogs(found, others["summary"], others["log"])
        sessions = await self._by_ids(ContentSession, ids, owners)
        summary_ids = {session.summary_id for session in sessions if session.summary_id is not None}
        log_ids = {session.mastery_log_id for session in sessions if session.mastery_log_id is not None}
        return LoadedLogs(
            sessions,
            await self._by_ids(ContentSummary, summary_ids, owners),
            await self._by_ids(MasteryLog, log_ids, owners),
        )

    async def summaries(
        self, ids: Collection[str], owners: Collection[str], wanted: Collection[WantedTries]
    ) -> LoadedLogs:
        """These summaries of these owners, and of the wanted kinds of their tries the one to go on with.

        Mostly the summary knows it. Indexes: the keys, summary.
        """
        kinds = sorted({kind for _, kind in wanted})
        loaded, logs = await self._summaries_and_current(ids, owners, kinds)
        summaries = {summary.id: summary for summary in loaded.summaries}
        sought: list[WantedTries] = []
        for key, kind in wanted:
            summary = summaries.get(key)
            if summary is None or not summary.has_tries:
                continue
            current = summary.current.get(kind)
            log = None if current is None else logs.get(current.try_id)
            if current is None or log is None:
                sought.append((key, kind))
                continue
            loaded.logs.append(log)
            loaded.tries[key, kind] = Tries(log, current.highest_level, others_end=current.others_end)
        if sought:
            await self._seek(sought, owners, loaded)
        return loaded

    async def _summaries_and_current(
        self, ids: Collection[str], owners: Collection[str], kinds: Sequence[mastery.TryKind]
    ) -> tuple[LoadedLogs, dict[str, MasteryLog]]:
        """These summaries, and by id the tries of these kinds that they know to be gone on with."""
        if kinds and self._joins(ids):
            joins = {f"try_{kind}": (MasteryLog, f"current.{kind}.try_id") for kind in kinds}
            pipeline, joined = self._joined(ids, owners, **joins), dict.fromkeys(joins, MasteryLog)
            found, others, size = await self._db.sized_joined(ContentSummary, pipeline, joined, self._tx)
            self._count(size)
            return LoadedLogs(summaries=found), {log.id: log for logs in others.values() for log in logs}
        summaries = await self._by_ids(ContentSummary, ids, owners)
        known = {one.current[kind].try_id for one in summaries for kind in kinds if kind in one.current}
        return LoadedLogs(summaries=summaries), {log.id: log for log in await self._by_ids(MasteryLog, known, owners)}

    def _joins(self, ids: Collection[str]) -> bool:
        """Whether to join what belongs to these documents to them, rather than to find it in commands of its own."""
        return self._db.capabilities.joins or len(ids) <= _FEW

    async def _by_ids(self, kind: type[D], ids: Collection[str], owners: Collection[str | None]) -> list[D]:
        """The documents with these ids, as far as they are these owners'. Index: the key."""
        if not ids:
            return []
        documents, size = await self._db.sized_load(kind, self._db.by_ids(kind, ids, owners), self._tx)
        self._count(size)
        return [each for each in documents if each.user_id in owners]

    def _joined(
        self, ids: Collection[str], owners: Collection[str | None], **joins: tuple[type[Stored], str]
    ) -> list[Stage]:
        """What finds documents by ids and owners, and in each by name a list of those whose id is in a field of it."""
        pipeline: list[Stage] = [{"$match": {"_id": _one_of(ids)}}, {"$match": {"user_id": _one_of(owners)}}]
        return pipeline + [self._lookup(kind, field, name, owners) for name, (kind, field) in joins.items()]

    async def _seek(self, sought: Sequence[WantedTries], owners: Collection[str], loaded: LoadedLogs) -> None:
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
        logs = {log.id: log for log in await self._by_ids(MasteryLog, firsts, owners)}
        for key, each in tries.items():
            assert each.first is not None
            log = logs[each.first.id]
            loaded.logs.append(log)
            loaded.tries[key] = Tries(log, each.highest_level, each.others_finished, each.others_end)

    async def owners_of(self, session_ids: list[str], owners: Collection[str | None]) -> dict[str, str | None]:
        """Whose the sessions are that there are with these ids; on a cluster, those of these owners: not all shards are
        asked for what nobody's client does.
        """
        query = self._db.by_ids(ContentSession, session_ids, owners)
        rows = await self._db.load_fields(ContentSession, query, {"user_id": 1}, self._tx)
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
                chunks, size = await self._db.sized_load(AttemptOverflow, query, self._tx)
                self._count(size)
                found |= {chunk.id: chunk for chunk in chunks}
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

    def _of(self, owners: Collection[str | None]) -> dict[str, object]:
        return self._db.capabilities.of_owners(owners)

    def _lookup(self, kind: type[Stored], field: str, name: str, owners: Collection[str | None]) -> Stage:
        """The document that a field of each row names; by its id alone a join would ask every shard, row by row."""
        of_owners = self._of(owners)
        narrowed: dict[str, object] = {"pipeline": [{"$match": of_owners}]} if of_owners else {}
        return {
            "$lookup": {"from": kind.collection(), "localField": field, "foreignField": "_id", "as": name} | narrowed
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
