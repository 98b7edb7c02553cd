"""A package whose licence nobody has looked at stops the build."""

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
unlisted = runpy.run_path(str(ROOT / "scripts" / "check-licences"))["unlisted"]
RULES = """
# comment
MIT
Apache-2.0
BSD License
engine: GPL-2.0-only    a separate program
"""


@pytest.mark.parametrize(
    ("name", "licence", "fine"),
    [
        ("a", "MIT", True),
        ("a", "MIT AND Apache-2.0", True),
        ("a", "BSD License; MIT", True),
        ("a", "GPL-3.0-only OR MIT", True),
        ("engine", "GPL-2.0-only", True),
        ("a", "MIT\n\nPermission is hereby granted", True),
        ("a", "GPL-2.0-only", False),
        ("a", "MIT AND GPL-2.0-only", False),
        ("engine", "AGPL-3.0-only", False),
        ("a", "UNKNOWN", False),
        ("a", "separate program", False),
    ],
)
def test_only_listed_licences_pass(name: str, licence: str, fine: bool) -> None:
    assert (unlisted({name: licence}, RULES) == {}) is fine
