"""Stopping in time, whatever hangs: told to stop, the service is gone within ten seconds.

Requests have a few seconds, then the database a moment to be told; what still hangs then, as threads do that wait for
an answer of a database that stands still, is not waited for. What has been acknowledged is stored by then.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from math import inf
from socket import socket
from types import FrameType

import uvicorn
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

from learntrack.serving.hang_up import hang_ups_held_back

_STOPPING = frozenset({signal.SIGINT, signal.SIGTERM})
logger = logging.getLogger("learntrack")

GRACE_SECONDS = 4
"""For requests under way."""
_WORKER_SECONDS = 6.0
"""For a worker, from when it was told."""
_SERVICE_SECONDS = 9.0
"""For the whole service, from when it was told, the engine included."""
_NEW_SECONDS = 120.0
"""For a worker to be there in another's place, and for a new one to say its first word."""
_OLD_SECONDS = 30.0
"""For a worker in whose place another is there: nobody waits for its end but those whom it answers."""
_WORD_SECONDS = 1.0
"""For a worker's word that it lives; one that is silent for longer is asked again."""
_LOOK_SECONDS = 0.05
_SAID_SECONDS = 60.0
"""How often it is said that workers do not stay: in an outage none can start, for as long as it lasts."""


class _End:
    """Ends this process when it does not end by itself in the time that a service has.

    Args:
        last_resort: Is done before.

    """

    def __init__(self, last_resort: Callable[[], None]) -> None:
        self._last_resort = last_resort
        self._is_coming = False

    def prepare(self) -> None:
        """Begin to wait, once; may be called by a signal's handler."""
        if not self._is_coming:
            self._is_coming = True
            timer = threading.Timer(_SERVICE_SECONDS, self._come)
            timer.daemon = True
            timer.start()

    def _come(self) -> None:
        logger.error("something hangs, probably the database: the service ends without it")
        self._last_resort()
        os._exit(0)


class TimelyServer(uvicorn.Server):
    """uvicorn's server, whose process ends in time.

    Args:
        config: uvicorn's.
        last_resort: Is done when the process does not end by itself, before it is ended.

    """

    def __init__(self, config: uvicorn.Config, last_resort: Callable[[], None]) -> None:
        super().__init__(config)
        self._end = _End(last_resort)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop."""
        super().handle_exit(sig, frame)
        self._end.prepare()


class TimelyWorkers(Multiprocess):
    """uvicorn's worker processes, which end in time as their parent does; of one that dies the log says so.

    Args:
        config: uvicorn's.
        sockets: What to listen on.
        last_resort: As of `TimelyServer`.

    """

    def __init__(self, config: uvicorn.Config, sockets: list[socket], last_resort: Callable[[], None]) -> None:
        super().__init__(config, sockets)
        self._end = _End(last_resort)
        for sig in _STOPPING:
            signal.signal(sig, self._hear)
        self._said = -inf
        self._silent_since: dict[Process, float] = {}
        self._heard: set[Process] = set()
        """Workers that have said a word; others may still be on their way to it."""
        self._leaving: list[Process] = []

    def init_processes(self) -> None:
        """Start the workers."""
        self.processes += [self._started() for _ in range(self.processes_num)]

    def handle_ttin(self) -> None:
        """Have one worker more."""
        self.processes_num += 1
        self.processes.append(self._started())

    def keep_subprocess_alive(self) -> None:
        """Start another worker for each that has died, hangs, or could not start.

        uvicorn gives up where one could not start; but this process has looked at the settings and has been in the
        database, so that it is the database that was away just then.
        """
        for number, worker in enumerate(self.processes):
            if self._is_told():
                return
            if not self._lives(worker):
                worker.kill()
                worker.join()
                self._forget(worker)
                self._say(worker.pid)
                self.processes[number] = self._started()

    def restart_all(self) -> None:
        """Replace the workers one by one: each is told to end when another is there in its place.

        uvicorn gives up where one could not start, see `keep_subprocess_alive`, and waits without an end for a worker
        that hangs when it is to end.
        """
        for number, worker in enumerate(self.processes):
            new = self._one_more()
            if new is None:
                return
            self.processes[number] = new
            self._part_with(worker)

    def handle_ttou(self) -> None:
        """Have one worker less, but never none; uvicorn waits without an end for one that hangs."""
        if self.processes_num > 1:
            self.processes_num -= 1
            self._part_with(self.processes.pop())

    def join_all(self) -> None:
        """Wait for the workers, which have been told to end, and kill those that hang."""
        deadline = time.monotonic() + _WORKER_SECONDS
        for worker in (*self.processes, *self._leaving):
            worker.process.join(max(0.0, deadline - time.monotonic()))
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()

    def _started(self) -> Process:
        worker = Process(self.config, self.sockets)
        with hang_ups_held_back():
            worker.start()
        return worker

    def _lives(self, worker: Process) -> bool:
        if worker.is_alive(timeout=_WORD_SECONDS):
            self._silent_since.pop(worker, None)
            self._heard.add(worker)
            return True
        now = time.monotonic()
        silent = now - self._silent_since.setdefault(worker, now)
        most = self.config.timeout_worker_healthcheck if worker in self._heard else _NEW_SECONDS
        return worker.exitcode is None and silent < most

    def _one_more(self) -> Process | None:
        """Another worker that is there; none where the service is to stop, or none was there in time."""
        end = time.monotonic() + _NEW_SECONDS
        while time.monotonic() < end and not self._is_told():
            worker = self._started()
            while worker.exitcode is None and not self._is_told() and time.monotonic() < end:
                if worker.is_ready(timeout=_WORD_SECONDS):
                    return worker
                time.sleep(_LOOK_SECONDS)
            worker.kill()
            worker.join()
        if not self._is_told():
            logger.error("no worker could start within %g s: those that are there stay", _NEW_SECONDS)
        return None

    def _forget(self, worker: Process) -> None:
        self._silent_since.pop(worker, None)
        self._heard.discard(worker)

    def _part_with(self, worker: Process) -> None:
        """Have a worker end, and kill it if it hangs; where the service is to stop, it ends with the others."""
        worker.terminate()
        self._leaving = [worker]
        if not self._goes(worker):
            if self._is_told():
                return
            logger.warning("worker %s hung when it was to end", worker.pid)
            worker.process.kill()
        worker.join()
        self._forget(worker)
        self._leaving = []

    def _goes(self, worker: Process) -> bool:
        end = time.monotonic() + _OLD_SECONDS
        while worker.exitcode is None and not self._is_told() and time.monotonic() < end:
            time.sleep(_LOOK_SECONDS)
        return worker.exitcode is not None

    def _is_told(self) -> bool:
        """Whether the service is to stop; uvicorn looks at its signals between two looks at the workers only."""
        return self.should_exit.is_set() or not _STOPPING.isdisjoint(self.signal_queue)

    def _hear(self, sig: int, _: FrameType | None) -> None:
        self._end.prepare()
        self.signal_queue.append(sig)

    def _say(self, pid: int | None) -> None:
        now = time.monotonic()
        if now - self._said >= _SAID_SECONDS:
            self._said = now
            logger.warning("worker %s ended, hung or could not start: it is started again", pid)
