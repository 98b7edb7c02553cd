"""The command as a whole."""

import subprocess
import sys
from pathlib import Path

import pytest

from learntrack import __version__
from learntrack.serving.server import Server
from learntrack.settings import Settings
from learntrack.storage import StartError
from learntrack.web import tracing
from tests.commands.typed import Terminal
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


@pytest.mark.parametrize(
    ("module", "unused"),
    [
        ("learntrack.commands", {"pymongo", "beanie", "litestar", "pydantic"}),
        # What the parent of several workers keeps in memory as long as they run.
        ("learntrack.serving.server", {"learntrack.app", "learntrack.pages", "learntrack.serving.demo", "babel"}),
    ],
)
def test_nothing_is_imported_that_is_never_used(module: str, unused: set[str]) -> None:
    looked = f"import sys, {module}; print(*({unused!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", looked], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.split() == []


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["srve"], "serve"),
        (["serve", "--prt", "1"], "--prt"),
        (["serve", "--port", "x"], "--port"),
        (["token"], "user"),
        (["token", "x", "--ttl", "0"], "--ttl"),
        (["roster", "load", "/nowhere"], "/nowhere"),
        (["report", "totals", "--format", "pdf"], "pdf"),
        (["report", "totals", "--attempts", "first"], "item-analysis"),
        (["report", "totals", "--details"], "item-analysis"),
        (["report", "totals", "--since", "2026-03-02", "--until", "2026-03-01"], "until"),
    ],
)
def test_a_wrong_command_line_is_one_plain_line(terminal: Terminal, arguments: list[str], word: str) -> None:
    line = terminal(*arguments, expect=2).line

    assert line.startswith("learntrack: ")
    assert word in line


def test_without_pyarrow_a_parquet_export_says_how_to_get_it_where_it_is_looked_for(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A bare pip is another environment's."""
    monkeypatch.setitem(sys.modules, "learntrack.reports.parquet.service", None)

    line = terminal("export", "parquet", str(tmp_path), expect=2).line

    assert f"{sys.executable} -m pip install pyarrow" in line


def test_tracing_that_is_not_installed_is_said_before_anything_starts(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracing, "_NEEDED", ("no.such_module",))

    with pytest.raises(StartError, match="LEARNTRACK_TRACING"):
        Server(Settings(data_dir=data_dir, port=0, tracing=True), demo=False).run()

    assert not (data_dir / "engine").exists()
