"""`learntrack import` as it is typed."""

from pathlib import Path

from tests.processes import learntrack, refused


def test_a_file_for_skipped_records_that_cannot_be_written_is_said(data_dir: Path, tmp_path: Path) -> None:
    home = Path(__file__).parent.parent / "kolibri" / "home"
    wanted = tmp_path / "no folder" / "skipped.jsonl"

    done = learntrack("import", "kolibri", str(home), "--skipped", str(wanted), data_dir=data_dir, expect=2)

    refused(done, str(wanted), "No such file or directory")
    assert not data_dir.exists()
