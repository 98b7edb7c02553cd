"""Whether the database can do what the service needs of it just now."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pymongo
from msgspec import Struct
from pymongo import InsertOne
from pymongo.errors import PyMongoError

from learntrack import documents
from learntrack.documents.base import Stored, Write
from learntrack.storage.database import Database
from learntrack.storage.errors import DatabaseUnavailable, translated
from learntrack.storage.transactions import Tx


class Check(Struct):
    """One thing that must hold, and what is wrong with it if it does not."""

    name: str
    ok: bool
    detail: str = ""


class _Undone(Exception):
    """Ends a trial transaction without storing anything."""


_TRIAL = "trial"


@dataclass(frozen=True, slots=True)
class _Trial:
    """A document that is never stored."""

    kind: type[Stored]

    def collection(self) -> str:
        """The name of its collection."""
        return self.kind.collection()

    def write(self, namespace: str | None = None, *, sharded: bool = False) -> Write:
        """The write of it; the arguments are those of `Stored.write`."""
        return InsertOne({"_id": _TRIAL, "owner": _TRIAL}, namespace=namespace)


async def checks(db: Database) -> list[Check]:
    """What must hold for the service to do its work: database reachable, primary writable, transactions, indexes."""
    found: list[Check] = []
    for name, question in (
        ("database", _reachable),
        ("writable primary", _writable),
        ("transactions", _transactions),
        ("indexes", _indexes),
        ("disk", _disk),
    ):
        found.append(await _answer(name, question, db))
        if not found[0].ok:
            break
    return found


async def _answer(name: str, question: Callable[[Database], Awaitable[str]], db: Database) -> Check:
    try:
        with translated(), pymongo.timeout(db.patience):
            wrong = await question(db)
    except (DatabaseUnavailable, PyMongoError) as error:  # the latter: rights that are missing, for example
        return Check(name, ok=False, detail=str(error).split(", Timeout:", maxsplit=1)[0])
    return Check(name, ok=not wrong, detail=wrong)


async def _reachable(db: Database) -> str:
    await db.ping()
    return ""


async def _writable(db: Database) -> str:
    if not db.capabilities.transactions:
        return ""
    hello: dict[str, Any] = await db.client.admin.command("hello")
    return "" if hello.get("isWritablePrimary") else "The server at this address is not a writable primary."


async def _transactions(db: Database) -> str:
    if not db.capabilities.transactions:
        return ""

    async def trial(tx: Tx) -> None:
        """Read, and write to several collections, as a request does: the server may let only one of it be done."""
        owner = {"owner": _TRIAL} if db.capabilities.sharded else {}  # the embedded engine would read all keys for it
        await db.load(documents.IdempotencyKey, {"_id": _TRIAL} | owner, tx)
        await db.write([_Trial(documents.IdempotencyKey), _Trial(documents.Writer)], tx)
        raise _Undone

    try:
        await db.transaction(trial)
    except _Undone:
        return ""
    return "A transaction that was to be undone was stored."


async def _indexes(db: Database) -> str:
    missing: list[str] = []
    for document in documents.ALL:
        wanted = {index.document["name"] for index in getattr(document.Settings, "indexes", ())}
        if wanted:
            present = set(await db.collection(document).index_information())
            missing += [f"{document.Settings.name}.{name}" for name in sorted(wanted - present)]
    return f"Missing: {', '.join(missing)}. Run `learntrack migrate`." if missing else ""


async def _disk(db: Database) -> str:
    if db.disk is not None:
        db.disk.check()
    return ""
