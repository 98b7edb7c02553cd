"""Writes to several collections in one transaction: in one command (MongoDB 8.0) or one for each, it must not show."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pymongo import InsertOne, UpdateOne

from learntrack.domain.ids import new_id
from learntrack.storage.database import Session
from tests.support import Api

pytestmark = pytest.mark.engines("embedded", "real")


@pytest.fixture(params=[True, False], ids=["one command", "one each"])
async def together(request: pytest.FixtureRequest, api: Api, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    if request.param and not api.db.writes_together:
        pytest.skip("this MongoDB is older than 8.0")
    monkeypatch.setattr(api.db, "writes_together", request.param)
    yield
    for collection in (api.db.content_sessions, api.db.content_summaries):
        await collection.delete_many({"schema_version": {"$exists": False}})


@pytest.fixture
async def summary(api: Api) -> str:
    """A document that is there already."""
    key = new_id()
    await api.db.content_summaries.insert_one({"_id": key, "n": 1})
    return key


async def _store(api: Api, tx: Session, *, session: str, summary: str) -> None:
    writes: dict[str, Any] = {
        "content_sessions": [InsertOne({"_id": session}, namespace=api.db.namespace("content_sessions"))],
        "content_summaries": [
            UpdateOne({"_id": summary}, {"$inc": {"n": 1}}, namespace=api.db.namespace("content_summaries"))
        ],
    }
    await api.db.write(writes, tx)


@pytest.mark.usefixtures("together")
async def test_all_is_written(api: Api, summary: str) -> None:
    session = new_id()

    async def work(tx: Session) -> None:
        assert await api.db.content_summaries.find_one({"_id": summary}, session=tx)
        await _store(api, tx, session=session, summary=summary)

    await api.db.transaction(work)
    assert (await api.db.content_summaries.find_one({"_id": summary}))["n"] == 2
    assert await api.db.content_sessions.find_one({"_id": session})


@pytest.mark.usefixtures("together")
async def test_a_conflict_is_tried_again_as_a_whole(api: Api, summary: str) -> None:
    sessions, runs = [new_id(), new_id()], 0

    async def work(tx: Session) -> None:
        nonlocal runs
        assert await api.db.content_summaries.find_one({"_id": summary}, session=tx)
        if runs == 0:  # somebody else is faster
            await api.db.content_summaries.update_one({"_id": summary}, {"$inc": {"n": 10}})
        runs += 1
        await _store(api, tx, session=sessions[runs - 1], summary=summary)

    await api.db.transaction(work)
    assert runs == 2
    assert (await api.db.content_summaries.find_one({"_id": summary}))["n"] == 12
    assert await api.db.content_sessions.find_one({"_id": sessions[0]}) is None
    assert await api.db.content_sessions.find_one({"_id": sessions[1]})


@pytest.mark.usefixtures("together")
async def test_what_is_refused_leaves_nothing(api: Api, summary: str) -> None:
    session = new_id()

    async def work(tx: Session) -> None:
        assert await api.db.content_summaries.find_one({"_id": summary}, session=tx)
        await _store(api, tx, session=session, summary=summary)
        writes: dict[str, Any] = {
            "content_summaries": [
                UpdateOne({"_id": summary}, {"$inc": {"n": 1}}, namespace=api.db.namespace("content_summaries"))
            ],
            "content_sessions": [
                InsertOne({"_id": session}, namespace=api.db.namespace("content_sessions"))
            ],  # there already
        }
        await api.db.write(writes, tx)

    with pytest.raises(Exception, match="duplicate key"):
        await api.db.transaction(work)
    assert (await api.db.content_summaries.find_one({"_id": summary}))["n"] == 1
    assert await api.db.content_sessions.find_one({"_id": session}) is None
