"""The demo school, and the commands that are printed with it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from learntrack.documents import ContentSession, Facility, MasteryLog, RecordingPermit
from learntrack.errors import BeingForgotten
from learntrack.privacy.service import Privacy
from learntrack.serving import demo
from learntrack.settings import Settings
from learntrack.storage import Database, DatabaseBusy
from tests.commands.typed import Terminal
from tests.processes import Service, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def test_the_demo_school_is_there_and_its_commands_work(data_dir: Path) -> None:
    for _ in range(2):  # a second load changes nothing
        with Service(data_dir, "--demo") as service:
            until(lambda: "# The class on one page" in service.log.read_text())
            text = service.log.read_text()
            assert f"localhost:{service.port}" in text or f"127.0.0.1:{service.port}" in text
            script = text[text.rindex("export ADA") :]
            got = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60, check=True).stdout
    started, updated, tries, diff = (json.loads(part) for part in _jsons(got))
    assert started["progress"] > 0
    assert updated["complete"] in (True, False)
    assert len(tries["results"]) == 3
    assert diff["attemptlogs"]
    assert demo.PEOPLE["Ada"] == diff["attemptlogs"][0]["user"]


LEAST = Settings(
    max_roster_records=1,
    max_interactions=1,
    max_attempt_interactions=1,
    max_attempt_bytes=4096,
    max_extra_fields_bytes=1024,
    max_json_depth=4,
    max_json_objects=1000,
    max_json_values=1000,
)
"""Callers may send next to nothing."""


async def test_what_callers_may_send_bounds_no_demo_school(memory: Database) -> None:
    assert await demo.load(memory, LEAST)

    assert await memory.load(MasteryLog, {}, None)


async def test_a_demo_school_that_could_not_be_loaded_whole_is_not_there(
    memory: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was taken for there the next time, with eight of its sessions."""
    record, told = demo._record, iter([None, None, DatabaseBusy("somebody else")])

    async def of_some(*given: Any) -> None:
        if (error := next(told, None)) is not None:
            raise error
        await record(*given)

    monkeypatch.setattr(demo, "_record", of_some)
    with pytest.raises(DatabaseBusy):
        await demo.load(memory, LEAST)

    assert not await memory.load(Facility, {}, None)
    assert not await memory.load(MasteryLog, {}, None)


async def test_it_is_there_again_after_it_was_taken_away(memory: Database) -> None:
    """All that its people did lies before they were forgotten, so none of it was recorded for a month."""
    await demo.load(memory, LEAST)
    tries = len(await memory.load(MasteryLog, {}, None))

    for _ in range(2):
        await demo.remove(memory, LEAST)
        assert await demo.load(memory, LEAST)

    assert len(await memory.load(MasteryLog, {}, None)) == tries > 0


class Killed(BaseException):
    """What nobody catches."""


@pytest.mark.parametrize("half", ["loaded", "taken away"])
async def test_half_a_school_is_not_taken_for_the_whole(
    memory: Database, monkeypatch: pytest.MonkeyPatch, half: str
) -> None:
    """Whoever is killed cleans nothing up."""
    await demo.load(memory, LEAST)
    whole = await tries_and_sessions(memory)
    if half == "loaded":
        await demo.remove(memory, LEAST)
    place, name = (demo, "_record") if half == "loaded" else (Privacy, "remove")
    given, done = getattr(place, name), iter([None, None, Killed])

    async def killed(*arguments: Any) -> Any:
        if (error := next(done, None)) is not None:
            raise error
        return await given(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(place, name, killed)
        with pytest.raises(Killed):
            await (demo.load if half == "loaded" else demo.remove)(memory, LEAST)
    assert whole > await tries_and_sessions(memory) > (0, 0)

    assert await demo.load(memory, LEAST)

    assert await tries_and_sessions(memory) == whole
    assert [each.name for each in await memory.load(Facility, {}, None)] == ["Demo school"]
    assert not await demo.load(memory, LEAST)


async def tries_and_sessions(db: Database) -> tuple[int, int]:
    """How many there are."""
    return len(await db.load(MasteryLog, {}, None)), len(await db.load(ContentSession, {}, None))


async def test_who_is_being_taken_away_stays_so(memory: Database) -> None:
    permit = RecordingPermit.begin(demo.PEOPLE["Ada"])
    permit.withdraw(demo.PEOPLE["Ada"])
    await memory.write([permit], None)

    with pytest.raises(BeingForgotten):
        await demo.load(memory, LEAST)


def _jsons(text: str) -> list[str]:
    found, decoder = [], json.JSONDecoder()
    while text.strip():
        text = text.strip()
        _, end = decoder.raw_decode(text)
        found.append(text[:end])
        text = text[end:]
    return found


def test_the_demo_school_is_taken_away_whole(data_dir: Path, terminal: Terminal) -> None:
    with Service(data_dir, "--demo") as service:
        assert "gone" in terminal("demo", "--remove").out
        assert "no demo school" in terminal("demo", "--remove").out
        left = pymongo_names(service.uri())
    assert {name: count for name, count in left.items() if count} == {}


def test_who_loads_it_while_it_is_being_taken_away_is_told_so(
    data_dir: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(*_: Any) -> None:
        raise BeingForgotten("a" * 32, "users[0]")

    with Service(data_dir):
        monkeypatch.setattr(demo, "load", refused)
        assert "this person is being forgotten" in terminal("demo", expect=2).line


def pymongo_names(uri: str) -> dict[str, int]:
    """How many documents there are in each collection, but for the service's own book-keeping."""
    own = {"deployment", "leases", "recording_permits", "rollups", "touched", "writers"}  # touched: until worked off
    with MongoClient(uri) as client:
        database = client.get_default_database("learntrack")
        return {
            name: database[name].count_documents({}) for name in database.list_collection_names() if name not in own
        }
