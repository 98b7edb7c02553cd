"""`learntrack import` as it is typed."""

import gc
from pathlib import Path

import pytest

from tests.commands.typed import Terminal
from tests.engines import lacking

HOME = Path(__file__).parent.parent / "kolibri" / "home"


def test_a_file_for_skipped_records_that_cannot_be_written_is_said(
    terminal: Terminal, data_dir: Path, tmp_path: Path
) -> None:
    wanted = tmp_path / "no folder" / "skipped.jsonl"

    line = terminal("import", "kolibri", str(HOME), "--skipped", str(wanted), expect=2).line

    assert f"{wanted}: No such file or directory" in line
    assert not data_dir.exists()


@pytest.mark.skipif(lacking("embedded") is not None, reason="no embedded engine")
def test_nobody_looks_for_cycles_when_an_import_ends(terminal: Terminal) -> None:
    """It takes a third of a second, in which nothing else is done."""
    gc.unfreeze()
    try:
        terminal("import", "kolibri", str(HOME), "--dry-run")
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
        gc.enable()
