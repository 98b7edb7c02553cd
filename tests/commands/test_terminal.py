"""What ends a command is one line on stderr and exit code 2."""

from pathlib import Path

import pytest

from learntrack.commands.terminal import counts_in_a_line, failures_in_a_line
from learntrack.errors import field_error


def test_what_is_refused_is_said_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended, failures_in_a_line():
        raise field_error("since", "Must be\na date.")

    assert ended.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit), failures_in_a_line(Path("another")):
        (tmp_path / "none" / "file").write_text("")

    assert str(tmp_path / "none" / "file") in capsys.readouterr().err


def test_a_full_disk_names_the_file_that_was_written(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit), failures_in_a_line(Path("report.csv")):
        raise OSError(28, "No space left on device")

    assert capsys.readouterr().err == "learntrack: report.csv: No space left on device\n"


def test_counts_of_nothing_are_left_out() -> None:
    assert counts_in_a_line({"users": 3, "learner_groups": 1, "roles": 0}, "nothing") == "3 users, 1 learner groups"
    assert counts_in_a_line({"users": 0}, "nothing") == "nothing"
