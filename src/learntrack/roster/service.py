"""Writing and listing the roster."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from learntrack.errors import TooLarge
from learntrack.roster.schemas import (
    PARTS,
    RECORDS,
    Removal,
    Roster,
    RosterCounts,
    RosterKind,
    RosterRecord,
)
from learntrack.roster.writing import RosterWriting
from learntrack.storage import Database
from learntrack.storage.database import Row
from learntrack.storage.transactions import Tx
from learntrack.web.paging import Page, PageRequest, page_of, paged

_PATIENCE = 60.0
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

    async def write(self, roster: Roster) -> RosterCounts:
        """Add, change and remove records: all of them, or none.

        Raises:
            TooLarge: there are too many records in one request.
            InvalidFields: a record refers to something that is neither in the request nor in the roster.

        """
        if roster.records() > self._most:
            raise TooLarge(f"At most {self._most} records in one request.")

        async def work(tx: Tx) -> None:
            await RosterWriting(self._db, tx).write(roster)

        async with self._one_at_a_time:
            await self._db.transaction(work, patience=_PATIENCE)
        return _counts(roster)

    async def list(
        self, kind: RosterKind, page: PageRequest | None
    ) -> Page[RosterRecord] | AsyncIterator[RosterRecord]:
        """The records of a kind, ordered by id: a page, or all of them as a stream.

        Raises:
            NotFound: the page is out of range.

        """
        collection, source, shape = _listing(kind)
        if page is None:
            return self._records(kind, self._db.stream(collection, [*source, *shape]))
        rows = await self._db.rows(collection, paged(collection, source, shape, page))
        return page_of(rows, page, RECORDS[kind])

    async def _records(self, kind: RosterKind, rows: AsyncIterator[Row]) -> AsyncIterator[RosterRecord]:
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


def _listing(kind: RosterKind) -> tuple[str, list[dict[str, Any]], list[dict[str, Any]]]:
    """The collection of a kind, its records in order, and how each is shown: every field of its shape."""
    by_id: list[dict[str, Any]] = [{"$sort": {"_id": 1}}]
    of_users = _OF_USERS.get(kind)
    source = [*by_id, {"$unwind": f"${kind}"}] if of_users else by_id
    elsewhere = of_users or {"id": "$_id"}
    shown = {name: elsewhere.get(name, f"${name}") for name in RECORDS[kind].__struct_fields__}
    return "users" if of_users else kind, source, [{"$project": {"_id": 0} | shown}]
