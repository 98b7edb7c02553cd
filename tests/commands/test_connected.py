"""Settings of commands: from the environment, and from the command line."""

from pathlib import Path

import msgspec
import pytest

from learntrack.commands.connected import configured, with_database
from learntrack.documents import MasteryLog
from learntrack.domain import moments
from learntrack.domain.ids import new_id
from learntrack.privacy.service import Privacy
from learntrack.reports.rollups import roll_up
from learntrack.roster.loading import load
from learntrack.roster.schemas import Roster
from learntrack.settings import Settings
from learntrack.storage import Database, DatabaseUnavailable, disk


def test_an_option_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEARNTRACK_HOST", "192.0.2.1")
    monkeypatch.setenv("LEARNTRACK_PORT", "8001")

    settings = configured(host=None, port=0, workers=None)

    assert (settings.host, settings.port, settings.workers) == ("192.0.2.1", 0, 1)


def test_what_is_wrong_is_named_as_it_was_given(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LEARNTRACK_WORKERS", "65")

    with pytest.raises(SystemExit) as ended:
        configured(port=70_000)

    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert "--port: " in said
    assert "LEARNTRACK_WORKERS: " in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("job", ["roster", "forget", "rollup"])
def test_commands_beside_the_service_leave_the_disk_its_reserve(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, job: str
) -> None:
    """60,000 users filled the disk under a running service and broke its engine."""
    facility, user, content = new_id(), new_id(), new_id()

    async def work(db: Database) -> None:
        await db.prepare()
        people = {"id": user, "username": "u", "facility_id": facility}
        roster = msgspec.convert({"facilities": [{"id": facility, "name": "F"}], "users": [people]}, Roster)
        await load(db, roster, lambda _: None)
        log = MasteryLog.begin(new_id(), user_id=user, content_id=content, level=1, criterion={}, at=moments.now())
        log.belongs_to(facility)
        await db.collection(MasteryLog).insert_one(log.row())
        monkeypatch.setattr(disk, "RESERVE_BYTES", 2**62)
        monkeypatch.setattr(disk, "RESERVE_SHARE", 1.0)
        if job == "roster":
            await load(db, roster, lambda _: None)
        elif job == "forget":
            await Privacy(db, Settings(data_dir=data_dir)).remove(user)
        else:
            await roll_up(db, lambda *_: None)

    with pytest.raises(DatabaseUnavailable, match="nearly full"):
        with_database(Settings(data_dir=data_dir), work, new=True)


@pytest.mark.parametrize("name", ["a.b", "a b", "$external", "a/b", "a\\b", 'a"b'])
def test_a_database_name_that_mongodb_refuses_is_a_wrong_setting(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    monkeypatch.setenv("LEARNTRACK_MONGODB_DATABASE", name)

    with pytest.raises(SystemExit) as ended:
        configured()

    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("learntrack: LEARNTRACK_MONGODB_DATABASE: ")
