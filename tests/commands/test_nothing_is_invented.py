"""A command never invents a database: where there is none it says so, instead of answering from an empty one."""

from pathlib import Path

import pytest

from learntrack.commands.connected import configured, with_database
from learntrack.documents import ContentSession
from learntrack.domain import moments
from learntrack.storage import Database
from learntrack.storage.engine.embedded import EmbeddedEngine
from tests.commands.typed import Terminal
from tests.support import new_id

USER = "c0ffee00c0ffee00c0ffee00c0ffee00"
JOBS = [["check"], ["demo"], ["forget", USER], ["report", "totals"], ["rollup"], ["roster", "load", "roster.json"]]


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is not the service's."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "roster.json").write_text("{}")
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("job", [*JOBS, ["migrate"]], ids=" ".join)
def test_a_job_in_another_folder_is_refused(terminal: Terminal, elsewhere: Path, job: list[str]) -> None:
    before = sorted(elsewhere.iterdir())

    said = terminal(*job, expect=2, DATA_DIR="learntrack-data")

    for word in (str(elsewhere / "learntrack-data"), "LEARNTRACK_DATA_DIR", "LEARNTRACK_MONGODB_URI"):
        assert word in said.line
    assert said.out == ""
    assert sorted(elsewhere.iterdir()) == before


def test_a_folder_without_data_is_no_database(terminal: Terminal, data_dir: Path) -> None:
    """As a container's fresh volume is."""
    data_dir.mkdir()

    assert str(data_dir) in terminal("forget", USER, expect=2).line
    assert list(data_dir.iterdir()) == []


def test_a_database_of_another_name_is_refused(terminal: Terminal, engine: EmbeddedEngine, elsewhere: Path) -> None:
    for job in JOBS:
        said = terminal(*job, expect=2, MONGODB_DATABASE="lerntrack")
        assert "lerntrack" in said.line
    assert (elsewhere / "roster.json").exists()
    assert "lerntrack" in terminal("migrate", MONGODB_DATABASE="lerntrack").out  # which is how a new one is made


def test_forgetting_somebody_unknown_is_a_failure(terminal: Terminal, engine: EmbeddedEngine) -> None:
    visit = ContentSession.begin(
        new_id(),
        user_id=USER,
        visitor_id=None,
        content_id=new_id(),
        channel_id=None,
        kind="video",
        context={},
        at=moments.now(),
    )

    async def record(db: Database) -> None:
        await db.collection(ContentSession).insert_one(visit.row())

    with_database(configured(), record)

    assert terminal("forget", USER).out.strip() == "1 content sessions"
    assert terminal("forget", USER, expect=1).out.strip() == f"Nothing was stored about {USER}."


def test_looking_at_what_would_be_imported_makes_nothing(terminal: Terminal, elsewhere: Path) -> None:
    home = Path(__file__).parent.parent / "kolibri" / "home"
    before = sorted(elsewhere.iterdir())

    said = terminal("import", "kolibri", str(home), "--dry-run", DATA_DIR="learntrack-data")

    assert "users" in said.out
    assert sorted(elsewhere.iterdir()) == before
