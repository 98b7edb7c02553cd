"""Exporting and forgetting everything that is stored about a user."""

import time
from collections.abc import AsyncIterator, Callable

from learntrack.documents import AttemptOverflow, ContentSession, ContentSummary, IdempotencyKey, MasteryLog, User
from learntrack.documents.base import Stored
from learntrack.domain.ids import is_id, parse_id
from learntrack.errors import field_error
from learntrack.privacy.schemas import ExportLine, Forgotten
from learntrack.storage import Database
from learntrack.storage.transactions import Tx

ABOUT_A_USER: dict[type[Stored], str] = {
    ContentSession: "user_id",
    ContentSummary: "user_id",
    MasteryLog: "user_id",
    AttemptOverflow: "user_id",
    IdempotencyKey: "owner",
    User: "_id",
}
"""By which field each document names its user.

The roster entry is the last to go: until then it is clear whose logs they were.
"""

_STEP = 200
"""Documents that are removed in one step, so that no step holds up the writes of others."""


class Privacy:
    """Answers a person's rights over their data.

    Args:
        db: Where everything is stored.
        patience: Seconds after which a request to forget answers with what it has done so far.

    """

    def __init__(self, db: Database, patience: float = 20.0) -> None:
        self._db = db
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

    async def remove(self, user: str, progress: Callable[[int], None] = lambda _: None) -> Forgotten:
        """Remove everything about a user in bounded steps. After a failure, or where it is not `complete`, just do it
        again.

        Args:
            user: The user's id.
            progress: Is told how many documents a step has removed.

        """
        deadline = time.monotonic() + self._patience
        removed = {kind.collection(): 0 for kind in ABOUT_A_USER}
        for kind, field in ABOUT_A_USER.items():
            while step := await self._remove_some(kind, {field: user}):
                removed[kind.collection()] += step
                progress(step)
                if time.monotonic() > deadline:
                    return Forgotten(complete=False, removed=removed)
        return Forgotten(complete=True, removed=removed)

    async def _remove_some(self, kind: type[Stored], query: dict[str, str]) -> int:
        async def work(tx: Tx) -> int:
            ids = await self._db.ids(kind, query, tx, most=_STEP)
            return await self._db.remove(kind, {**query, "_id": {"$in": ids}}, tx) if ids else 0

        return await self._db.transaction(work)

    async def _documents(self, user: str) -> AsyncIterator[ExportLine]:
        for kind, field in ABOUT_A_USER.items():
            async for row in self._db.stream(kind, [{"$match": {field: user}}]):
                if kind is IdempotencyKey:
                    row["answer"] = row["answer"].decode()
                yield ExportLine(kind.collection(), row)


def _user(user_id: str) -> str:
    if not is_id(user_id):
        raise field_error("user_id", "Must be a valid UUID.")
    return parse_id(user_id)
