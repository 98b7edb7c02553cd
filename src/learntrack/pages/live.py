"""Tells open pages that something has changed: one change stream a process, however many pages are open.

Every update that a page would show changes the learner's summary log, so that collection is watched. The stream brings
the changes of every school, but no documents: whose a summary is is asked once, for all that came at about the same
time. Where the engine has no change streams, or none just now, the newest end_timestamp of those who are looked at is
asked for once a second.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from learntrack.documents import ContentSummary
from learntrack.domain import moments
from learntrack.storage import Database, DatabaseUnavailable
from learntrack.storage.patience import end_if_cancelled

_GATHER_SECONDS = 0.4
_POLL_SECONDS = 1.0
_POLLS = 30
"""How often to poll before the stream is tried again: an election may have ended it."""
_POLLED_SHARE = 0.2
"""The share of the time that polling may take of the database's."""
_MOST_OWNERS = 100_000
logger = logging.getLogger("learntrack")


class Live:
    """Subscribers, and the one task that feeds them while there are any.

    Args:
        db: Where everything is stored.

    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._subscribers: dict[asyncio.Event, frozenset[str]] = {}
        self._task: asyncio.Task[None] | None = None
        self._owners: dict[str, str] = {}
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
            for source in (self._from_stream, self._from_polling):
                try:
                    await source()
                except DatabaseUnavailable:
                    end_if_cancelled()
                except Exception:  # else open pages would stay as they are until another is opened
                    end_if_cancelled()
                    logger.exception("changes were not heard of")
            await asyncio.sleep(_POLL_SECONDS)
            self._tell_everybody()  # who knows what has been missed

    async def _from_stream(self) -> None:
        self.streams_opened += 1
        changed: set[str] = set()
        telling = asyncio.create_task(self._tell_at_once(changed))
        try:
            async with contextlib.aclosing(self._db.changes(ContentSummary, "user_id")) as changes:
                async for change in changes:
                    if change.value is not None:
                        self._keep_owner(change.id, change.value)
                    changed.add(change.id)
        finally:
            telling.cancel()

    async def _tell_at_once(self, changed: set[str]) -> None:
        """What happens at about the same time is told at once."""
        while True:
            await asyncio.sleep(_GATHER_SECONDS)
            if changed:
                summaries = changed.copy()
                changed.clear()
                try:
                    self._tell(await self._owners_of(summaries))
                except Exception as error:
                    end_if_cancelled()
                    if not isinstance(error, DatabaseUnavailable):
                        logger.exception("it is not known whose has changed")
                    self._tell_everybody()

    async def _owners_of(self, summaries: set[str]) -> set[str]:
        """Whose these summaries are. Index: the key."""
        if unknown := [key for key in summaries if key not in self._owners]:
            for row in await self._db.find(ContentSummary, {"_id": {"$in": unknown}}, {"user_id": 1}):
                self._keep_owner(row["_id"], row["user_id"])
        return {self._owners[key] for key in summaries if key in self._owners}

    def _keep_owner(self, summary: str, owner: str) -> None:
        if len(self._owners) >= _MOST_OWNERS:
            del self._owners[next(iter(self._owners))]
        self._owners[summary] = owner

    async def _from_polling(self) -> None:
        """Ask for what is newer, some thirty times. Index: owner_progress."""
        since = moments.now()
        now = asyncio.get_running_loop().time
        pause = _POLL_SECONDS
        for _ in range(_POLLS):
            await asyncio.sleep(pause)
            watched = frozenset().union(*self._subscribers.values())
            began = now()
            query = {"user_id": {"$in": list(watched)}, "end_timestamp": {"$gt": since}}
            rows = await self._db.find(ContentSummary, query, {"user_id": 1, "end_timestamp": 1})
            since = max((row["end_timestamp"] for row in rows), default=since)
            self._tell({row["user_id"] for row in rows})
            pause = max(_POLL_SECONDS, (now() - began) / _POLLED_SHARE)

    def _tell(self, users: set[str]) -> None:
        for changed, learners in self._subscribers.items():
            if users & learners:
                changed.set()

    def _tell_everybody(self) -> None:
        for changed in self._subscribers:
            changed.set()
