"""Writers of one owner's documents stand in line within a process, before the database has to send them back."""

from asyncio import Lock
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class OwnerLocks:
    """A lock per owner, made when first wanted and forgotten when nobody waits for it."""

    def __init__(self) -> None:
        self._locks: dict[str, tuple[Lock, int]] = {}

    @asynccontextmanager
    async def held(self, owner: str) -> AsyncIterator[None]:
        """Hold `owner`'s lock."""
        lock, waiting = self._locks.get(owner) or (Lock(), 0)
        self._locks[owner] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._locks[owner]
            if waiting == 1:
                del self._locks[owner]
            else:
                self._locks[owner] = (lock, waiting - 1)
