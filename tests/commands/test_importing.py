"""`learntrack import` as it is typed."""

from pathlib import Path

from tests.commands.typed import Terminal


def test_a_file_for_skipped_records_that_cannot_be_written_is_said(
    terminal: Terminal, data_dir: Path, tmp_path: Path
) -> None:
    home = Path(__file__).parent.parent / "kolibri" / "home"
    wanted = tmp_path / "no folder" / "skipped.jsonl"

    line = terminal("import", "kolibri", str(home), "--skipped", str(wanted), expect=2).line

    assert f"{wanted}: No such file or directory" in line
    assert not data_dir.exists()
