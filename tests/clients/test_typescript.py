"""The client in TypeScript by itself: it compiles strictly, its tests pass, it is small, its types are the API's."""

import gzip
import json
import runpy
from pathlib import Path

import pytest

from tests.clients.typescript import ROOT, built, run, tool

LARGEST = 12 * 1024

pytestmark = pytest.mark.timeout(240)


def test_its_own_tests_pass() -> None:
    said = run(
        "node", "--test", "--test-reporter=tap", "build/test/", where=built(), PLAN=str(ROOT / "clients" / "plan")
    )

    assert "\n# fail 0" in said
    assert "\n# skipped 0" in said


def test_it_is_small() -> None:
    """As it is published (without blanks, with all its names), compressed, without idb."""
    shipped = b"".join(file.read_bytes() for file in sorted((built() / "dist").glob("*.js")))

    assert len(gzip.compress(shipped, 9)) <= LARGEST


def test_what_its_package_names_is_built_before_it_is_packed() -> None:
    package = json.loads((ROOT / "clients" / "typescript" / "package.json").read_text())
    named = [package["main"], package["types"], *package["exports"]["."].values()]

    assert {Path(name).name.split(".")[0] for name in named} == {"index"}  # index.js and index.d.ts
    assert all((built() / name.replace(".d.ts", ".js")).exists() for name in named)
    assert package["scripts"]["prepack"] == "npm run build"


def test_its_types_are_those_of_the_api() -> None:
    tool("openapi-typescript")
    types = runpy.run_path(str(ROOT / "scripts" / "client-types"))["types"]

    assert types() == (ROOT / "clients" / "typescript" / "src" / "api.ts").read_text(), "run scripts/client-types"
