"""A SIGHUP where there are no workers to replace."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from learntrack.serving.hang_up import hang_ups_held_back, heed_hang_up


@pytest.fixture
def told() -> Iterator[list[int]]:
    """The signals to stop that this process gets."""
    heard: list[int] = []
    before = {sig: signal.getsignal(sig) for sig in (signal.SIGHUP, signal.SIGTERM)}
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, lambda sig, _: heard.append(sig))
    yield heard
    for sig, handler in before.items():
        signal.signal(sig, handler)


@pytest.mark.parametrize(("terminal", "stops"), [(True, [signal.SIGTERM]), (False, [])])
def test_it_stops_the_service_where_its_terminal_closes_and_else_does_nothing(
    monkeypatch: pytest.MonkeyPatch, told: list[int], terminal: bool, stops: list[int]
) -> None:
    """A reload while the service started, or with one worker, ended it at once."""
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: terminal))
    heed_hang_up()
    signal.raise_signal(signal.SIGHUP)
    assert told == stops


def test_who_is_to_outlive_the_terminal_does(monkeypatch: pytest.MonkeyPatch, told: list[int]) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    heed_hang_up()
    signal.raise_signal(signal.SIGHUP)
    assert told == []


def test_who_only_starts_does_not_end_of_one() -> None:
    """A worker took a second until it left them to its parent, and a reload meanwhile ended it."""
    hangs_up = "import os, signal; os.kill(os.getpid(), signal.SIGHUP); print('goes on')"
    with hang_ups_held_back():
        started = subprocess.run([sys.executable, "-c", hangs_up], capture_output=True, text=True, check=False)
    assert started.stdout == "goes on\n"
    assert signal.SIGHUP not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
