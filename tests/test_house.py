"""The rules between the rooms of the house hold, and the tool that says so notices when one is broken."""

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "learntrack"
LINT = Path(sys.executable).with_name("lint-imports")

BROKEN = {
    # an import that must not be: how the tool says so
    "domain/progress.py": ("learntrack.storage", "learntrack.domain is not allowed to import learntrack.storage"),
    "documents/base.py": ("learntrack.errors", "learntrack.documents is not allowed to import learntrack.errors"),
    "storage/disk.py": ("learntrack.web.paging", "learntrack.storage is not allowed to import learntrack.web"),
    "storage/schema.py": ("learntrack.roster.service", "learntrack.storage is not allowed to import learntrack.roster"),
    "web/paging.py": ("learntrack.app", "learntrack.web is not allowed to import learntrack.app"),
    "errors.py": ("litestar.status_codes", "learntrack.errors is not allowed to import litestar"),
    "domain/ids.py": ("http", "learntrack.domain is not allowed to import http"),
    "pages/viewer.py": (
        "learntrack.logs.pipelines",
        "learntrack.pages is not allowed to import learntrack.logs",
    ),
    "importing/report.py": (
        "learntrack.tracking.service",
        "learntrack.importing is not allowed to import learntrack.tracking",
    ),
    "privacy/service.py": ("pymongo", "learntrack.privacy is not allowed to import pymongo"),
    "access/tokens.py": ("bson", "learntrack.access is not allowed to import bson"),
}


