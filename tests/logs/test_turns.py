"""What lists find takes turns with aggregations: it is read whole, and may be as large."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from learntrack.access.may_read import EVERYBODY
from learntrack.logs.attempt_rows import with_their_attempts
from learntrack.logs.filters import LogFilters
from learntrack.logs.lists_by_group import ListsByGroup
from learntrack.storage import Database, DatabaseUnavailable, connect
from learntrack.web.paging import PageRequest
from tests.logs.test_attempt_rows import holder, long_try
from tests.wire import Wire, held

LOG, *CHUNKS = long_try(at_once=False)


async def tries(db: Database) -> list[Any]:
    return (await ListsByGroup(db).tries_page(EVERYBODY, LogFilters(), PageRequest(1, 5))).results


async def attempts(db: Database) -> list[Any]:
    return await with_their_attempts(db, [holder(LOG)], LogFilters())


@pytest.mark.parametrize("listed", [tries, attempts])
async def test_what_is_found_for_a_list_has_a_turn(
    wire: Wire, monkeypatch: pytest.MonkeyPatch, listed: Callable[[Database], Awaitable[list[Any]]]
) -> None:
    db = await connect(wire.own_uri, "turns", read_patience=60, aggregations_at_once=1)
    await db.collection("mastery_logs").delete_many({})
    await db.write([LOG], None)
    end = asyncio.Event()
    slow = wire.on("find", do=held(end), where=lambda each: each["find"] == "mastery_logs", times=1)
    asked = asyncio.create_task(listed(db))  # type: ignore[arg-type]
    await slow.happens()

    with monkeypatch.context() as hurried:
        hurried.setattr(db, "read_patience", 0.1)
        with pytest.raises(DatabaseUnavailable):
            await db.rows("users", [{"$match": {}}])

    end.set()
    assert len(await asked) == 1
    await db.rows("users", [{"$match": {}}])
    await db.collection("mastery_logs").drop()
    await db.close()
