"""Stopping in time, whatever hangs: told to stop, the service is gone within ten seconds.

Requests have a few seconds, then the database a moment to be told; what still hangs then, as threads do that wait for
an answer of a database that stands still, is not waited for. What has been acknowledged is stored by then.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from math import inf
from types import FrameType

import uvicorn
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

logger = logging.getLogger("learntrack")

GRACE_SECONDS = 4
"""For requests under way."""
_WORKER_SECONDS = 6.0
"""For a worker, from when it was told."""
_SERVICE_SECONDS = 9.0
"""For the whole process with one worker, from when it was told, the engine included."""
_SAID_SECONDS = 60.0
"""How often it is said that workers do not stay: in an outage none can start, for as long as it lasts."""


class TimelyServer(uvicorn.Server):
    """uvicorn's server, whose process ends in time.

    Args:
        config: uvicorn's.
        last_resort: Is done when the process does not end by itself, before it is ended.

    """

    def __init__(self, config: uvicorn.Config, last_resort: Callable[[], None]) -> None:
        super().__init__(config)
        self._last_resort = last_resort
        self._told = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop."""
        super().handle_exit(sig, frame)
        if not self._told:
            self._told = True
            end = threading.Timer(_SERVICE_SECONDS, self._end)
            end.daemon = True
            end.start()

    def _end(self) -> None:
        logger.error("something hangs, probably the database: the service ends without it")
        self._last_resort()
        os._exit(0)


class TimelyWorkers(Multiprocess):
    """uvicorn's worker processes, which end in time; of one that dies the log says so."""

    _said = -inf

    def keep_subprocess_alive(self) -> None:
        """Start another worker for each that has died, hangs, or could not start.

        uvicorn gives up where one could not start; but this process has looked at the settings and has been in the
        database, so that it is the database that was away just then.
        """
        for number, worker in enumerate(self.processes):
            if self.should_exit.is_set():
                return
            if not worker.is_alive(timeout=self.config.timeout_worker_healthcheck):
                worker.kill()
                worker.join()
                self._say(worker.pid)
                self.processes[number] = Process(self.config, self.sockets)
                self.processes[number].start()

    def _say(self, pid: int | None) -> None:
        now = time.monotonic()
        if now - self._said >= _SAID_SECONDS:
            self._said = now
            logger.warning("worker %s ended, hung or could not start: it is started again", pid)

    def join_all(self) -> None:
        """Wait for the workers, which have been told to end, and kill those that hang."""
        deadline = time.monotonic() + _WORKER_SECONDS
        for worker in self.processes:
            worker.process.join(max(0.0, deadline - time.monotonic()))
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
