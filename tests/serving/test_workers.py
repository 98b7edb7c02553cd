"""The parent of worker processes: it starts them again, replaces them one by one, and hears that it is to stop."""

import os
import signal
import threading
from collections.abc import Callable
from types import SimpleNamespace

import pytest
import uvicorn
from uvicorn.config import STARTUP_FAILURE

from learntrack.serving import stopping


class Clock:
    """Time that passes where somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Worker:
    """A worker process as its parent sees it.

    Args:
        clock: What waiting for it takes.
        exitcode: None as long as it lives.
        answers: Whether it says that it lives.
        ends: Whether it ends when it is told to.

    """

    def __init__(self, clock: Clock, exitcode: int | None = None, *, answers: bool = True, ends: bool = True) -> None:
        self.exitcode, self.pid, self.started, self.told, self.killed = exitcode, 1, False, False, False
        self._clock, self.answers, self._ends = clock, answers, ends
        self.process = SimpleNamespace(is_alive=lambda: self.exitcode is None, kill=self.kill, join=self._wait)

    def start(self) -> None:
        self.started = True

    def is_alive(self, timeout: float) -> bool:
        return self.exitcode is None and self.is_ready(timeout)

    def is_ready(self, timeout: float) -> bool:
        if not self.answers:
            self._clock.now += timeout
        return self.answers

    def terminate(self) -> None:
        self.told = True
        if self._ends:
            self.exitcode = 0

    def kill(self) -> None:
        self.killed = True
        self.exitcode = -signal.SIGKILL if self.exitcode is None else self.exitcode

    def join(self) -> None:
        assert self.exitcode is not None, "waits for ever"

    def _wait(self, seconds: float | None = None) -> None:
        if self.exitcode is None:
            assert seconds is not None, "waits for ever"
            self._clock.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(stopping, "time", clock)
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # uvicorn takes the signals of this process
    return clock


def workers_of(
    monkeypatch: pytest.MonkeyPatch, first: list[Worker], new: Callable[[], Worker]
) -> stopping.TimelyWorkers:
    monkeypatch.setattr(stopping, "Process", lambda *_: new())
    config = uvicorn.Config("nowhere:at_all", workers=len(first), timeout_worker_healthcheck=30)
    workers = stopping.TimelyWorkers(config, [], lambda: None)
    workers.processes = first  # type: ignore[assignment]
    return workers


@pytest.mark.parametrize("exitcode", [STARTUP_FAILURE, -signal.SIGKILL, 0])
def test_a_worker_that_ends_or_cannot_start_is_started_again(
    monkeypatch: pytest.MonkeyPatch, clock: Clock, exitcode: int
) -> None:
    """The whole service ended when the database was away while a worker started."""
    lives, gone, new = Worker(clock), Worker(clock, exitcode), Worker(clock)
    workers = workers_of(monkeypatch, [lives, gone], lambda: new)

    workers.keep_subprocess_alive()

    assert workers.processes == [lives, new]
    assert new.started
    assert not workers.should_exit.is_set()


def test_of_workers_that_cannot_start_a_line_a_minute(
    monkeypatch: pytest.MonkeyPatch, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    def failed() -> Worker:
        return Worker(clock, STARTUP_FAILURE)

    workers = workers_of(monkeypatch, [failed(), failed()], failed)

    for _ in range(150):  # ten minutes
        workers.keep_subprocess_alive()
        clock.now += 4

    assert caplog.text.count("could not start") == 10


def test_a_silent_worker_is_killed_after_its_time_and_others_are_looked_after_meanwhile(
    monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    """While it waited for the word of one that hangs, the parent did not hear for 30 s that it is to stop."""
    silent, new = Worker(clock), Worker(clock)
    workers = workers_of(monkeypatch, [silent], lambda: new)
    workers.keep_subprocess_alive()
    silent.answers = False

    longest = 0.0
    while workers.processes == [silent]:
        began = clock.now
        workers.keep_subprocess_alive()
        longest = max(longest, clock.now - began)
        clock.now += 0.5

    assert silent.killed
    assert 30 <= clock.now < 33
    assert longest <= 1


def test_a_worker_that_has_not_said_a_word_yet_may_take_longer(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """On a busy machine each was killed on its way, again and again, and the service never came up."""
    slow = Worker(clock, answers=False)
    workers = workers_of(monkeypatch, [slow], lambda: Worker(clock))
    while workers.processes == [slow]:
        workers.keep_subprocess_alive()
        clock.now += 0.5

    assert slow.killed
    assert 120 <= clock.now < 123


def test_a_worker_is_told_to_end_when_another_is_there(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    old, new = [Worker(clock), Worker(clock)], [Worker(clock), Worker(clock)]
    coming = iter(new)

    def one_more() -> Worker:
        worker = next(coming)
        assert [each.told for each in old] == [each in new for each in workers.processes], "one after the other"
        return worker

    workers = workers_of(monkeypatch, list(old), one_more)
    workers.restart_all()

    assert workers.processes == new
    assert all(worker.told and not worker.killed for worker in old)


def test_a_worker_that_hangs_when_it_is_to_end_is_killed_and_the_next_replaced(
    monkeypatch: pytest.MonkeyPatch, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """The parent waited for it without an end: the workers after it stayed, and none that died was started again."""
    hangs, good = Worker(clock, ends=False), Worker(clock)
    workers = workers_of(monkeypatch, [hangs, good], lambda: Worker(clock))

    workers.restart_all()

    assert hangs.killed
    assert good.told
    assert "hung when it was to end" in caplog.text


def test_one_worker_less_is_not_waited_for_where_it_hangs(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """The parent waited for it without an end, deaf to SIGTERM."""
    stays, hangs = Worker(clock), Worker(clock, ends=False)
    workers = workers_of(monkeypatch, [stays, hangs], lambda: Worker(clock))

    workers.handle_ttou()
    workers.handle_ttou()

    assert hangs.told
    assert hangs.killed
    assert workers.processes == [stays]
    assert not stays.told


def test_who_waits_for_one_worker_less_hears_that_the_service_is_to_stop(
    monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    stays, hangs = Worker(clock), Worker(clock, ends=False)
    workers = workers_of(monkeypatch, [stays, hangs], lambda: Worker(clock))
    workers.signal_queue.append(signal.SIGTERM)

    workers.handle_ttou()
    workers.terminate_all()
    workers.join_all()

    assert clock.now < 7
    assert hangs.killed


def test_a_restart_goes_on_when_workers_can_start_again(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """It ended when the database was away for the moment in which one started."""
    old, coming = [Worker(clock), Worker(clock)], [Worker(clock, STARTUP_FAILURE), Worker(clock), Worker(clock)]
    starting = iter(coming)
    workers = workers_of(monkeypatch, list(old), lambda: next(starting))

    workers.restart_all()

    assert workers.processes == coming[1:]
    assert all(worker.told for worker in old)


@pytest.mark.parametrize("exitcode", [STARTUP_FAILURE, None], ids=["it ends", "it hangs"])
def test_workers_stay_where_no_other_starts(
    monkeypatch: pytest.MonkeyPatch, clock: Clock, caplog: pytest.LogCaptureFixture, exitcode: int | None
) -> None:
    old, failed = [Worker(clock), Worker(clock)], list[Worker]()

    def no_other() -> Worker:
        clock.now += 2  # for its start
        failed.append(Worker(clock, exitcode, answers=False))
        return failed[-1]

    workers = workers_of(monkeypatch, list(old), no_other)
    workers.restart_all()

    assert workers.processes == old
    assert not any(worker.told for worker in old)
    assert all(worker.exitcode is not None for worker in failed)
    assert "no worker could start within 120 s" in caplog.text


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(("answers", "ends"), [(False, True), (True, False)], ids=["for a new one", "for an old one"])
def test_who_waits_in_a_restart_hears_that_the_service_is_to_stop(
    monkeypatch: pytest.MonkeyPatch, clock: Clock, told: signal.Signals, answers: bool, ends: bool
) -> None:
    """uvicorn hears it when all workers have been replaced."""
    old, new = [Worker(clock, ends=ends), Worker(clock)], []

    def one_more() -> Worker:
        new.append(Worker(clock, answers=answers))
        return new[-1]

    workers = workers_of(monkeypatch, list(old), one_more)
    sleep = clock.sleep

    def tell(seconds: float) -> None:
        sleep(seconds)
        workers.signal_queue.append(told)

    monkeypatch.setattr(clock, "sleep", tell)
    workers.restart_all()
    assert clock.now < 2
    began = clock.now
    workers.terminate_all()
    workers.join_all()
    assert clock.now - began < 7
    assert all(worker.exitcode is not None for worker in (*old, *new))


def test_the_service_ends_without_a_database_that_hangs(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """With several workers nothing bounded how long their parent waited for its engine, and the driver for its own."""
    handlers: dict[int, Callable[[int, None], None]] = {}
    monkeypatch.setattr(signal, "signal", lambda sig, handler: handlers.update({sig: handler}))
    timers: list[tuple[float, Callable[[], None]]] = []

    class Timer:
        def __init__(self, seconds: float, work: Callable[[], None]) -> None:
            timers.append((seconds, work))

        def start(self) -> None:
            pass

    done: list[object] = []
    monkeypatch.setattr(threading, "Timer", Timer)
    monkeypatch.setattr(os, "_exit", done.append)
    config = uvicorn.Config("nowhere:at_all", workers=2)
    stopping.TimelyWorkers(config, [], lambda: done.append("the engine is killed"))

    for sig in (signal.SIGTERM, signal.SIGTERM, signal.SIGINT):
        handlers[sig](sig, None)

    [(seconds, end)] = timers
    assert seconds < 10
    end()
    assert done == ["the engine is killed", 0]
