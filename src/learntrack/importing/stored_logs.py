"""What an import reads of what is stored, within its transactions."""

from collections.abc import Collection
from datetime import datetime
from typing import TypeVar

from learntrack.documents import (
    AttemptOverflow,
    ContentSession,
    ContentSummary,
    MasteryLog,
    RecordingPermit,
    User,
)
from learntrack.documents.base import Stored
from learntrack.documents.holding import HoldsAttempts
from learntrack.documents.try_numbers import TRY_FIELDS, CountedTry, TrySight
from learntrack.storage import Database
from learntrack.storage.transactions import Tx

L = TypeVar("L", ContentSession, ContentSummary, MasteryLog)

Mark = tuple[str | None, str | None]
"""Whose a document is, and the digest of what it was imported from."""


class StoredLogs:
    """Reads what is stored, within a transaction."""

    def __init__(self, db: Database, tx: Tx) -> None:
        self._db = db
        self._tx = tx

    async def forgotten(self, users: Collection[str], at: datetime) -> set[str]:
        """Those of whom nothing of this moment may be recorded. Index: the key."""
        keys = {RecordingPermit.id_of(user): user for user in users}
        permits = await self._db.load(RecordingPermit, {"_id": {"$in": list(keys)}}, self._tx) if keys else []
        return {keys[permit.id] for permit in permits if permit.refuses(at)}

    async def marks(self, kind: type[Stored], ids: Collection[str]) -> dict[str, Mark]:
        """Of those of these documents that there are, whose they are and what was imported. Index: the key."""
        if not ids:
            return {}
        fields = {"user_id": 1, "imported.digest": 1}
        found = self._db.collection(kind).find({"_id": {"$in": list(ids)}}, fields, session=self._tx)
        return {
            row["_id"]: (row["user_id"], (row.get("imported") or {}).get("digest")) for row in await found.to_list(None)
        }

    async def whole(self, kind: type[L], ids: Collection[str]) -> dict[str, L]:
        """These documents, by their ids. Index: the key."""
        if not ids:
            return {}
        found = self._db.collection(kind).find({"_id": {"$in": list(ids)}}, session=self._tx)
        return {row["_id"]: kind.read(row) for row in await found.to_list(None)}

    async def chunks(self, holder: HoldsAttempts, user_id: str | None) -> dict[int, AttemptOverflow]:
        """All chunks of a long try, or session, by their numbers. Index: holder_attempt."""
        query = {"user_id": user_id, "holder_id": holder.id}
        found = await self._db.collection(AttemptOverflow).find(query, session=self._tx).to_list(None)
        return {row["number"]: AttemptOverflow.read(row) for row in found}

    async def tries(self, summaries: Collection[str]) -> dict[str, dict[str, CountedTry]]:
        """What counts of each try of these summaries: by summary and try. Index: summary."""
        tries: dict[str, dict[str, CountedTry]] = {key: {} for key in summaries}
        if summaries:
            query = {"summary_id": {"$in": list(summaries)}}
            found = self._db.collection(MasteryLog).find(query, dict.fromkeys(TRY_FIELDS, 1), session=self._tx)
            for row in await found.to_list(None):
                tries[row["summary_id"]][row["_id"]] = TrySight.of(row)
        return tries

    async def facilities(self, users: Collection[str]) -> dict[str, str]:
        """The facilities of these users, as far as the roster knows them. Index: the key."""
        if not users:
            return {}
        query = {"_id": {"$in": list(users)}}
        found = self._db.collection(User).find(query, {"facility_id": 1}, session=self._tx)
        return {row["_id"]: row["facility_id"] for row in await found.to_list(None)}
