"""What the tests of commands share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from learntrack.storage.engine.embedded import EmbeddedEngine
from tests.commands.typed import Terminal
from tests.engines import lacking
from tests.support import SECRET


@pytest.fixture
def terminal(data_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """Where commands are typed, set for a service on `data_dir`."""
    monkeypatch.setenv("LEARNTRACK_JWT_SECRET", SECRET)
    monkeypatch.setenv("LEARNTRACK_DATA_DIR", str(data_dir))
    return Terminal(monkeypatch, capsys)


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
