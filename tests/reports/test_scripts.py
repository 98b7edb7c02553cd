"""The scripts for mongosh and the command `learntrack report` give the same rows, from the same pipelines."""

import csv
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from learntrack.domain.time_zones import day_begins
from learntrack.reports.questions import questions
from tests.commands.typed import Terminal
from tests.processes import Service
from tests.reports.naive import close, different
from tests.support import SECRET

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "scripts" / "analytics"
Report = Callable[..., list[dict[str, Any]]]
NAMES = ("username", "full_name", "lesson", "quiz", "course", "unit", "content", "question", "right_answer")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The demo school's data, on a running service."""
    data_dir = tmp_path_factory.mktemp("analytics") / "data"
    with Service(data_dir, "--demo"):
        yield data_dir


@pytest.fixture
def terminal(demo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """Where commands are typed, set for the demo school's service."""
    monkeypatch.setenv("LEARNTRACK_JWT_SECRET", SECRET)
    monkeypatch.setenv("LEARNTRACK_DATA_DIR", str(demo))
    return Terminal(monkeypatch, capsys)


def mongosh() -> str:
    local = ROOT / ".venv" / "node" / "node_modules" / ".bin" / "mongosh"
    found = str(local) if local.exists() else shutil.which("mongosh")
    if found is None:
        pytest.skip("mongosh is not installed (scripts/test installs it where there is npm)")
    return found


@pytest.fixture
def report(demo: Path, terminal: Terminal) -> Report:
    """The rows of a report, as the command says them."""

    def rows(name: str, *arguments: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(terminal("report", name, "--format", "json", *arguments).out)[
            "results"
        ]
        return found

    return rows


def plain(value: Any) -> Any:
    """Extended JSON as the report's JSON."""
    if isinstance(value, dict):
        if value.keys() == {"$date"}:
            return value["$date"] if "." in value["$date"] else value["$date"].replace("Z", ".000Z")
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value


def printed(demo: Path, where: Path) -> dict[str, list[Any]]:
    """What the scripts print, one after the other in one mongosh, which takes seconds to start."""
    uri = json.loads((demo / "engine.json").read_text())["uri"]
    files = []
    for name in questions():
        mark = where / f"{name}.js"
        # A script refuses variables that are no parameters: so that of the one before goes.
        mark.write_text(f"print('script {name}'); var questions = undefined;")
        files += [str(mark), str(script_of(name))]
    command = [mongosh(), uri, "--quiet", "--norc", "--eval", "var since='2020-01-01'", *files]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    rows: dict[str, list[Any]] = {}
    for line in done.stdout.splitlines():
        if line.startswith("script "):
            of_one = rows[line.removeprefix("script ")] = []
        elif line.startswith("{"):
            of_one.append(plain(json.loads(line)))
    return rows


def script_of(name: str) -> Path:
    return SCRIPTS / f"{name.replace('-', '_')}.js"


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("var since='yesterday'", "since: Must be a date or a moment (ISO 8601)."),
        ("var until='2026-02-30'", "until: Must be a date or a moment (ISO 8601)."),
        ("var since='2026-03-02', until='2026-03-01'", "until: Must not be before since."),
        ("var since='2026-02-30T10:00'", "since: Must be a date or a moment (ISO 8601)."),
        ("var since='2026-03-01T24:00Z'", "since: Must be a date or a moment (ISO 8601)."),
        ("var until='9999-12-31'", "until: Must be a date or a moment (ISO 8601)."),
        ("var classroom='A1'", "classroom: Must be a valid UUID."),
        ("var timezone='Mars/Base'", "timezone: There is no such time zone"),
        ("var timezone='africa/nairobi'", "timezone: There is no such time zone"),
        ("var timezone='+05:30'", "timezone: There is no such time zone"),
        ("var attempts='last'", "attempts: Must be one of first, latest, all."),
        ("var clasroom='00000000000000000000000000000001'", "There is no parameter clasroom"),
    ],
)
def test_the_scripts_refuse_what_the_command_refuses(script: str, message: str) -> None:
    done = run_with(script, "")

    assert done.stdout.startswith(message)
    assert done.returncode == 2


@pytest.mark.parametrize(
    ("zone", "day", "begins"),
    [
        ("UTC", "2024-02-29", "2024-02-29T00:00:00"),
        ("Asia/Kathmandu", "2024-03-01", "2024-02-29T18:15:00"),
        ("Pacific/Chatham", "2024-04-07", "2024-04-06T10:15:00"),
        ("Africa/Cairo", "2024-04-26", "2024-04-25T22:00:00"),  # skips its first hour
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00"),
        ("America/Sao_Paulo", "2018-02-18", "2018-02-18T03:00:00"),  # the day before had 25 hours
        ("America/Havana", "2023-03-12", "2023-03-12T05:00:00"),
        ("America/Havana", "2023-11-05", "2023-11-05T04:00:00"),  # its first hour comes twice
        ("Asia/Beirut", "2022-03-27", "2022-03-26T22:00:00"),
        ("Asia/Beirut", "2022-10-30", "2022-10-29T22:00:00"),
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00"),  # the day before was left out
    ],
)
def test_the_scripts_days_begin_when_the_reports_do(zone: str, day: str, begins: str) -> None:
    assert f"{day_begins(date.fromisoformat(day), zone):%Y-%m-%dT%H:%M:%S}" == begins

    done = run_with("", f"print(beginningOf('{day}', '{zone}').toISOString())")

    assert done.stdout.strip() == f"{begins}.000Z"


