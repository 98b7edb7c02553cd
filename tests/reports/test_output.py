"""A report's file is there whole or not at all."""

import os
import threading
from pathlib import Path

import pytest

from learntrack.reports.output import written_to


class BreaksOff(Exception):
    """What a full disk or a database that goes away does."""


@pytest.mark.parametrize("before", [b"the report of yesterday", None], ids=["was there", "was not there"])
def test_a_file_is_what_it_was_until_all_is_written(tmp_path: Path, before: bytes | None) -> None:
    """It was emptied first."""
    file = tmp_path / "report.csv"
    if before is not None:
        file.write_bytes(before)

    def break_off() -> None:
        with written_to(file) as opened:
            opened.write(b"half")
            raise BreaksOff

    with pytest.raises(BreaksOff):
        break_off()
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == ({file.name: before} if before else {})

    with written_to(file) as opened:
        opened.write(b"whole")
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == {file.name: b"whole"}


def test_what_a_link_leads_to_is_written(tmp_path: Path) -> None:
    file, link = tmp_path / "report.csv", tmp_path / "newest.csv"
    file.touch()
    link.symlink_to(file)
    with written_to(link) as opened:
        opened.write(b"whole")
    assert link.is_symlink()
    assert file.read_bytes() == b"whole"


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()
    with written_to(pipe) as opened:
        opened.write(b"whole")
    reader.join(60)
    assert read == [b"whole"]


def test_a_folder_that_is_not_there_is_named_as_it_was_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "nowhere" / "report.csv"
    with pytest.raises(FileNotFoundError) as failed, written_to(file):
        pass
    assert failed.value.filename == str(file)
