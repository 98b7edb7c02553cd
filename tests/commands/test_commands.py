"""The command as a whole."""

import subprocess
import sys
from pathlib import Path

from learntrack import __version__
from tests.processes import learntrack


def test_every_command_explains_itself(data_dir: Path) -> None:
    assert learntrack("--version", data_dir=data_dir).stdout.strip() == f"learntrack {__version__}"
    for command in ([], ["serve"], ["roster"], ["roster", "load"], ["import", "kolibri"], ["token"]):
        assert "Usage" in learntrack(*command, "--help", data_dir=data_dir).stdout


def test_it_is_also_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "learntrack", "--version"], capture_output=True, text=True, timeout=60, check=True
    )

    assert done.stdout.strip() == f"learntrack {__version__}"


def test_help_does_not_wait_for_what_it_never_uses() -> None:
    looked = (
        "import sys, learntrack.commands; print(*({'pymongo', 'beanie', 'litestar', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", looked], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.split() == []
