"""What holds of a transaction on every engine; conflicts and roll-backs: test_writing_together.py."""

import asyncio
from typing import Any

import pytest

from learntrack.documents import User
from learntrack.storage import Database, DatabaseUnavailable
from learntrack.storage.capabilities import Capabilities
from learntrack.storage.transactions import Tx
from tests.engines import mongomock_engine


@pytest.fixture
def db() -> Database:
    client: Any = mongomock_engine.connect("transactions").client
    return Database(client, "transactions", Capabilities(transactions=False), patience=0.01)


async def test_an_engine_without_transactions_works_without(db: Database) -> None:
    async def work(tx: Tx) -> str:
        return f"in {tx}"

    assert await db.transaction(work) == "in None"


async def test_what_takes_longer_than_the_patience_is_given_up(db: Database) -> None:
    given_up = asyncio.Event()

    async def work(_: Tx) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            given_up.set()

    with pytest.raises(DatabaseUnavailable, match="did not answer in time"):
        await db.transaction(work)
    assert given_up.is_set()


async def test_what_needs_longer_may_have_longer(db: Database) -> None:
    async def work(_: Tx) -> str:
        later = asyncio.Event()
        asyncio.get_running_loop().call_later(0.02, later.set)
        await later.wait()
        return "done"

    assert await db.transaction(work, patience=60) == "done"


async def test_changes_cannot_be_followed_everywhere(db: Database) -> None:
    with pytest.raises(DatabaseUnavailable, match="cannot be followed"):
        await anext(db.changes(User, "username"))
