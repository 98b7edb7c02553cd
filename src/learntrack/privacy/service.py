"""Exporting and forgetting everything that is stored about a user."""

import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from learntrack.documents import (
    AttemptOverflow,
    ContentSession,
    ContentSummary,
    IdempotencyKey,
    ItemRollup,
    LearnerDay,
    MasteryLog,
    RecordingPermit,
    Touched,
    User,
)
from learntrack.documents.base import Stored
from learntrack.documents.upkeep import UPKEEP, pair_of
from learntrack.domain import moments
from learntrack.domain.ids import is_id, parse_id
from learntrack.domain.portions import in_parts
from learntrack.errors import field_error
from learntrack.privacy.schemas import ExportLine, Forgotten
from learntrack.settings import Settings
from learntrack.storage import Database, in_portions
from learntrack.storage.database import Stage
from learntrack.storage.leases import outdate
from learntrack.storage.long_work import OnProgress
from learntrack.storage.patience import patiently
from learntrack.storage.transactions import Tx

ABOUT_A_USER: dict[type[Stored], str] = {
    ContentSession: "user_id",
    LearnerDay: "user_id",
    IdempotencyKey: "owner",
    AttemptOverflow: "user_id",
    MasteryLog: "user_id",
    ContentSummary: "user_id",
    User: "_id",
}
"""By which field each document names its user, in the order in which they go.

Sessions are the first: without them nothing more is recorded in the rest. Tries go before their summary, which a start
expects to find with them. The roster entry is the last: until then it is clear whose logs they were.
"""
_LOGS = [(kind, field) for kind, field in ABOUT_A_USER.items() if kind is not User]
_ORDER: list[tuple[type[Stored], str]] = [*_LOGS, *_LOGS, (User, ABOUT_A_USER[User])]
"""Logs go twice: as long as a summary is there, visits of its content are still recorded. When none is left, none comes
any more, and what came meanwhile goes.
"""

_MEANWHILE = timedelta(seconds=5)
"""How long after its end forgetting still refuses: what was under way then, and clocks of several hosts."""
_STEP = 50
"""Documents that are removed in one step, so that no step holds up the writes of others: 200 that are as large as may
be, 4 MB each, take the embedded engine 3 s.
"""

_IN_MARK = 500
"""Contents of facilities that one mark names."""


