"""The API's description is one that tools accept, and from which clients are generated that work as they are typed."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.processes import Service
from tests.support import new_id, token

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(__file__).parent / "clients"
NODE_MODULES = ROOT / ".venv" / "node" / "node_modules"
BIN = Path(sys.executable).parent
CLIENTS = BIN.parent / "clients" / "bin"
# Of the generated files only this one has nothing of the description in it, and is not strict.
MYPY = "[mypy]\nstrict = True\n[mypy-client.client]\nignore_errors = True\n"

pytestmark = pytest.mark.timeout(240)


def tool(name: str) -> str:
    """A program of npm's."""
    found = NODE_MODULES / ".bin" / name
    if not found.exists():
        pytest.skip(f"{name} is not installed (scripts/test installs it where there is npm)")
    return str(found)


def run(*command: str, where: Path) -> str:
    environment = os.environ | {"NO_COLOR": "1", "PATH": f"{CLIENTS}:{os.environ['PATH']}"}
    done = subprocess.run(command, cwd=where, env=environment, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("clients") / "data") as service:
        yield service


@pytest.fixture(scope="module")
def description(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The description, as a file in a folder for what is made of it."""
    file = tmp_path_factory.mktemp("generated") / "openapi.json"
    file.write_bytes(httpx.get(f"{service.address}/schema/openapi.json", verify=False, timeout=60).content)
    return file


def test_redocly_and_spectral_find_no_error(description: Path) -> None:
    redocly, spectral = tool("redocly"), tool("spectral")
    rules = description.with_name("spectral.yaml")
    rules.write_text('extends: ["spectral:oas"]\n')

    run(redocly, "lint", str(description), "--extends=recommended", where=description.parent)
    run(spectral, "lint", str(description), "--ruleset", str(rules), where=description.parent)


def test_a_client_in_python_works_as_it_is_typed(service: Service, description: Path) -> None:
    generator = CLIENTS / "openapi-python-client"
    if not generator.exists():
        pytest.skip("openapi-python-client is not installed (scripts/test installs it)")
    where = description.parent / "python"
    where.mkdir()
    options = ["--path", str(description), "--output-path", str(where / "client"), "--meta", "none"]
    run(str(generator), "generate", *options, where=where)
    (where / "mypy.ini").write_text(MYPY)
    program = shutil.copy(PROGRAMS / "program.py", where)

    run(str(CLIENTS / "mypy"), "client", "program.py", where=where)
    said = run(str(CLIENTS / "python"), program, service.address, token(new_id()), where=where)

    assert said.startswith("{'progress'")


def test_a_client_in_typescript_works_as_it_is_typed(service: Service, description: Path) -> None:
    generator, compiler = tool("openapi-typescript"), tool("tsc")
    where = description.parent / "typescript"
    where.mkdir()
    (where / "node_modules").symlink_to(NODE_MODULES)
    run(generator, str(description), "-o", "api.d.ts", where=where)
    shutil.copy(PROGRAMS / "program.ts", where)
    options = {"strict": True, "module": "nodenext", "target": "es2022", "lib": ["es2023", "dom"], "types": ["node"]}
    settings = {"compilerOptions": options | {"skipLibCheck": True}, "files": ["program.ts"]}
    (where / "tsconfig.json").write_text(json.dumps(settings))

    run(compiler, "--project", "tsconfig.json", where=where)
    said = run("node", "program.js", service.address, token(new_id()), where=where)

    assert list(json.loads(said)) == ["progress"]
