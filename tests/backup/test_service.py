"""A database goes into a file, and out of it into another one; and straight from one to another."""

import asyncio
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import bson
import pytest

from learntrack.backup.archive import opened
from learntrack.backup.filling import fill, tallies_of
from learntrack.backup.service import back_up, move, restore
from learntrack.backup.tally import differing
from learntrack.storage import Database, DatabaseUnavailable, StartError, disk, schema
from learntrack.storage.whole import NOT_DATA, Whole, one_moment
from tests.support import Api, Person, exercise, new_id, right

pytestmark = pytest.mark.engines("embedded", "mongoeco", "real")


def quiet(_: int) -> None:
    """Nobody looks at the progress."""


@pytest.fixture
async def empty(api: Api) -> AsyncIterator[Database]:
    """Another database of the same engine, with nothing in it."""
    name = f"other_{new_id()[:8]}"
    yield Database(api.db.client, name, api.db.capabilities)
    await api.db.client.drop_database(name)


async def answered(api: Api, answers: int = 3) -> Person:
    """A learner with answers that are odd to every engine."""
    learner = Person(new_id())
    session = await api.start(learner, **exercise())
    for number in range(answers):
        answer = {"$where": number, "a.b": [{"": None}], "n": 2**53, "x": 1.0, "＄": "é"}
        await api.update(learner, session, progress_delta=0.01, interactions=[right(f"q{number}", answer=answer)])
    return learner


async def stored(db: Database) -> dict[str, list[Any]]:
    names = set(await db.raw.list_collection_names()) - NOT_DATA
    found = {name: sorted(await db.find(name, {}), key=lambda row: str(row["_id"])) for name in sorted(names)}
    return {name: rows for name, rows in found.items() if rows}


async def backed_up(api: Api, folder: Path) -> Path:
    file = folder / "backup.zip"
    await back_up(api.db, "learntrack_test", file, quiet)
    return file


async def test_what_is_restored_is_what_was_backed_up(api: Api, empty: Database, tmp_path: Path) -> None:
    await answered(api)
    file = await backed_up(api, tmp_path)
    before = await stored(api.db)

    with opened(file) as archive:
        tallies = await restore(empty, archive, quiet)

    assert await stored(empty) == before
    assert file.stat().st_mode & 0o077 == 0
    assert {name: tally.count for name, tally in tallies.items() if tally.count} == {
        name: len(rows) for name, rows in before.items()
    }


async def test_a_backup_is_documents_that_every_tool_reads(api: Api, tmp_path: Path) -> None:
    learner = await answered(api)

    with zipfile.ZipFile(await backed_up(api, tmp_path)) as file:
        rows = bson.decode_all(file.read("learntrack/mastery_logs.bson"))
        header = file.read("learntrack-backup.json")

    assert [len(row["attempts"]) for row in rows if row["user_id"] == learner.id] == [3]
    assert b'"schema_version":' in header


def spent_twice(read: dict[str, list[Any]], learners: set[str | None]) -> list[tuple[float, float]]:
    """Of each of these learners the seconds in the session and in the try, which every update adds to both at once."""
    sessions, tries = (
        {row["user_id"]: row["time_spent"] for row in read[name] if row["user_id"] in learners}
        for name in ("content_sessions", "mastery_logs")
    )
    assert sessions.keys() == tries.keys() == learners
    return [(sessions[each], tries[each]) for each in sessions]


@pytest.mark.engines("embedded", "real")
async def test_a_backup_is_of_one_moment_while_others_write(api: Api, tmp_path: Path) -> None:
    learners = [Person(new_id()) for _ in range(3)]
    sessions = [await api.start(learner, **exercise()) for learner in learners]
    stop, file, updates = asyncio.Event(), tmp_path / "backup.zip", 0

    async def learn(learner: Person, session: Any) -> None:
        nonlocal updates
        while not stop.is_set():
            await api.update(learner, session, time_spent_delta=1, interactions=[right("q")])
            updates += 1

    writers = [asyncio.create_task(learn(*each)) for each in zip(learners, sessions, strict=True)]
    await back_up(api.db, "learntrack_test", file, quiet)
    stop.set()
    await asyncio.gather(*writers)

    with zipfile.ZipFile(file) as written:
        names = ("content_sessions", "mastery_logs")
        read = {name: bson.decode_all(written.read(f"learntrack/{name}.bson")) for name in names}
    assert updates >= 3
    assert [one for one, other in spent_twice(read, {each.id for each in learners}) if one != other] == []


