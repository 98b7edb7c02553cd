"""Writes to several collections in one transaction: in one command (MongoDB 8.0) or one for each, it must not show."""

from dataclasses import replace

import pytest

from learntrack.documents import ContentSession, ContentSummary
from learntrack.domain import moments
from learntrack.domain.ids import new_id
from learntrack.domain.progress import Advance
from learntrack.storage.errors import DatabaseBusy
from learntrack.storage.transactions import Tx
from tests.support import Api

pytestmark = pytest.mark.engines("embedded", "real")

NOW = moments.now()


@pytest.fixture(params=[True, False], ids=["one command", "one each"])
def together(request: pytest.FixtureRequest, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param and not api.db.capabilities.writes_together:
        pytest.skip("this MongoDB is older than 8.0")
    monkeypatch.setattr(api.db, "capabilities", replace(api.db.capabilities, writes_together=request.param))


@pytest.fixture
async def summary(api: Api) -> ContentSummary:
    """A document that is there already."""
    begun = ContentSummary.begin(user_id=new_id(), content_id=new_id(), channel_id=None, kind="video", at=NOW)
    await api.db.collection(ContentSummary).insert_one(begun.row())
    return begun


def visit(user_id: str, session_id: str | None = None) -> ContentSession:
    return ContentSession.begin(
        session_id or new_id(),
        user_id=user_id,
        visitor_id=None,
        content_id=new_id(),
        channel_id=None,
        kind="video",
        context={},
        at=NOW,
    )


async def read(api: Api, key: str, tx: Tx = None) -> ContentSummary:
    return ContentSummary.read(await api.db.collection(ContentSummary).find_one({"_id": key}, session=tx))


async def store(api: Api, tx: Tx, summary: str, session: ContentSession) -> None:
    """Ten seconds more for the summary that is there, and a new session."""
    found = await read(api, summary, tx)
    found.advance(Advance(time_spent=10.0), NOW)
    await api.db.write([found, session], tx)


async def is_stored(api: Api, session: ContentSession) -> bool:
    return await api.db.collection(ContentSession).find_one({"_id": session.id}) is not None


@pytest.mark.usefixtures("together")
async def test_all_is_written(api: Api, summary: ContentSummary) -> None:
    session = visit(summary.user_id)

    async def work(tx: Tx) -> None:
        await store(api, tx, summary.id, session)

    await api.db.transaction(work)
    assert (await read(api, summary.id)).time_spent == 10.0
    assert await is_stored(api, session)


@pytest.mark.usefixtures("together")
async def test_a_conflict_is_tried_again_as_a_whole(api: Api, summary: ContentSummary) -> None:
    sessions, runs = [visit(summary.user_id), visit(summary.user_id)], 0

    async def work(tx: Tx) -> None:
        nonlocal runs
        await read(api, summary.id, tx)
        if runs == 0:  # somebody else is faster
            await api.db.collection(ContentSummary).update_one({"_id": summary.id}, {"$inc": {"time_spent": 5.0}})
        runs += 1
        await store(api, tx, summary.id, sessions[runs - 1])

    await api.db.transaction(work)
    assert runs == 2
    assert (await read(api, summary.id)).time_spent == 15.0
    assert not await is_stored(api, sessions[0])
    assert await is_stored(api, sessions[1])


@pytest.mark.usefixtures("together")
async def test_what_is_refused_leaves_nothing(api: Api, summary: ContentSummary) -> None:
    session = visit(summary.user_id)

    async def work(tx: Tx) -> None:
        await store(api, tx, summary.id, session)
        await store(api, tx, summary.id, visit(summary.user_id, session.id))  # there already

    with pytest.raises(DatabaseBusy) as refused:
        await api.db.transaction(work)
    assert "duplicate key" in str(refused.value.__cause__)
    assert (await read(api, summary.id)).time_spent == 0.0
    assert not await is_stored(api, session)
