"""What the engine wrote before it died is still there when it has been started again."""

from pathlib import Path

from learntrack.storage.engine.log_file import MOST_BYTES, EngineLog


def test_what_was_written_before_a_restart_stays(tmp_path: Path) -> None:
    log = EngineLog(tmp_path)
    with log.open() as file:
        file.write(b"the disk is on fire\n")
    with log.open() as file:
        assert log.last_line() == ""
        file.write(b"better now\n")

    assert "the disk is on fire" in log.path.read_text()
    assert log.last_line() == "better now"
    assert log.path.stat().st_mode & 0o077 == 0


def test_a_large_file_is_put_aside_under_a_running_engine(tmp_path: Path) -> None:
    log = EngineLog(tmp_path)
    with log.open() as file:
        file.write(b"x" * MOST_BYTES)
        file.flush()
        log.rotate()
        file.write(b"goes on\n")

    assert log.path.read_bytes() == b"goes on\n"
    assert (tmp_path / "engine.log.1").stat().st_size > MOST_BYTES
