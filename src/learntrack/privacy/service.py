"""Exporting and forgetting everything that is stored about a user."""

import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from learntrack.domain.ids import is_id, parse_id
from learntrack.errors import field_error
from learntrack.privacy.schemas import Forgotten
from learntrack.storage import Database
from learntrack.storage.database import Row

ABOUT_A_USER: dict[str, str] = {
    "content_sessions": "user_id",
    "content_summaries": "user_id",
    "mastery_logs": "user_id",
    "attempt_overflow": "user_id",
    "idempotency_keys": "owner",
    "users": "_id",
}
"""By which field each collection names its user. The roster entry is the last to go: until then it is clear whose
logs they were.
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

    async def export(self, user_id: str) -> AsyncIterator[Row]:
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
        removed = dict.fromkeys(ABOUT_A_USER, 0)
        for collection, field in ABOUT_A_USER.items():
            while step := await self._remove_some(collection, {field: user}):
                removed[collection] += step
                progress(step)
                if time.monotonic() > deadline:
                    return Forgotten(complete=False, removed=removed)
        return Forgotten(complete=True, removed=removed)

    async def _remove_some(self, collection: str, query: dict[str, str]) -> int:
        async def work(tx: Any) -> int:
            rows = await self._db.collection(collection).find(query, {"_id": 1}, session=tx).limit(_STEP).to_list(None)
            if not rows:
                return 0
            found = {"_id": {"$in": [row["_id"] for row in rows]}}
            return int(
                (await self._db.collection(collection).delete_many({**query, **found}, session=tx)).deleted_count
            )

        return await self._db.transaction(work)

    async def _documents(self, user: str) -> AsyncIterator[Row]:
        for collection, field in ABOUT_A_USER.items():
            async for document in self._db.stream(collection, [{"$match": {field: user}}]):
                if isinstance(document.get("answer"), bytes):
                    document["answer"] = document["answer"].decode()
                yield {"collection": collection, "document": document}


def _user(user_id: str) -> str:
    if not is_id(user_id):
        raise field_error("user_id", "Must be a valid UUID.")
    return parse_id(user_id)
