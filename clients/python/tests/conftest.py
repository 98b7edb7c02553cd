"""What the tests of a client stand on."""

from pathlib import Path

import pytest
from played import Played


@pytest.fixture
def played() -> Played:
    return Played()


@pytest.fixture
def queue(tmp_path: Path) -> Path:
    return tmp_path / "queue.sqlite3"