class Privacy:
    """Answers a person's rights over their data.

    Args:
        db: Where everything is stored.
        settings: How long ago what offline clients deliver may have occurred: as long a digest of an id is remembered.
        patience: Seconds after which a request to forget answers with what it has done so far.

    """

    def __init__(self, db: Database, settings: Settings, patience: float = 20.0) -> None:
        self._db = db
        self._remembered = timedelta(days=settings.max_occurred_days)
        self._patience = patience

    async def export(self, user_id: str) -> AsyncIterator[ExportLine]:
        """Everything that is stored about a user, document by document.

        Raises:
            InvalidFields: the id is malformed.

        """
        return self._documents(_user(user_id))

    async def forget(self, user_id: str) -> Forgotten:
        """Remove everything that is stored about a user; where there is too much for one request, as much as can be.

        Raises:
            InvalidFields: the id is malformed.

        """
        return await self.remove(_user(user_id))

    async def remove(self, user: str, progress: OnProgress = lambda _: None) -> Forgotten:
        """Remove everything about a user in bounded steps. After a failure, or where it is not `complete`, just do it
        again.

        Args:
            user: The user's id.
            progress: Is told how many documents a step has removed.

        """
        deadline = time.monotonic() + self._patience
        await self._change_permit(user, lambda permit: permit.withdraw(user))
        removed = {kind.collection(): 0 for kind in ABOUT_A_USER}
        await self._mark_rollups(user)
        await self._remove_rollups()
        for kind, field in _ORDER:
            while step := await self._remove_some(kind, {field: user}, [user]):
                removed[kind.collection()] += step
                progress(step)
                if time.monotonic() > deadline and kind is not User:
                    return Forgotten(complete=False, removed=removed)
        await self._remove_traces(user)
        now = moments.now()
        await self._change_permit(
            user, lambda permit: permit.give_again(now + _MEANWHILE, now + _MEANWHILE + self._remembered)
        )
        return Forgotten(complete=True, removed=removed)

    async def take_up(self) -> None:
        """Go on with what was interrupted: with everybody who is still to be forgotten."""
        named = partial(self._db.find, RecordingPermit, RecordingPermit.being_forgotten(), {"user_id": 1})
        for row in await patiently(named):
            while not (await patiently(partial(self.remove, row["user_id"]))).complete:
                pass

    async def _change_permit(self, user: str, change: Callable[[RecordingPermit], None]) -> None:
        async def work(tx: Tx) -> None:
            stored = await self._db.load(RecordingPermit, {"_id": RecordingPermit.id_of(user)}, tx)
            permit = stored[0] if stored else RecordingPermit.begin(user)
            change(permit)
            await self._db.write([permit], tx)

        await self._db.transaction(work)

    async def _mark_rollups(self, user: str) -> None:
        """Say which rollups have this user's answers in them, in whichever facility they gave them.

        Reports are answered from the logs until those have been computed anew.
        """
        contents: list[Stage] = [
            {"$match": {"user_id": user}},
            {"$group": {"_id": {"f": "$facility_id", "c": "$content_id"}}},
        ]
        of_tries = [row["_id"] for row in await self._db.rows(MasteryLog, contents)]
        items = {(found["f"], found["c"]) for found in of_tries if found["f"] is not None}
        known = sorted({found["c"] for found in of_tries})
        entry = await self._db.find_one(User, {"_id": user})
        places = [] if entry is None else User.read(entry).every_place
        for some in in_parts(known, _STEP):
            part = {"facility_id": {"$in": places}, "content_id": {"$in": some}}
            rows = await self._db.find(ItemRollup, part, {"facility_id": 1, "content_id": 1})
            items |= {(row["facility_id"], row["content_id"]) for row in rows}
        ordered, now = sorted(items), moments.now()
        marks = [Touched.by_forgetting(some, now) for some in in_parts(ordered, _IN_MARK)]
        await in_portions.write(self._db, marks)

    async def _remove_rollups(self) -> None:
        """Remove what is kept ready of questions and is to be computed anew because somebody is being forgotten."""
        marks = await self._db.find(Touched, {"forgotten": {"$exists": True}}, {"forgotten": 1})
        for facility, content in sorted({pair_of(entry) for mark in marks for entry in mark["forgotten"]}):
            while await self._remove_some(ItemRollup, {"facility_id": facility, "content_id": content}, []):
                pass

    async def _remove_traces(self, user: str) -> None:
        """Remove what may have been derived, or noted to be derived, of this user while the rest went."""
        await outdate(self._db, UPKEEP)  # whoever has read something of theirs and not written it yet, does not now
        await self._remove_rollups()
        while await self._remove_some(LearnerDay, {"user_id": user}, [user]):
            pass

        of_user = {"$regex": f"^{user}:"}
        naming = {"$or": [{"logs": of_user}, {"days": of_user}, {"moved": user}]}
        marks = [Touched.read(row) for row in await self._db.find(Touched, naming)]
        for part in in_portions.written_portions(marks):
            await self._db.transaction(partial(self._without, user, part))

    async def _without(self, user: str, marks: Sequence[Touched], tx: Tx) -> None:
        """Let these marks name the user no more, as far as they are still there."""
        named = self._db.by_ids(Touched, [mark.id for mark in marks], [mark.owner for mark in marks])
        stored = await self._db.load(Touched, named, tx)
        await self._db.remove(Touched, named, tx)
        await self._db.write([left for mark in stored if (left := mark.without(user)) is not None], tx)

    async def _remove_some(self, kind: type[Stored], query: Mapping[str, Any], owners: Sequence[str]) -> int:
        async def work(tx: Tx) -> int:
            ids = await self._db.ids(kind, query, tx, most=_STEP)
            return await self._db.remove(kind, self._db.by_ids(kind, ids, owners), tx) if ids else 0

        return await self._db.transaction(work)

    async def _documents(self, user: str) -> AsyncIterator[ExportLine]:
        for kind, field in ABOUT_A_USER.items():
            async for row in self._db.each(kind, {field: user}):
                if kind is IdempotencyKey:
                    row["answer"] = row["answer"].decode()
                yield ExportLine(kind.collection(), row)


def _user(user_id: str) -> str:
    if not is_id(user_id):
        raise field_error("user_id", "Must be a valid UUID.")
    return parse_id(user_id)
