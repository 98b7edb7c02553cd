"""The demo school, and the commands that are printed with it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pymongo import MongoClient

from learntrack.documents import MasteryLog
from learntrack.serving import demo
from learntrack.settings import Settings
from learntrack.storage import Database
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


def pymongo_names(uri: str) -> dict[str, int]:
    """How many documents there are in each collection, but for the service's own book-keeping."""
    own = {"deployment", "leases", "recording_permits", "rollups", "touched", "writers"}  # touched: until worked off
    with MongoClient(uri) as client:
        database = client.get_default_database("learntrack")
        return {
            name: database[name].count_documents({}) for name in database.list_collection_names() if name not in own
        }
