"""Which engine program runs, and what is known of it."""

import sys
from pathlib import Path

import pytest

from learntrack import commands
from learntrack.storage import StartError
from learntrack.storage.engine import choice
from tests.storage.engine.programs import program


@pytest.mark.parametrize(
    ("name", "version", "family", "data_format"),
    [
        ("secantusd-rs", "0.6.0b17", "rust", "3"),
        ("secantusd-rs", "0.5.3b196", "rust", "of 0.5"),
        ("secantusd-mdb", "0.5.3b199", "rust", "of 0.5"),
        ("secantusd-py", "0.7.0b3", "python", "4"),
        ("secantusd-py", None, "python", "of unknown"),
    ],
)
def test_version_and_format_stand_beside_the_program(
    tmp_path: Path, name: str, version: str | None, family: str, data_format: str
) -> None:
    [engine] = choice.installed(program(tmp_path, name, version))

    assert (engine.family, engine.version, engine.data_format) == (family, version or "unknown", data_format)


def test_every_engine_is_durable_and_only_the_rust_one_is_told_its_logs_sizes(tmp_path: Path) -> None:
    [rust] = choice.installed(program(tmp_path / "rust", "secantusd-mdb", "0.5.3b199"))
    [python] = choice.installed(program(tmp_path / "python", "secantusd-py", "0.7.0b3"))

    assert {"--sync-on-commit", "--log-file-max", "--oplog-max-entries"} <= set(rust.command)
    assert "--sync-on-commit" in python.command
    assert not {"--log-file-max", "--oplog-max-entries"} & set(python.command)


@pytest.mark.parametrize(("gigabytes", "cache"), [(1, "512M"), (3.9, "512M"), (4, "1G"), (24, "1G")])
def test_as_much_cache_as_the_machine_affords(
    gigabytes: float, cache: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choice, "_memory", lambda: int(gigabytes * 10**9))
    [engine] = choice.installed(program(tmp_path, "secantusd-rs", "0.6.0b17"))

    assert engine.command[-2:] == ["--cache-size", cache]


def test_the_rust_server_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = {name: program(tmp_path / name, name, "0.6.0b17") for name in ("secantusd-py", "secantusd-rs")}
    monkeypatch.setattr(choice, "_find", programs.get)

    assert [engine.program.name for engine in choice.installed()] == ["secantusd-rs", "secantusd-py"]


def test_what_is_no_engine_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="LEARNTRACK_ENGINE"):
        choice.installed(tmp_path / "mongod")


def test_no_engine_is_one_line_that_says_how_to_use_a_mongodb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(choice, "_find", lambda _: None)
    monkeypatch.setattr(sys, "argv", ["learntrack", "serve", "--port", "0"])
    monkeypatch.setenv("LEARNTRACK_DATA_DIR", str(tmp_path / "data"))

    with pytest.raises(SystemExit) as ended:
        commands.main()

    assert ended.value.code == 2
    [line] = capsys.readouterr().err.splitlines()
    assert "LEARNTRACK_MONGODB_URI" in line
    assert not (tmp_path / "data").exists()
