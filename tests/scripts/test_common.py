"""When the environment beside the scripts can be used as it is, and when it is made anew."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone in which an environment was made."""
    folder = tmp_path / "a clone"
    (folder / "scripts").mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "common.sh", folder / "scripts")
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (folder / ".venv" / "learntrack-stamp").write_text(f"{folder.resolve()} 123 456 test\n")
    return folder


def usable(clone: Path) -> bool:
    script = f'unset LEARNTRACK_VENV; . "{clone}/scripts/common.sh"; usable'
    return subprocess.run(["bash", "-c", script], timeout=60, check=False).returncode == 0


def test_an_environment_is_used_again_by_any_path_to_its_clone(clone: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(clone)

    assert usable(clone)
    assert usable(tmp_path / "link")


def test_one_whose_making_was_interrupted_is_gone_on_with(clone: Path) -> None:
    (clone / ".venv" / "learntrack-stamp").unlink()

    assert usable(clone)


def test_one_of_a_clone_that_was_moved_is_made_anew(clone: Path, tmp_path: Path) -> None:
    assert not usable(clone.rename(tmp_path / "elsewhere"))


def test_one_of_a_clone_that_was_copied_is_made_anew(clone: Path, tmp_path: Path) -> None:
    assert not usable(Path(shutil.copytree(clone, tmp_path / "a clone, too", symlinks=True)))


def test_one_whose_python_was_taken_away_is_made_anew(clone: Path) -> None:
    (clone / ".venv" / "bin" / "python").unlink()
    (clone / ".venv" / "bin" / "python").symlink_to("/nonexistent/python3.11")

    assert not usable(clone)
