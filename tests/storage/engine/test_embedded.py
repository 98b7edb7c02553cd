"""The engine comes up on a port that is its own, open to who has its password, and is kept answering."""

import os
import re
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from learntrack.storage import StartError
from learntrack.storage.engine import answering, embedded, ports
from learntrack.storage.engine.embedded import EmbeddedEngine, running_uri
from tests.engines import SECANTUSD_PY, lacking
from tests.pace import quickly
from tests.processes import free_port, until


@pytest.fixture(params=["embedded", "secantusd_py"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> EmbeddedEngine:
    if reason := lacking(request.param):
        pytest.skip(reason)
    return EmbeddedEngine(tmp_path / "data", SECANTUSD_PY if request.param == "secantusd_py" else None)


_one_engine = pytest.mark.parametrize("engine", ["embedded"], indirect=True)
"""Of what is done with the process, whichever engine it is."""


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody else listens."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield int(other.getsockname()[1])


def test_somebody_elses_port_is_not_taken_for_the_engines(
    engine: EmbeddedEngine, taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = free_port()
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
    monkeypatch.setattr(embedded, "_PORTS_TRIED", 2)

    with pytest.raises(StartError, match="stopped at once"):
        engine.start()

    assert engine.pid is None or not ports.is_served_by(taken, engine.pid)
    assert running_uri(engine.data_dir) is None


def test_who_has_no_password_reads_nothing_and_writes_nothing(engine: EmbeddedEngine) -> None:
    engine.start()
    try:
        anybody = MongoClient(f"mongodb://127.0.0.1:{engine.uri.rpartition(':')[2]}", serverSelectionTimeoutMS=10_000)
        with anybody, MongoClient(engine.uri, serverSelectionTimeoutMS=10_000) as service:
            service.school.learners.insert_one({"_id": "Ada"})
            for attempt in (
                anybody.school.learners.find_one,
                lambda: anybody.school.learners.insert_one({"_id": "Eve"}),
                anybody.list_database_names,
                lambda: anybody.admin.command("createUser", "eve", pwd="eve", roles=["root"]),
            ):
                with pytest.raises(OperationFailure, match="authentication"):
                    attempt()
            assert [row["_id"] for row in service.school.learners.find()] == ["Ada"]
    finally:
        engine.stop()


def test_a_password_that_does_not_fit_what_is_stored_is_made_anew(engine: EmbeddedEngine) -> None:
    engine.start()
    with MongoClient(engine.uri, serverSelectionTimeoutMS=10_000) as client:
        client.school.learners.insert_one({"_id": "Ada"})
    engine.stop()
    (engine.data_dir / "engine-password").write_text("of another folder")

    again = EmbeddedEngine(engine.data_dir, engine._program)
    again.start()
    try:
        with MongoClient(again.uri, serverSelectionTimeoutMS=10_000) as client:
            assert [row["_id"] for row in client.school.learners.find()] == ["Ada"]
    finally:
        again.stop()


@_one_engine
def test_nobody_asks_an_engine_any_more_that_is_to_end(engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver waits a while for one that has ended: a second of the ten in which a service stops."""
    engine.start()
    done: list[str] = []

    def noted(name: str, what: Callable[[], None]) -> Callable[[], None]:
        return lambda: (done.append(name), what())[1]

    assert engine._keeper is not None
    monkeypatch.setattr(engine._keeper._answers, "close", noted("closed", engine._keeper._answers.close))
    monkeypatch.setattr(engine.process, "terminate", noted("told to end", engine.process.terminate))

    engine.stop()

    assert done[:2] == ["closed", "told to end"]


def test_nobody_else_may_read_what_is_stored(engine: EmbeddedEngine) -> None:
    engine.start()
    engine.stop()

    for path in (engine.data_dir, *engine.data_dir.rglob("*")):
        if path.suffix != ".lock" and path.name != "engine-format.json":
            assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_hang_up_of_all_processes_does_not_reach_the_engine(engine: EmbeddedEngine) -> None:
    """One that has a handler of its own took it for the order to end."""
    engine.start()
    threads = [(each / "status").read_text() for each in Path(f"/proc/{engine.pid}/task").iterdir()]
    engine.stop()

    blocked = [int(mask, 16) for mask in re.findall(r"^SigBlk:\t([0-9a-f]+)$", "".join(threads), re.MULTILINE)]
    assert len(blocked) == len(threads) > 0
    assert all(mask & 1 << (signal.SIGHUP - 1) for mask in blocked)


@_one_engine
def test_an_engine_that_stands_still_is_started_again(engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "ASK_SECONDS", 0.05)
    monkeypatch.setattr(answering, "PATIENCE_MS", 200)
    start_again = engine.start_again

    def patiently_from_now_on() -> None:
        monkeypatch.setattr(answering, "SILENCE_SECONDS", 60.0)  # a second one may take its time
        start_again()

    monkeypatch.setattr(engine, "start_again", patiently_from_now_on)
    engine.start()
    try:
        hung = engine.pid
        assert hung is not None
        os.kill(hung, signal.SIGSTOP)
        monkeypatch.setattr(answering, "SILENCE_SECONDS", 0.5)
        until(lambda: engine.restarts > 0)
        with MongoClient(engine.uri, serverSelectionTimeoutMS=10_000) as client:
            assert client.admin.command("listDatabases")["ok"] == 1
        assert engine.pid != hung
    finally:
        engine.stop()


@_one_engine
def test_an_engine_that_is_killed_is_told_of(engine: EmbeddedEngine, caplog: pytest.LogCaptureFixture) -> None:
    engine.start()
    try:
        assert engine.pid is not None
        os.kill(engine.pid, signal.SIGKILL)
        until(lambda: engine.restarts > 0)
        assert "the embedded engine ended (signal 9): it is started again" in caplog.text
    finally:
        engine.stop()


@_one_engine
def test_an_engine_that_does_not_start_for_a_full_disk_says_so(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch, taken: int
) -> None:
    monkeypatch.setattr(embedded.ports, "free_port", lambda: taken)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(total=2**30, free=0))

    with pytest.raises(StartError, match=r"nearly full: 0 MB free\."):
        engine.start()


@_one_engine
def test_an_engine_that_stands_still_does_not_keep_the_service_from_stopping(engine: EmbeddedEngine) -> None:
    def stopped() -> tuple[float, None]:
        engine.start()
        assert engine.pid is not None
        os.kill(engine.pid, signal.SIGSTOP)
        began = time.monotonic()
        engine.stop()
        return time.monotonic() - began, None

    quickly(4, stopped)

    assert running_uri(engine.data_dir) is None


@_one_engine
def test_who_asked_an_engine_whether_it_answers_does_not_wait_for_it_once_it_has_ended(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The driver looked for the server, to tell it that its session had ended: each stop took three seconds longer."""
    monkeypatch.setattr(answering, "PATIENCE_MS", 300_000)
    engine.start()
    answers = answering.Answers(engine.uri)
    assert answers.silent_for() == 0
    engine.stop()

    closing = threading.Thread(target=answers.close, daemon=True)
    closing.start()
    closing.join(60)

    assert not closing.is_alive()
