"""One service and one engine on a data folder, and nobody else's eyes on it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from learntrack.storage import StartError
from learntrack.storage.engine import folder
from learntrack.storage.engine.folder import Folder, write_private
from tests.processes import alive, wait_until_gone

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

STUBBORN = (
    "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
)


def left_behind(lock: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """A process that ignores SIGTERM and holds the engine's lock, as an engine does."""
    with lock.open("ab") as file:
        folder.try_lock(file)
        process = subprocess.Popen(
            [sys.executable, "-c", STUBBORN, *arguments], stdout=subprocess.PIPE, pass_fds=[file.fileno()]
        )
    assert process.stdout is not None
    assert process.stdout.readline() == b"up\n"
    process.send_signal(signal.SIGTERM)
    return process


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "_RELEASE_SECONDS", 0.1)
    monkeypatch.setattr(folder, "_KILLED_SECONDS", 60.0)


def test_an_engine_left_behind_that_does_not_end_is_ended(tmp_path: Path) -> None:
    engine = left_behind(tmp_path / "engine.lock", "--storage-path", str(tmp_path / "engine"))
    ours = Folder(tmp_path)

    ours.take()

    assert engine.wait(60) == -signal.SIGKILL
    ours.release()


def test_who_is_no_engine_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "_KILLED_SECONDS", 0.2)
    other = left_behind(tmp_path / "engine.lock")

    with pytest.raises(StartError, match="still in use by an engine that does not stop"):
        Folder(tmp_path).take()

    assert alive(other.pid)
    other.kill()
    wait_until_gone([other.pid])


def test_another_services_engine_is_left_alone(tmp_path: Path) -> None:
    theirs = Folder(tmp_path)
    theirs.take()
    engine = left_behind(tmp_path / "engine.lock", "--storage-path", str(tmp_path / "engine"))

    with pytest.raises(StartError, match="in use by another learntrack"):
        Folder(tmp_path).take()

    assert alive(engine.pid)
    engine.kill()
    wait_until_gone([engine.pid])
    theirs.release()


def test_what_an_older_release_left_open_is_closed_to_others(tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        data = tmp_path / "data"
        (data / "engine").mkdir(parents=True)
        for name in ("engine/WiredTiger", "engine.log", "service.lock"):
            (data / name).write_text("x")
        Folder(data).take()
    finally:
        os.umask(old)

    modes = {path.name: path.stat().st_mode & 0o777 for path in (data, data / "engine", data / "engine" / "WiredTiger")}
    assert modes == {"data": 0o700, "engine": 0o700, "WiredTiger": 0o600}


def test_a_folder_that_others_made_for_more_than_this_is_not_closed(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)

    Folder(tmp_path).take()

    assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_a_private_file_is_private_from_the_first_moment_and_replaces_another(tmp_path: Path) -> None:
    (tmp_path / "note").write_text("old, and open to all")

    write_private(tmp_path / "note", "new")

    assert (tmp_path / "note").read_text() == "new"
    assert (tmp_path / "note").stat().st_mode & 0o777 == 0o600
