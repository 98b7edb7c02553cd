"""A data folder is opened by the engine that wrote it and by no other."""

import json
import shutil
from pathlib import Path

import pytest
from pymongo import MongoClient

from learntrack.storage import StartError
from learntrack.storage.engine import format_record
from learntrack.storage.engine.choice import Engine
from learntrack.storage.engine.embedded import engine_for
from tests.engines import SECANTUSD_PY, lacking
from tests.processes import learntrack
from tests.storage.engine.programs import program

RECORD = "engine-format.json"
RUST = Engine(Path("secantusd-rs"), "rust", "0.6.0b17", "3")
SUCCESSOR = Engine(Path("secantusd-mdb"), "rust", "0.5.3b199", "of 0.5")
PYTHON = Engine(Path("secantusd-py"), "python", "0.7.0b3", "4")


def count_after_adding_one(data_dir: Path, engine: Path | None = None) -> int:
    with engine_for(data_dir, engine) as uri, MongoClient(uri, serverSelectionTimeoutMS=10_000) as client:
        client["test"]["rows"].insert_one({})
        return client["test"]["rows"].count_documents({})


def with_data(folder: Path, *tables: str) -> Path:
    """A folder that looks as if an engine had written it."""
    for name in ("WiredTiger", *tables):
        (folder / "engine" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "engine" / name).touch()
    return folder


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in sorted(folder.rglob("*")) if path.is_file()
    }


@pytest.fixture(scope="module", params=["embedded", "secantusd_py"])
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path | None]:
    """A folder that an engine really wrote, and that engine's program."""
    if reason := lacking(request.param):
        pytest.skip(reason)
    engine = SECANTUSD_PY if request.param == "secantusd_py" else None
    folder = tmp_path_factory.mktemp("written")
    assert count_after_adding_one(folder, engine) == 1
    return folder, engine


@pytest.fixture
def copied(written: tuple[Path, Path | None], tmp_path: Path) -> tuple[Path, Path | None]:
    return Path(shutil.copytree(written[0], tmp_path / "data")), written[1]


def test_the_service_refuses_another_engines_folder_in_one_line_and_touches_nothing(
    copied: tuple[Path, Path | None], tmp_path: Path
) -> None:
    data_dir, _ = copied
    other = program(tmp_path / "other", "secantusd-mdb", "0.5.3b199")
    before = contents(data_dir)

    for command in (["serve", "--port", "0"], ["check"], ["migrate"]):
        done = learntrack(
            *command, data_dir=data_dir, expect=2, LEARNTRACK_ENGINE=str(other), LEARNTRACK_JWT_SECRET=None
        )
        [line] = done.stderr.splitlines()
        for word in (
            str(data_dir),
            "was written by SecantusDB",
            "SecantusDB 0.5.3b199 (secantusd-mdb",
            "`learntrack backup` it with that one",
        ):
            assert word in line

    assert contents(data_dir) == before
    assert not other.with_name("has-run").exists()


def test_its_own_engine_opens_it_again(copied: tuple[Path, Path | None]) -> None:
    data_dir, engine = copied

    assert count_after_adding_one(data_dir, engine) == 2


def test_a_folder_of_a_release_without_records_is_adopted(copied: tuple[Path, Path | None]) -> None:
    data_dir, engine = copied
    recorded = json.loads((data_dir / RECORD).read_text())
    (data_dir / RECORD).unlink()

    assert count_after_adding_one(data_dir, engine) == 2
    assert json.loads((data_dir / RECORD).read_text()) == recorded


@pytest.mark.parametrize(
    ("tables", "fits", "others"),
    [(["secantus_prepared_xacts.wt"], RUST, [SUCCESSOR, PYTHON]), (["secantus_oplog.wt"], PYTHON, [SUCCESSOR, RUST])],
)
def test_without_a_record_the_files_tell(tmp_path: Path, tables: list[str], fits: Engine, others: list[Engine]) -> None:
    folder = with_data(tmp_path, *tables)

    assert format_record.engine_that_fits(folder, [*others, fits]) == fits
    with pytest.raises(StartError, match=f"was written by .*{fits.program}"):
        format_record.engine_that_fits(folder, others)


def test_of_several_engines_the_one_that_wrote_it_is_taken(tmp_path: Path) -> None:
    folder = with_data(tmp_path)
    format_record.record(folder, PYTHON)

    assert format_record.engine_that_fits(folder, [RUST, SUCCESSOR, PYTHON]) == PYTHON


def test_a_newer_release_that_writes_in_the_same_form_is_no_other_engine(tmp_path: Path) -> None:
    folder = with_data(tmp_path)
    format_record.record(folder, PYTHON)
    newer = Engine(PYTHON.program, "python", "0.7.0b9", "4")

    assert format_record.engine_that_fits(folder, [newer]) == newer


def test_a_record_without_data_binds_nobody(tmp_path: Path) -> None:
    format_record.record(tmp_path, PYTHON)

    assert format_record.engine_that_fits(tmp_path, [RUST]) == RUST


@pytest.mark.parametrize("text", ["", "{}", "[]", "{", '{"program": "secantusd-rs"}'])
def test_a_record_that_cannot_be_read_is_refused(tmp_path: Path, text: str) -> None:
    folder = with_data(tmp_path)
    (folder / RECORD).write_text(text)

    with pytest.raises(StartError, match=RECORD):
        format_record.engine_that_fits(folder, [RUST])
