"""Tells open pages that something has changed: one change stream a process, however many pages are open.

Every update that a page would show changes the learner's summary log, so that collection is watched. Where the engine
has no change streams, the newest end_timestamp is looked at once a second.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from learntrack.domain import moments
from learntrack.storage import Database, DatabaseUnavailable

_GATHER_SECONDS = 0.4
_POLL_SECONDS = 1.0
_SUMMARIES = "content_summaries"


class Live:
    """Subscribers, and the one task that feeds them while there are any.

    Args:
        db: Where everything is stored.

    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._subscribers: dict[asyncio.Event, frozenset[str]] = {}
        self._task: asyncio.Task[None] | None = None
        self.streams_opened = 0

    async def changes(self, learners: frozenset[str], *, beat: float = 15.0) -> AsyncIterator[bool]:
        """True when something of these learners has changed, False now and then where nothing has."""
        changed = asyncio.Event()
        self._subscribers[changed] = learners
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._watch())
        try:
            while True:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), beat)
                found = changed.is_set()
                changed.clear()
                yield found
        finally:
            del self._subscribers[changed]
            if not self._subscribers and self._task is not None:
                self._task.cancel()
                self._task = None  # now, because a page that opens before it has ended needs another

    async def close(self) -> None:
        """Stop watching."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            try:
                await self._from_stream()
            except DatabaseUnavailable:
                with contextlib.suppress(DatabaseUnavailable):
                    await self._from_polling()
            await asyncio.sleep(_POLL_SECONDS)

    async def _from_stream(self) -> None:
        self.streams_opened += 1
        changed: set[str] = set()
        telling = asyncio.create_task(self._tell_at_once(changed))
        try:
            async with contextlib.aclosing(self._db.changes(_SUMMARIES, ["user_id"])) as documents:
                async for document in documents:
                    changed.add(document["user_id"])
        finally:
            telling.cancel()

    async def _tell_at_once(self, changed: set[str]) -> None:
        """What happens at about the same time is told at once."""
        while True:
            await asyncio.sleep(_GATHER_SECONDS)
            if changed:
                users = changed.copy()
                changed.clear()
                self._tell(users)

    async def _from_polling(self) -> None:
        since = moments.now()
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            rows = await self._db.find(
                _SUMMARIES, {"end_timestamp": {"$gt": since}}, {"user_id": 1, "end_timestamp": 1}
            )
            since = max((row["end_timestamp"] for row in rows), default=since)
            self._tell({row["user_id"] for row in rows})

    def _tell(self, users: set[str]) -> None:
        for changed, learners in self._subscribers.items():
            if users & learners:
                changed.set()
