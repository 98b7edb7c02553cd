"""The sessions that a process writes with are on record as long as it uses them, and no longer."""

from datetime import timedelta

import pytest
from pymongo.errors import OperationFailure

from learntrack.documents import Writer
from learntrack.domain import moments
from learntrack.storage import DatabaseUnavailable
from learntrack.storage.transactions import Tx
from tests.support import Api

pytestmark = pytest.mark.engines("embedded", "real")


async def on_record(api: Api) -> set[str]:
    return {row["_id"] for row in await api.db.find(Writer, {}, {"_id": 1})}


async def used(api: Api) -> str:
    """The session that a transaction is in."""
    found: list[str] = []

    async def work(tx: Tx) -> None:
        assert tx is not None
        found.append(bytes(tx.session_id["id"]).hex())
        await api.db.load(Writer, {}, tx)

    await api.db.transaction(work)
    return found[0]


async def test_a_session_that_is_given_up_leaves_no_record(api: Api) -> None:
    session = await used(api)
    assert session in await on_record(api)

    async def work(_: Tx) -> None:
        raise OperationFailure("not primary", 10107)

    with pytest.raises(DatabaseUnavailable):
        await api.db.transaction(work)

    assert session not in await on_record(api)


async def test_the_record_of_a_session_does_not_grow_old(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    await used(api)
    later = moments.now().replace(microsecond=0) + timedelta(days=2)
    monkeypatch.setattr("learntrack.storage.writers.moments.now", lambda: later)

    session = await used(api)

    assert await api.db.find_one(Writer, {"_id": session}, {"started": 1}) == {"_id": session, "started": later}
