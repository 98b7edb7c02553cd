"""The keeper brings an engine back, whatever goes wrong meanwhile, and says no more of it than somebody reads."""

import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from learntrack.storage import StartError
from learntrack.storage.engine import keeper
from learntrack.storage.engine.keeper import Keeper


class Engine:
    """An engine that has ended; each further start does what is next in `starts`."""

    uri = "mongodb://127.0.0.1:1/"

    def __init__(self, *starts: Callable[[], None]) -> None:
        self.process = subprocess.Popen([sys.executable, "-c", ""])
        self.process.wait()
        self.restarts = 0
        self.stopping = threading.Event()
        self._starts = list(starts)

    def start_again(self) -> None:
        self.restarts += 1
        if len(self._starts) == 1:
            self.stopping.set()
        self._starts.pop(0)()

    def rotate_log(self) -> None:
        pass


def fails(error: Exception) -> Callable[[], None]:
    def start() -> None:
        raise error

    return start


def comes_back() -> None:
    pass


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "_FIRST_PAUSE", 0.0)
    monkeypatch.setattr(keeper, "_LONGEST_PAUSE", 0.0)


def kept(engine: Engine) -> None:
    """The keeper's whole life, in this thread: it ends with the last of the engine's starts."""
    Keeper(engine, engine.stopping).run()


@pytest.mark.parametrize(
    "error", [ValueError("no number"), KeyError("x"), MemoryError(), AssertionError(), OSError(28)]
)
def test_no_error_ends_the_keeper(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    engine = Engine(fails(error), fails(error), comes_back)

    kept(engine)

    assert engine.restarts == 3
    assert type(error).__name__ in caplog.text or str(error) in caplog.text
    assert "the embedded engine is back" in caplog.text


def test_an_error_while_an_engine_works_does_not_start_a_second_one(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def broken(self: Keeper) -> None:
        asked.append(1)
        if len(asked) == 3:
            engine.stopping.set()
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(Keeper, "_wait_while_it_works", broken)
    engine = Engine(comes_back)

    kept(engine)

    assert (len(asked), engine.restarts) == (3, 0)


def test_of_an_engine_that_stays_away_a_line_a_minute(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hours of tries, one each 2 s or so."""
    tries, now = 3600, [0.0]
    monkeypatch.setattr(keeper, "time", SimpleNamespace(monotonic=lambda: now[0]))

    def away() -> None:
        now[0] += 2
        raise StartError("No space left on device")

    with caplog.at_level(logging.WARNING):
        kept(Engine(*[away] * tries, comes_back))

    lines = [record.getMessage() for record in caplog.records if record.name == "learntrack"]
    away_lines = [line for line in lines if line.startswith("the embedded engine does not come back yet")]
    assert 110 <= len(away_lines) <= 121
    assert len(lines) <= len(away_lines) + 2


def test_of_an_engine_that_ends_as_soon_as_it_is_there_a_line_a_minute(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(keeper, "time", SimpleNamespace(monotonic=lambda: now[0]))

    def there_for_a_moment() -> None:
        now[0] += 2

    kept(Engine(*[there_for_a_moment] * 3600))

    assert len([record for record in caplog.records if record.name == "learntrack"]) <= 250
