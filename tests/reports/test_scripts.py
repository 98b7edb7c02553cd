"""The scripts for mongosh and the command `learntrack report` give the same rows, from the same pipelines."""

import csv
import json
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from learntrack.reports.questions import questions
from tests.processes import Service, learntrack

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "scripts" / "analytics"
NAMES = ("username", "full_name", "lesson", "quiz", "course", "unit", "content")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The demo school's data, on a running service."""
    data_dir = tmp_path_factory.mktemp("analytics") / "data"
    with Service(data_dir, "--demo"):
        yield data_dir


def mongosh() -> str:
    local = ROOT / ".venv" / "node" / "node_modules" / ".bin" / "mongosh"
    found = str(local) if local.exists() else shutil.which("mongosh")
    if found is None:
        pytest.skip("mongosh is not installed (scripts/test installs it where there is npm)")
    return found


def reported(demo: Path, name: str, *arguments: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(
        learntrack("report", name, "--format", "json", *arguments, data_dir=demo).stdout
    )["results"]
    return rows


def plain(value: Any) -> Any:
    """Extended JSON as the report's JSON."""
    if isinstance(value, dict):
        if value.keys() == {"$date"}:
            return value["$date"] if "." in value["$date"] else value["$date"].replace("Z", ".000Z")
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value


def printed(demo: Path, name: str, script: str = "var since='2020-01-01'") -> list[Any]:
    uri = json.loads((demo / "engine.json").read_text())["uri"]
    command = [mongosh(), uri, "--quiet", "--norc", "--eval", script, str(SCRIPTS / f"{name.replace('-', '_')}.js")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return [plain(json.loads(line)) for line in done.stdout.splitlines() if line.startswith("{")]


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("var since='yesterday'", "since: Must be a date or a moment (ISO 8601)."),
        ("var until='2026-02-30'", "until: Must be a date or a moment (ISO 8601)."),
        ("var classroom='A1'", "classroom: Must be a valid UUID."),
        ("var timezone='Mars/Base'", "timezone: There is no such time zone"),
        ("var attempts='last'", "attempts: Must be one of first, latest, all."),
        ("var clasroom='00000000000000000000000000000001'", "There is no parameter clasroom"),
    ],
)
def test_the_scripts_refuse_what_the_command_refuses(script: str, message: str) -> None:
    node = shutil.which("node") or pytest.skip("node is not installed")
    sandbox = "{print: console.log, quit: (code) => process.exit(code)}"
    file = json.dumps(str(SCRIPTS / "lib" / "parameters.js"))
    program = f"""
        const vm = require("vm"), sandbox = vm.createContext({sandbox});
        vm.runInContext({json.dumps(script)}, sandbox);
        vm.runInContext(require("fs").readFileSync({file}, "utf8"), sandbox);
    """
    done = subprocess.run([str(node), "-e", program], capture_output=True, text=True, timeout=60, check=False)

    assert done.stdout.startswith(message)
    assert done.returncode == 2


def test_there_is_a_script_for_every_question() -> None:
    assert {file.stem.replace("_", "-") for file in SCRIPTS.glob("*.js")} == set(questions())


def test_mongosh_prints_what_the_command_reports(demo: Path) -> None:
    mongosh()
    with ThreadPoolExecutor(2) as pool:
        everything = list(pool.map(lambda name: printed(demo, name), questions()))
    for (name, question), rows in zip(questions().items(), everything, strict=True):
        expected = reported(demo, name, "--since", "2020-01-01")
        dates = [column.name for column in question.columns if column.kind == "date"]
        found = [row | {column: row[column][:10] for column in dates} for row in rows]
        assert found == [{key: value for key, value in row.items() if key not in NAMES} for row in expected], name
        assert found or name in ("struggling-learners", "lesson-completion", "learning-gain"), name


def test_every_form_has_the_same_numbers(demo: Path, tmp_path: Path) -> None:
    rows = reported(demo, "daily-activity")
    assert len(rows) >= 4

    file = tmp_path / "report.csv"
    learntrack("report", "daily-activity", "--format", "csv", "-o", str(file), data_dir=demo)
    read = list(csv.DictReader(file.open(encoding="utf-8-sig")))
    assert [[row["day"], int(row["learners"]), int(row["sessions"]), float(row["time_spent"])] for row in read] == [
        [row["day"], row["learners"], row["sessions"], row["time_spent"]] for row in rows
    ]
    page = learntrack("report", "daily-activity", "--format", "html", data_dir=demo).stdout
    table = learntrack("report", "daily-activity", data_dir=demo).stdout
    for row in rows:
        for value in (row["day"], str(row["learners"]), str(row["sessions"])):
            assert value in page
            assert value in table
    assert "daily-activity" in learntrack("report", "list", data_dir=demo).stdout


def test_what_is_wrong_is_said_in_one_line(demo: Path) -> None:
    for arguments in (["no-such"], ["totals", "--since", "yesterday"], ["totals", "--classroom", "A"]):
        done = learntrack("report", *arguments, data_dir=demo, expect=2)
        assert len(done.stderr.strip().splitlines()) == 1


def test_rollups_are_made_by_a_job(demo: Path) -> None:
    assert "item-analysis: " in learntrack("rollup", data_dir=demo).stdout
    before = reported(demo, "item-analysis", "--since", "2020-01-01")
    for row, expected in zip(reported(demo, "item-analysis"), before, strict=True):
        assert row.pop("discrimination") == pytest.approx(expected.pop("discrimination"))
        assert row == expected
