"""Writing and listing the roster."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from functools import partial

from learntrack.access.standing import Caller
from learntrack.documents import Classroom, LearnerGroup, User
from learntrack.domain import moments
from learntrack.errors import InvalidFields, TooLarge
from learntrack.roster.checks import faults
from learntrack.roster.me import Heartbeat, Me, heartbeat_of, me_of
from learntrack.roster.records import Record, RosterRecord
from learntrack.roster.schemas import PARTS, RECORDS, Removal, Roster, RosterCounts, RosterKind
from learntrack.roster.sight import Sight, sight_of
from learntrack.roster.writing import RosterWriting
from learntrack.storage import Database
from learntrack.storage.database import Stage
from learntrack.storage.transactions import Tx
from learntrack.web.bodies import aside
from learntrack.web.paging import Page, PageRequest, page_of, paged

_PATIENCE = 60.0
MOST_ENTRIES = 100_000
"""Entries of the lists in all records of a request."""
_OF_USERS = {
    "memberships": {"user_id": "$_id", "collection_id": "$memberships"},
    "roles": {"user_id": "$_id", "collection_id": "$roles.collection_id", "kind": "$roles.kind"},
}
"""Where a user's document has the fields of what is kept there."""


class RosterService:
    """The roster.

    Args:
        db: Where it is stored.
        most_records: The most records in one request.

    """

    def __init__(self, db: Database, most_records: int) -> None:
        self._db = db
        self._most = most_records
        # Two rosters at once would only send each other back: they write the same people.
        self._one_at_a_time = asyncio.Lock()

    async def write(self, roster: Roster, at: datetime | None = None) -> RosterCounts:
        """Add, change and remove records: all of them, or none.

        Args:
            roster: What.
            at: When that was so; unset: now.

        Raises:
            TooLarge: there are too many records in one request.
            InvalidFields: a record is wrong in itself, or refers to something that is neither in the request nor in
                the roster.
            BeingForgotten: somebody new in it is being forgotten.

        """
        if roster.records() > self._most:
            raise TooLarge(f"At most {self._most} records in one request.")
        if roster.entries() > MOST_ENTRIES:
            raise TooLarge(f"At most {MOST_ENTRIES} questions, contents and collections in the records of one request.")
        if wrong := await aside(partial(faults, roster)):
            raise InvalidFields(wrong)

        then = at or moments.now()

        async def work(tx: Tx) -> None:
            await RosterWriting(self._db, tx, then).write(roster)

        async with self._one_at_a_time:
            await self._db.transaction(work, patience=_PATIENCE)
        return _counts(roster)

    async def me(self, caller: Caller) -> Me:
        """Who the caller is, as far as the roster knows them."""
        user = await self._entry_of(caller)
        inside = {"_id": {"$in": user.collections if user else []}}
        classrooms = await self._db.find(Classroom, inside) if user else []
        groups = await self._db.find(LearnerGroup, inside) if user else []
        return me_of(
            caller.actor,
            user,
            classrooms=[Classroom.read(row) for row in classrooms],
            groups=[LearnerGroup.read(row) for row in groups],
        )

    async def heartbeat(self, caller: Caller) -> Heartbeat:
        """Who the caller is and what time it is, as Kolibri's client asks."""
        return heartbeat_of(caller.actor, await self._entry_of(caller), moments.now())

    async def list(
        self, kind: RosterKind, page: PageRequest | None, *, by: Caller
    ) -> Page[RosterRecord] | AsyncIterator[RosterRecord]:
        """The records of a kind that the caller may read, ordered by id: a page, or all of them as a stream.

        Raises:
            NotFound: the page is out of range.

        """
        sight = await sight_of(self._db, by)
        collection, source, shape = _listing(kind, sight)
        if page is None:
            return self._records(kind, self._db.stream(collection, [*source, *shape]))
        rows = await self._db.rows(collection, paged(collection, source, shape, page))
        return page_of(rows, page, RECORDS[kind])

    async def _entry_of(self, caller: Caller) -> User | None:
        """The caller's own entry. Index: the key."""
        if caller.actor.user_id is None:
            return None
        row = await self._db.find_one(User, {"_id": caller.actor.user_id})
        return None if row is None else User.read(row)

    async def _records(self, kind: RosterKind, rows: AsyncIterator[Stage]) -> AsyncIterator[RosterRecord]:
        record = RECORDS[kind]
        async for row in rows:
            yield record(**row)


def _counts(roster: Roster) -> RosterCounts:
    """How many records a roster has, by part."""
    counts = RosterCounts()
    for part in PARTS:
        setattr(counts, part, len(getattr(roster, part)))
    removal = roster.remove or Removal()
    counts.removed = {part: len(entries) for part in Removal.__struct_fields__ if (entries := getattr(removal, part))}
    return counts


def _listing(kind: RosterKind, sight: Sight) -> tuple[str, list[Stage], list[Stage]]:
    """The collection of a kind, its records in order, and how each is shown: every field of its shape."""
    of_users = _OF_USERS.get(kind)
    source: list[Stage] = [*sight.of(kind), {"$sort": {"_id": 1}}]
    if of_users:
        source += [{"$unwind": f"${kind}"}, *sight.within(kind)]
    elsewhere = of_users or {"id": "$_id"}
    record = RECORDS[kind]
    defaults = record.defaults() if issubclass(record, Record) else {}
    shown: Stage = {name: elsewhere.get(name, f"${name}") for name in record.__struct_fields__}
    # What was stored by a release before has not every field.
    shown = {
        name: {"$ifNull": [place, {"$literal": defaults[name]}]} if name in defaults else place
        for name, place in shown.items()
    }
    return "users" if of_users else kind, source, [{"$project": {"_id": 0} | shown}]