def lint(source: Path) -> subprocess.CompletedProcess[str]:
    """The rules between the rooms, asked of the package in `source`."""
    return subprocess.run(
        [LINT, "--no-logo", "--no-cache", ROOT / ".importlinter"],
        cwd=source,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PYTHONPATH": str(source), "COLUMNS": "200"},
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The package by itself, to break."""
    if not LINT.exists():
        pytest.skip("import-linter is not installed")
    shutil.copytree(SOURCE, tmp_path / "learntrack", ignore=shutil.ignore_patterns("__pycache__", "static", "locales"))
    return tmp_path


def test_every_room_keeps_to_its_rules(copy: Path) -> None:
    done = lint(copy)

    assert done.returncode == 0, done.stdout


def test_every_broken_rule_is_noticed(copy: Path) -> None:
    for file, (imported, _) in BROKEN.items():
        with (copy / "learntrack" / file).open("a") as module:
            module.write(f"\nimport {imported}  # which must not be\n")

    done = lint(copy)

    assert done.returncode == 1
    said = " ".join(done.stdout.split())
    assert [file for file, (_, told) in BROKEN.items() if told not in said] == []


def test_a_room_without_a_floor_is_noticed(copy: Path) -> None:
    (copy / "learntrack" / "drawer").mkdir()
    (copy / "learntrack" / "drawer" / "__init__.py").write_text('"""Anything."""\n')

    done = lint(copy)

    assert done.returncode == 1
    assert "drawer" in done.stdout


def test_no_room_has_a_name_that_says_nothing() -> None:
    assert {room.name for room in SOURCE.iterdir()} & {"operations", "analytics", "common", "helpers", "utils"} == set()


MOST_LINES = 300
"""Of a module."""
MOST_LINES_OF_A_FUNCTION = 40
MOST_COLUMNS = 120
WRITTEN = [
    file
    for room in ("src", "tests", "scripts", "clients/python")
    for file in sorted((ROOT / room).rglob("*"))
    if file.is_file()
    if file.suffix == ".py" or (not file.suffix and file.read_bytes()[:40].startswith(b"#!/usr/bin/env python"))
]


TYPESCRIPT = [
    file
    for room in ("src", "test", "example")
    for file in sorted((ROOT / "clients" / "typescript" / room).iterdir())
    if file.suffix in (".ts", ".js")
    if file.name != "api.ts"  # which openapi-typescript writes
]


STATIC = SOURCE / "pages" / "static"
STYLES = sorted(STATIC.glob("*.css"))
SCRIPTS = [*TYPESCRIPT, *sorted(STATIC.glob("*.js"))]


def test_no_module_is_longer_than_can_be_seen_at_once() -> None:
    """More than 300 lines ask to be divided by idea."""
    files = [*WRITTEN, *SCRIPTS, *STYLES]
    lengths = {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in files}

    assert len(lengths) > 400
    assert {name: length for name, length in lengths.items() if length > MOST_LINES} == {}


def functions_in(node: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The functions in a block of statements, those within others too. Expressions have none, and are not looked at."""
    for field in ("body", "orelse", "finalbody", "handlers", "cases"):
        for statement in getattr(node, field, ()):
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                yield statement
            yield from functions_in(statement)


def test_no_function_is_longer_than_can_be_seen_at_once() -> None:
    """Nor more than 40 lines from its `def` to its end."""
    found = {
        f"{file.relative_to(ROOT)}: {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for file in WRITTEN
        for node in functions_in(ast.parse(file.read_text()))
    }

    assert len(found) > 3000
    assert {name: length for name, length in found.items() if length > MOST_LINES_OF_A_FUNCTION} == {}


def blocks_in(text: str) -> Iterator[tuple[str, int]]:
    """The first line of each block of TypeScript (a function with its parameters, a test, a table) and how many lines
    it has, to the one as far in that ends it. A class or an interface is no block.
    """
    lines = text.splitlines()
    for number, line in enumerate(lines):
        begin, last = line[: len(line) - len(line.lstrip())], number
        if line[len(begin) :].startswith(("}", ")", "]")) or re.search(r"\b(class|interface)\b", line):
            continue
        while lines[last].endswith(("{", "(", "[")):
            last = next(at for at in range(last + 1, len(lines)) if re.match(begin + r"\S", lines[at]))
        yield line.strip(), last - number + 1


def test_no_line_of_scripts_and_styles_is_longer_than_those_of_python() -> None:
    found = {
        f"{file.relative_to(ROOT)}:{number}": len(line)
        for file in [*SCRIPTS, *STYLES]
        for number, line in enumerate(file.read_text().splitlines(), 1)
    }

    assert {place: length for place, length in found.items() if length > MOST_COLUMNS} == {}


def test_no_function_of_scripts_is_longer_either() -> None:
    found = {
        f"{file.relative_to(ROOT)}: {begin}": length
        for file in SCRIPTS
        for begin, length in blocks_in(file.read_text())
        if length > 1
    }

    assert len(found) > 300
    assert {name: length for name, length in found.items() if length > MOST_LINES_OF_A_FUNCTION} == {}


def test_a_block_of_typescript_is_measured_to_its_end() -> None:
    method = "  constructor(\n    one: string,\n  ) {\n    this.one = one;\n  }\n"
    chain = "  if (one) {\n    two();\n  } else {\n    three();\n  }\n"

    assert list(blocks_in(f"class A {{\n{method}{chain}}}\n"))[:1] == [("constructor(", 5)]
    assert ("if (one) {", 5) in blocks_in(chain)


def test_only_the_settings_read_the_environment() -> None:
    reading = {
        str(file.relative_to(SOURCE))
        for file in SOURCE.rglob("*.py")
        if re.search(r"\benviron\b|\bgetenv\b|\benvvar\b", file.read_text())
    }

    # settings/__init__.py says why
    assert reading == {"settings/environment.py", "serving/server.py", "web/metrics.py"}


OWNED = ["tracking", "roster", "importing", "privacy"]


@pytest.mark.parametrize("room", OWNED)
def test_what_is_stored_is_a_document_and_not_a_row(room: str) -> None:
    """`Row` is whatever a database answers; only lists and reports hand it on as it came."""
    assert [str(file) for file in (SOURCE / room).rglob("*.py") if re.search(r"\bRow\b", file.read_text())] == []


@pytest.mark.parametrize("room", OWNED)
def test_what_is_stored_has_a_type(room: str) -> None:
    """Only what others send is any object: a client's answers, the fields of a record, and the rows of a Kolibri."""
    anything = [
        str(file)
        for file in (SOURCE / room).rglob("*.py")
        if "dict[str, Any]" in file.read_text()
        and file.name not in ("schemas.py", "records.py")
        and file.parent.name != "kolibri"
    ]

    assert anything == []
