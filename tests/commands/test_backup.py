"""`learntrack backup`, `restore` and `move` as an operator types them, with the mistakes that operators make."""

import errno
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from learntrack.backup.archive import Header, new_archive
from learntrack.backup.service import back_up
from learntrack.commands.connected import configured, with_database
from learntrack.documents import User
from learntrack.roster.loading import load
from learntrack.roster.schemas import Roster
from learntrack.settings import Settings
from learntrack.storage import Database, StartError
from learntrack.storage.engine.embedded import EmbeddedEngine
from tests.commands.test_roster import big_roster
from tests.commands.typed import Terminal
from tests.engines import lacking

USERS = 3


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The data folder of a service with some people, and a backup of it that was taken while it ran."""
    if reason := lacking("embedded"):
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("school")
    engine = EmbeddedEngine(folder / "data")
    engine.start()
    settings = Settings(mongodb_uri=engine.uri)

    async def fill(db: Database) -> None:
        await db.prepare()
        await load(db, msgspec.convert(big_roster(USERS), Roster), lambda _: None)
        await back_up(db, "learntrack", folder / "backup.zip", lambda _: None)

    try:
        with_database(settings, fill, new=True)
    finally:
        engine.stop()
    return folder / "data", folder / "backup.zip"


@pytest.fixture
def data(school: tuple[Path, Path], data_dir: Path, terminal: Terminal) -> Path:
    """The school's data folder, to write into."""
    return Path(shutil.copytree(school[0], data_dir))


@pytest.fixture
def backup(school: tuple[Path, Path], tmp_path: Path, terminal: Terminal) -> Path:
    """The school's backup."""
    return Path(shutil.copy(school[1], tmp_path / "backup.zip"))


def users() -> int:
    async def count(db: Database) -> int:
        return len(await db.find(User, {}))

    return with_database(configured(), count)


def test_a_school_is_restored_and_moved(
    terminal: Terminal, backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "users" in terminal("restore", str(backup), "--dry-run").out
    assert "ready for the service" in terminal("restore", str(backup)).out
    other = EmbeddedEngine(tmp_path / "moved")
    other.start()
    try:
        (tmp_path / "uri").write_text(other.uri + "\n")
        assert "Moved and compared" in terminal("move", "--to", f"@{tmp_path / 'uri'}").out
        monkeypatch.setenv("LEARNTRACK_MONGODB_URI", other.uri)
        assert users() == USERS
        assert "FAILED" not in terminal("check").out
    finally:
        other.stop()


def test_nothing_is_overwritten(terminal: Terminal, data: Path, backup: Path, tmp_path: Path) -> None:
    before = backup.read_bytes()
    running = EmbeddedEngine(data)
    running.start()
    try:
        assert str(backup) in terminal("backup", str(backup), expect=2).line
        assert backup.read_bytes() == before
        assert "Written and read back" in terminal("backup", str(tmp_path / "another.zip")).out
        for written in (["restore", str(backup), "--replace"], ["move", "--to", "mongodb://127.0.0.1:1"]):
            assert "A service runs on" in terminal(*written, expect=2).line
        by_uri = {"MONGODB_URI": running.uri}  # as on a MongoDB
        assert "data in the database already" in terminal("restore", str(backup), expect=2, **by_uri).line
        assert "data in the database already" in terminal("move", "--to", running.uri, expect=2, **by_uri).line
        assert users() == USERS
        assert "ready for the service" in terminal("restore", str(backup), "--replace", **by_uri).out
        assert users() == USERS
    finally:
        running.stop()


def test_a_place_that_is_none_is_said_in_one_line(terminal: Terminal, data: Path) -> None:
    assert "--to: Is not a MongoDB URI" in terminal("move", "--to", "db1", expect=2).line
    assert "--to: /nowhere cannot be read" in terminal("move", "--to", "@/nowhere", expect=2).line


def test_a_backup_that_cannot_be_written_leaves_nothing(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    header = Header(id="", schema_version=1, learntrack="", database="", taken_at="")
    with pytest.raises(StartError, match="No such file"), new_archive(tmp_path / "no folder" / "x.zip", header):
        pass
    monkeypatch.setattr(os, "fsync", full)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(StartError, match="No space left on device"), new_archive(tmp_path / "x.zip", header):
        pass
    assert sorted(tmp_path.iterdir()) == before


def changed(backup: Path, entry: str, content: Callable[[bytes], bytes]) -> Path:
    """The backup with other content in one of its files."""
    new = backup.with_name("changed.zip")
    with zipfile.ZipFile(backup) as old, zipfile.ZipFile(new, "w") as written:
        for name in old.namelist():
            written.writestr(name, content(old.read(name)) if name == entry else old.read(name))
    return new


def shortened(backup: Path) -> Path:
    new = backup.with_name("half.zip")
    new.write_bytes(backup.read_bytes()[: backup.stat().st_size // 2])
    return new


def damaged(backup: Path) -> Path:
    """A bit of it has changed on the disk."""
    content = bytearray(backup.read_bytes())
    content[content.index(b"learntrack/users.bson") + 60] ^= 1
    new = backup.with_name("damaged.zip")
    new.write_bytes(content)
    return new


def other(backup: Path) -> Path:
    new = backup.with_name("other.zip")
    with zipfile.ZipFile(new, "w") as written:
        written.writestr("holiday.jpg", b"")
    return new


MISTAKES: dict[str, tuple[Callable[[Path], Path], str]] = {
    "not there": (lambda backup: backup.with_name("nothing.zip"), "No such file"),
    "no backup": (lambda backup: Path(__file__), "no whole backup"),
    "half of it": (shortened, "no whole backup"),
    "damaged": (damaged, "no whole backup"),
    "something else": (other, "no whole backup"),
    "a document is gone": (
        lambda backup: changed(backup, "learntrack/users.bson", lambda content: b""),
        "damaged: users",
    ),
    "no documents": (
        lambda backup: changed(backup, "learntrack/users.bson", lambda content: b"\xff" * 64),
        "no whole backup",
    ),
    "of a newer release": (
        lambda backup: changed(
            backup, "learntrack-backup.json", lambda header: header.replace(b'"schema_version":', b'"schema_version":9')
        ),
        "schema version",
    ),
    "in a newer form": (
        lambda backup: changed(
            backup, "learntrack-backup.json", lambda header: header.replace(b'"form":1', b'"form":2')
        ),
        "a form that this one cannot read",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_what_cannot_be_restored_is_said_in_one_line_and_changes_nothing(
    terminal: Terminal, backup: Path, data_dir: Path, name: str
) -> None:
    mistake, word = MISTAKES[name]

    assert word in terminal("restore", str(mistake(backup)), "--replace", expect=2).line
    assert not data_dir.exists()


def test_what_is_to_fade_must_be_set_and_have_a_file(terminal: Terminal, data: Path, tmp_path: Path) -> None:
    file = str(tmp_path / "faded.jsonl.gz")
    assert "LEARNTRACK_RETAIN_SESSIONS_MONTHS" in terminal("retain", file, expect=2).line
    assert "Name a FILE" in terminal("retain", expect=2, RETAIN_ANSWERS_MONTHS="6").line
    assert "answers: 0 tries and sessions of before" in terminal("retain", "--dry-run", RETAIN_ANSWERS_MONTHS="6").out
