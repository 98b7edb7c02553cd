"""The engine comes up on a port that is its own."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from pymongo import MongoClient

from learntrack.storage import StartError
from learntrack.storage.engine import embedded, ports
from learntrack.storage.engine.embedded import EmbeddedEngine, running_uri
from tests.engines import SECANTUSD_PY, lacking


@pytest.fixture(params=["embedded", "secantusd_py"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> EmbeddedEngine:
    if reason := lacking(request.param):
        pytest.skip(reason)
    return EmbeddedEngine(tmp_path / "data", SECANTUSD_PY if request.param == "secantusd_py" else None)


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody else listens."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield int(other.getsockname()[1])


def test_somebody_elses_port_is_not_taken_for_the_engines(
    engine: EmbeddedEngine, taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = ports.free_port()
    offered = iter([taken, free])
    monkeypatch.setattr(embedded.ports, "free_port", lambda: next(offered))

    engine.start()
    try:
        assert engine.uri == running_uri(engine.data_dir)
        assert f":{free}/" in engine.uri
        with MongoClient(engine.uri, serverSelectionTimeoutMS=10_000) as client:
            assert client.admin.command("ping")["ok"] == 1
    finally:
        engine.stop()
    assert not ports.is_taken(free)


def test_an_engine_that_finds_no_port_at_all_is_a_failed_start(
    engine: EmbeddedEngine, taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded.ports, "free_port", lambda: taken)

    with pytest.raises(StartError, match="stopped at once"):
        engine.start()

    assert engine.pid is None or not ports.is_served_by(taken, engine.pid)
    assert running_uri(engine.data_dir) is None
