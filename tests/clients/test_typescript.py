"""The client in TypeScript by itself: it compiles strictly, its tests pass, it is small, its types are the API's."""

import gzip
import runpy

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
    """Compressed, not even minified, without idb."""
    shipped = b"".join(file.read_bytes() for file in sorted((built() / "dist").glob("*.js")))

    assert len(gzip.compress(shipped, 9)) <= LARGEST


def test_its_types_are_those_of_the_api() -> None:
    tool("openapi-typescript")
    types = runpy.run_path(str(ROOT / "scripts" / "client-types"))["types"]

    assert types() == (ROOT / "clients" / "typescript" / "src" / "api.ts").read_text(), "run scripts/client-types"
