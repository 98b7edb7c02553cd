"""The sessions that this process writes with, on record in the database.

A transaction whose process was killed holds its documents until the database reaps it, a minute later. So the process
that takes its place looks up whose sessions are left behind, and ends them.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

import pymongo
from bson import Binary
from bson.binary import UUID_SUBTYPE
from pymongo.errors import PyMongoError

from learntrack.documents import Writer
from learntrack.documents.bookkeeping import WRITER_RENEWED
from learntrack.domain import moments
from learntrack.domain.ids import new_id
from learntrack.storage.this_process import ProcessPlace, this_place

_END_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Session:
    session: Any
    started: datetime


class Writers:
    """The sessions of this process for transactions: as many as there are transactions at once, used again and again.

    Args:
        client: A Motor client.
        database: The database in which they are on record.

    """

    def __init__(self, client: Any, database: Any) -> None:
        self._client = client
        self._records = database[Writer.collection()]
        self._idle: list[_Session] = []
        self._process, self._here = new_id(), this_place()

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Any]:
        """A session that nobody else is using."""
        used = await self._fresh_one()
        fit = False
        try:
            yield used.session
            fit = True
        except Exception as error:
            # A refused request leaves an aborted transaction; what the driver complains about is not used again.
            fit = not isinstance(error, PyMongoError | TimeoutError) and not used.session.in_transaction
            raise
        finally:
            if fit:
                self._idle.append(used)
            else:
                await self._end(used)

    async def _fresh_one(self) -> "_Session":
        """An idle session, or a new one: a record that grows old is taken for one that was left behind."""
        while self._idle:
            used = self._idle.pop()
            if moments.now() - used.started < WRITER_RENEWED:
                return used
            await self._end(used)
        session, now = await self._client.start_session(), moments.now()
        writer = Writer.new(id=_name(session), process=self._process, started=now, **asdict(self._here))
        await self._records.replace_one(writer.key(), writer.row(), upsert=True)
        return _Session(session, now)

    async def _end(self, used: "_Session") -> None:
        # Its record first: once it has ended, the driver may give its id to another session.
        with suppress(PyMongoError), pymongo.timeout(_END_SECONDS):
            await self._records.delete_one({"_id": _name(used.session)})
        with suppress(PyMongoError), pymongo.timeout(_END_SECONDS):
            await used.session.end_session()

    async def end_those_left_behind(self) -> int:
        """End the sessions of processes of this host that are no more; returns how many."""
        query = {"machine": self._here.machine, "host": self._here.host, "process": {"$ne": self._process}}
        rows = await self._records.find(query).to_list(None)
        left_behind = [row["_id"] for row in rows if _place_in(row).is_gone(self._here)]
        if left_behind:
            sessions = [{"id": Binary(bytes.fromhex(name), UUID_SUBTYPE)} for name in left_behind]
            with suppress(PyMongoError):  # then they are reaped
                await self._client.admin.command({"killSessions": sessions})
            await self._records.delete_many({"_id": {"$in": left_behind}})
        await self._records.delete_many({"process": None})  # records of the releases before 0.2, which named no process
        return len(left_behind)

    async def close(self) -> None:
        """End all sessions."""
        names = [_name(used.session) for used in self._idle]
        with suppress(PyMongoError):
            if names:
                await self._records.delete_many({"_id": {"$in": names}})
            while self._idle:
                await self._idle.pop().session.end_session()


def _name(session: Any) -> str:
    return bytes(session.session_id["id"]).hex()


def _place_in(row: Mapping[str, Any]) -> ProcessPlace:
    return ProcessPlace(**{field.name: row[field.name] for field in fields(ProcessPlace)})