def run_with(before: str, after: str) -> "subprocess.CompletedProcess[str]":
    """What the scripts' parameters say where `before` has been run, with `after` behind them, in mongosh's stead."""
    node = shutil.which("node") or pytest.skip("node is not installed")
    sandbox = "{print: console.log, quit: (code) => process.exit(code), require}"
    file = json.dumps(str(SCRIPTS / "lib" / "parameters.js"))
    program = f"""
        const vm = require("vm"), sandbox = vm.createContext({sandbox});
        vm.runInContext({json.dumps(before)}, sandbox);
        vm.runInContext(require("fs").readFileSync({file}, "utf8"), sandbox);
        vm.runInContext({json.dumps(after)}, sandbox);
    """
    return subprocess.run([str(node), "-e", program], capture_output=True, text=True, timeout=60, check=False)


def test_the_scripts_refuse_a_class_that_is_not_there_as_the_command_does() -> None:
    """Nobody could be in it, and the answer would be nobody."""
    node = shutil.which("node") or pytest.skip("node is not installed")
    file = json.dumps(str(SCRIPTS / "lib" / "parameters.js"))
    program = f"""
        globalThis.print = console.log; globalThis.quit = (code) => process.exit(code);
        globalThis.classroom = "0".repeat(32);
        require("vm").runInThisContext(require("fs").readFileSync({file}, "utf8"));
        const rows = {{ sort: () => rows, limit: () => rows, toArray: () => [{{ _id: "f0", name: "Grade 7" }}] }};
        knownPlace({{ classrooms: {{ findOne: () => null, find: () => rows }} }}, "classroom", "classrooms");
    """
    done = subprocess.run([str(node), "-e", program], capture_output=True, text=True, timeout=60, check=False)

    assert done.stdout.strip() == 'classroom: There is none with this id; there are: f0 "Grade 7".'
    assert done.returncode == 2


def test_there_is_a_script_for_every_question() -> None:
    assert {file.stem.replace("_", "-") for file in SCRIPTS.glob("*.js")} == set(questions())


@pytest.mark.parametrize("name", questions())
def test_a_script_needs_nothing_of_another(name: str) -> None:
    """Each is but this, so that one that works after others works alone."""
    code = [line for line in script_of(name).read_text().splitlines() if not line.startswith("//")]

    assert code == ["load(require('path').join(__dirname, 'lib', 'run.js'));", f"run('{script_of(name).stem}');"]


def test_mongosh_prints_what_the_command_reports(demo: Path, report: Report, tmp_path: Path) -> None:
    everything = printed(demo, tmp_path)
    assert everything.keys() == questions().keys()
    for name, question in questions().items():
        expected = report(name, "--since", "2020-01-01")
        dates = [column.name for column in question.columns if column.kind == "date"]
        found = [row | {column: row[column][:10] for column in dates} for row in everything[name]]
        without_names = [{key: value for key, value in row.items() if key not in NAMES} for row in expected]
        # The database adds up in any order, so that last digits differ from one time to the next.
        assert close(found, without_names), different(name, found, without_names)
        assert found or name in ("struggling-learners", "lesson-completion", "learning-gain"), name


def test_every_form_has_the_same_numbers(report: Report, terminal: Terminal, tmp_path: Path) -> None:
    rows = report("daily-activity")
    assert len(rows) >= 4

    file = tmp_path / "report.csv"
    terminal("report", "daily-activity", "--format", "csv", "-o", str(file))
    read = list(csv.DictReader(file.open(encoding="utf-8-sig")))
    assert [[row["day"], int(row["learners"]), int(row["sessions"]), float(row["time_spent"])] for row in read] == [
        [row["day"], row["learners"], row["sessions"], row["time_spent"]] for row in rows
    ]
    page = terminal("report", "daily-activity", "--format", "html").out
    table = terminal("report", "daily-activity").out
    for row in rows:
        for value in (row["day"], str(row["learners"]), str(row["sessions"])):
            assert value in page
            assert value in table
    assert "daily-activity" in terminal("report", "list").out


@pytest.mark.parametrize("arguments", [["no-such"], ["totals", "--since", "yesterday"], ["totals", "--classroom", "A"]])
def test_what_is_wrong_is_said_in_one_line(demo: Path, terminal: Terminal, arguments: list[str]) -> None:
    assert terminal("report", *arguments, expect=2).line


def test_rollups_are_made_by_a_job(report: Report, terminal: Terminal) -> None:
    assert "item-analysis: " in terminal("rollup").out
    before = report("item-analysis", "--since", "2020-01-01")
    for row, expected in zip(report("item-analysis"), before, strict=True):
        assert row.pop("discrimination") == pytest.approx(expected.pop("discrimination"))
        assert row == expected
