"""A database is finished when it is connected: nothing is set afterwards."""

from math import inf
from pathlib import Path
from typing import Any

import pytest
from motor.frameworks import asyncio as motor
from pymongo import ReadPreference
from pymongo.read_preferences import SecondaryPreferred

from learntrack.storage import DatabaseUnavailable, StartError, connect, connecting, disk, threads
from learntrack.storage.capabilities import Capabilities
from learntrack.storage.connecting import connect_as_configured
from tests.conftest import settings
from tests.wire import Wire, lost

NOBODY_THERE = "mongodb://127.0.0.1:9/?replicaSet=rs0"


@pytest.fixture
def willing(monkeypatch: pytest.MonkeyPatch) -> Capabilities:
    """An engine that says what it can do without being there."""
    capabilities = Capabilities(writes_together=True)

    async def said(_: Any) -> Capabilities:
        return capabilities

    monkeypatch.setattr(connecting, "capabilities_of", said)
    return capabilities


async def test_settings_say_how_patient_to_be_and_which_disk_to_watch(
    willing: Capabilities, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured = settings(
        mongodb_uri=NOBODY_THERE, transaction_seconds=1.5, read_seconds=7, watched_disk=tmp_path, mongodb_database="x"
    )
    db = await connect_as_configured(configured)
    try:
        assert (db.patience, db.read_patience, db.raw.name) == (1.5, 7, "x")
        assert db.capabilities is willing
        monkeypatch.setattr(disk, "RESERVE_SHARE", 2)
        monkeypatch.setattr(disk, "RESERVE_BYTES", 2**62)
        with pytest.raises(DatabaseUnavailable, match="nearly full"):
            await db.transaction(lambda _: pytest.fail("nothing may be tried"))
    finally:
        await db.close()


@pytest.mark.usefixtures("willing")
async def test_settings_say_who_answers_reports_and_how_much_is_asked_at_once() -> None:
    configured = settings(
        mongodb_uri=f"{NOBODY_THERE}&readPreference=nearest",
        reports_read_preference="secondaryPreferred",
        reports_max_staleness_seconds=150,
        database_threads=40,
        shards=3,
        export_seconds=77,
    )
    db = await connect_as_configured(configured)
    try:
        assert db.raw.read_preference == ReadPreference.PRIMARY
        assert db.reports.raw.read_preference == SecondaryPreferred(max_staleness=150)
        assert (db._turns._value, db.reports._turns._value, db.reports.long_patience) == (20, 10, 77)
        assert motor.max_workers == motor._EXECUTOR._max_workers == 42
    finally:
        await db.close()
        threads.use(settings().database_threads)


@pytest.mark.usefixtures("willing")
async def test_a_command_may_wait_longer_for_an_answer() -> None:
    db = await connect_as_configured(settings(mongodb_uri=NOBODY_THERE), read_patience=inf)

    assert db.read_patience == inf
    assert db.disk is None
    await db.close()


@pytest.mark.parametrize("uri", ["http://there", "mongodb://", "mongodb://there:port"])
async def test_what_is_no_uri_is_said_to_be_none(uri: str) -> None:
    with pytest.raises(StartError, match="is not a MongoDB URI"):
        await connect(uri, "x")


async def test_nobody_there_is_said_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "_SELECTION_MS", 50)
    with pytest.raises(StartError, match="No MongoDB answers"):
        await connect(NOBODY_THERE, "x")


async def test_without_an_address_the_command_that_has_an_engine_is_named() -> None:
    with pytest.raises(StartError, match="learntrack serve"):
        await connect_as_configured(settings(mongodb_uri=None))


async def test_an_engine_that_ends_while_it_is_asked_is_asked_again(wire: Wire) -> None:
    ended = wire.on("buildInfo", do=lost, times=1)
    db = await connect(wire.own_uri, "x")
    await db.close()
    assert ended.met == 1


async def test_one_that_ends_whenever_it_is_asked_is_not_waited_for(wire: Wire) -> None:
    ended = wire.on("buildInfo", do=lost)
    with pytest.raises(StartError, match="answers at the address of the embedded engine"):
        await connect(wire.own_uri, "x", called="the address of the embedded engine")
    assert ended.met == 2
