"""What ends a command is one line on stderr and exit code 2."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from learntrack.commands.terminal import counts_in_a_line, ended_as_by_ctrl_c, failures_in_a_line
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


def test_who_reads_no_more_ends_a_command_without_a_word() -> None:
    """As `learntrack report … | head` does; it was told of as the file None."""
    ends = "from learntrack.commands.terminal import failures_in_a_line as line"
    program = f"{ends}\nwith line():\n    for _ in range(10**6): print('a row')"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as writing:
        assert writing.stdout is not None
        assert writing.stderr is not None
        writing.stdout.readline()
        writing.stdout.close()
        said = writing.stderr.read()

    assert (writing.returncode, said) == (1, b"")


def test_a_sigterm_unwinds_what_is_open_and_is_what_it_was_afterwards() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), ended_as_by_ctrl_c():
        signal.raise_signal(signal.SIGTERM)

    assert signal.getsignal(signal.SIGTERM) is before
