"""What the tests of commands share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from learntrack.storage.engine.embedded import EmbeddedEngine
from tests.commands.typed import Terminal
from tests.engines import lacking


@pytest.fixture
def engine(data_dir: Path, terminal: Terminal) -> Iterator[EmbeddedEngine]:
    """The engine of a service that runs on `data_dir`, in which nothing is stored yet."""
    if reason := lacking("embedded"):
        pytest.skip(reason)
    engine = EmbeddedEngine(data_dir)
    engine.start()
    try:
        terminal("migrate", MONGODB_URI=engine.uri)
        yield engine
    finally:
        engine.stop()