@pytest.mark.engines("embedded", "real")
async def test_what_is_written_after_the_moment_is_not_read(api: Api) -> None:
    learner = Person(new_id())
    session = await api.start(learner, **exercise())
    read = {}
    async with one_moment(api.db) as whole:
        for name in ("content_sessions", "mastery_logs"):
            read[name] = [bson.decode(raw) async for part in whole.documents(name) for raw in part]
            await api.update(learner, session, time_spent_delta=1)

    assert spent_twice(read, {learner.id}) == [(0.0, 0.0)]


async def test_a_restore_into_a_used_database_changes_nothing(api: Api, empty: Database, tmp_path: Path) -> None:
    await answered(api)
    with opened(await backed_up(api, tmp_path)) as archive:
        await empty.collection("users").insert_one({"_id": "somebody"})
        with pytest.raises(StartError, match="data in the database already"):
            await restore(empty, archive, quiet)
        assert await stored(empty) == {"users": [{"_id": "somebody"}]}

        await restore(empty, archive, quiet, replace=True)
        assert await stored(empty) == await stored(api.db)


class Interrupted(Exception):
    """The power is cut."""


async def test_half_a_restore_is_no_database_and_goes_on(
    api: Api, empty: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await answered(api)

    def cut(_: int) -> None:
        raise Interrupted

    with opened(await backed_up(api, tmp_path)) as archive:
        with pytest.raises(Interrupted):
            await restore(empty, archive, cut)
        for refused in (schema.require_version(empty.raw), schema.is_there(empty.raw)):
            with pytest.raises(StartError, match="filled in part, from the backup of"):
                await refused
        with pytest.raises(StartError, match="being filled from the backup of"):
            await fill(empty, Whole(api.db), "elsewhere")
        await restore(empty, archive, quiet)

    await schema.require_version(empty.raw)
    assert await stored(empty) == await stored(api.db)


async def test_a_full_disk_stops_a_restore_which_then_goes_on(
    api: Api, empty: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await answered(api)
    guarded = Database(empty.client, empty.raw.name, empty.capabilities, disk=disk.DiskGuard(tmp_path))
    with opened(await backed_up(api, tmp_path)) as archive:
        with monkeypatch.context() as full:
            full.setattr(disk, "RESERVE_BYTES", 2**62)
            full.setattr(disk, "RESERVE_SHARE", 1.0)
            with pytest.raises(DatabaseUnavailable, match="nearly full"):
                await restore(guarded, archive, quiet)
        await restore(guarded, archive, quiet)

    assert await stored(empty) == await stored(api.db)


async def test_a_move_that_is_run_again_takes_over_what_has_changed(api: Api, empty: Database) -> None:
    """Copied ahead while the service runs; then what was added, changed and removed since."""
    learner = await answered(api)
    gone = await answered(api)
    await move(api.db, empty, "here", quiet, ahead=True)
    await api.update(learner, await api.start(learner, **exercise()), progress=1)
    await api.db.collection("mastery_logs").delete_many({"user_id": gone.id})

    with pytest.raises(StartError, match="filled in part, from here"):
        await schema.require_version(empty.raw)
    moved = await move(api.db, empty, "here", quiet, ahead=False)

    assert await stored(empty) == await stored(api.db)
    assert differing(moved, await tallies_of(Whole(empty))) == []


class Growing(Whole):
    """A database that somebody writes into while it is read."""

    async def documents(self, collection: str) -> AsyncIterator[list[bytes]]:
        async for part in super().documents(collection):
            yield part
        if collection == "content_summaries":
            yield [bson.encode({"_id": new_id()})]


async def test_a_source_that_changes_meanwhile_is_said_and_nothing_has_ended(api: Api, empty: Database) -> None:
    await answered(api)

    with pytest.raises(StartError, match=r"here has changed meanwhile \(content_summaries\)"):
        await fill(empty, Growing(api.db), "here")
    with pytest.raises(StartError, match="filled in part"):
        await schema.require_version(empty.raw)
