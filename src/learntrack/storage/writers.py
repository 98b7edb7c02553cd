"""The sessions that this process writes with, on record in the database.

A transaction whose process was killed holds its documents until the database reaps it, a minute later. So the process
that takes its place looks up whose sessions are left behind, and ends them.
"""

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from bson import Binary
from bson.binary import UUID_SUBTYPE
from pymongo.errors import PyMongoError

from learntrack.domain import moments

COLLECTION = "writers"


class Writers:
    """The sessions of this process for transactions: as many as there are transactions at once, used again and again.

    Args:
        client: A Motor client.
        database: The database in which they are on record.

    """

    def __init__(self, client: Any, database: Any) -> None:
        self._client = client
        self._records = database[COLLECTION]
        self._idle: list[Any] = []
        self._host, self._pid = socket.gethostname(), os.getpid()

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Any]:
        """A session that nobody else is using."""
        session = self._idle.pop() if self._idle else await self._new()
        fit = False
        try:
            yield session
            fit = True
        except Exception as error:
            # A refused request leaves an aborted transaction; what the driver complains about is not used again.
            fit = not isinstance(error, PyMongoError) and not session.in_transaction
            raise
        finally:
            if fit:
                self._idle.append(session)
            else:
                with suppress(PyMongoError):
                    await session.end_session()

    async def _new(self) -> Any:
        session = await self._client.start_session()
        record = {"host": self._host, "pid": self._pid, "started": moments.now()}
        await self._records.replace_one({"_id": _name(session)}, record, upsert=True)
        return session

    async def end_those_left_behind(self) -> int:
        """End the sessions of processes of this host that are no more; returns how many."""
        rows = await self._records.find({"host": self._host}).to_list(None)
        dead = [row["_id"] for row in rows if row["pid"] == self._pid or not _is_alive(row["pid"])]
        mine = {_name(session) for session in self._idle}
        dead = [name for name in dead if name not in mine]
        if dead:
            sessions = [{"id": Binary(bytes.fromhex(name), UUID_SUBTYPE)} for name in dead]
            with suppress(PyMongoError):  # then they are reaped
                await self._client.admin.command({"killSessions": sessions})
            await self._records.delete_many({"_id": {"$in": dead}})
        return len(dead)

    async def close(self) -> None:
        """End all sessions."""
        names = [_name(session) for session in self._idle]
        with suppress(PyMongoError):
            if names:
                await self._records.delete_many({"_id": {"$in": names}})
            while self._idle:
                await self._idle.pop().end_session()


def _name(session: Any) -> str:
    return bytes(session.session_id["id"]).hex()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
