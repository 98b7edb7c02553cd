"""The engine's keeper: brings the engine back when it has ended or hangs, as long as the service runs."""

import logging
import subprocess
import threading
import time
from math import inf
from typing import Protocol

from learntrack.errors import StartError
from learntrack.storage.engine import answering

logger = logging.getLogger("learntrack")

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
"""Seconds until an engine that has ended is started again, and how far they grow while it does not stay."""
_WORKS_SECONDS = 10.0
"""An engine that has run for so long was there, and did not just fail again."""
_SAID_SECONDS = 60.0
"""How often the same is said: nobody reads a line every two seconds, and over a night they fill a disk."""


class Kept(Protocol):
    """What has to be known of an engine."""

    restarts: int

    @property
    def uri(self) -> str:
        """Where it listens."""
        ...

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The one that was started last."""
        ...

    def start_again(self) -> None:
        """Start it, after it has ended."""
        ...

    def rotate_log(self) -> None:
        """Keep what it writes about itself small."""
        ...


class Keeper:
    """Keeps an engine alive and answering.

    Args:
        engine: The engine, which runs.
        stopping: Is set when it is to end, and stay so.

    """

    def __init__(self, engine: Kept, stopping: threading.Event) -> None:
        self._engine = engine
        self._stopping = stopping
        self._away = False
        self._said: dict[str, float] = {}
        self._answers = answering.Answers(engine.uri)

    def ask_no_more(self) -> None:
        """Close the connection: before the engine ends, because the driver waits a while for one that has."""
        self._answers.close()

    def run(self) -> None:
        """Bring the engine back whenever it is gone. Whatever goes wrong meanwhile, the keeper goes on."""
        pause = _FIRST_PAUSE
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                self._wait_while_it_works()
                if time.monotonic() - began > _WORKS_SECONDS:
                    pause = _FIRST_PAUSE
                if self._stopping.wait(pause):
                    break
                pause = min(pause * 2, _LONGEST_PAUSE)
                self._start_again()
            except Exception as error:
                self._say("the keeper of the embedded engine goes on after an unexpected error", exc_info=error)
                self._stopping.wait(_LONGEST_PAUSE)
        self.ask_no_more()

    def _start_again(self) -> None:
        if not self._away:
            self._say("the embedded engine ended (%s): it is started again", ending(self._engine.process.returncode))
        self._away = True
        try:
            self._engine.start_again()
        except (StartError, OSError) as error:
            self._say("the embedded engine does not come back yet: %s", error)
        else:
            self._away = False
            self._say("the embedded engine is back")

    def _say(self, what: str, *more: object, exc_info: Exception | None = None) -> None:
        now = time.monotonic()
        if now - self._said.get(what, -inf) >= _SAID_SECONDS:
            self._said[what] = now
            logger.warning(what, *more, exc_info=exc_info)

    def _wait_while_it_works(self) -> None:
        """Return when the engine has ended; one that does not answer any more is ended."""
        process = self._engine.process
        self._answers.begin_again()
        while process.poll() is None:
            try:
                process.wait(answering.ASK_SECONDS)
            except subprocess.TimeoutExpired:
                self._engine.rotate_log()
                if self._stopping.is_set() or self._answers.silent_for() < answering.SILENCE_SECONDS:
                    continue
                self._say("the embedded engine has not answered for %.0f s: it is ended", answering.SILENCE_SECONDS)
                process.kill()
                process.wait()


def ending(code: int) -> str:
    """How a process ended, by its exit code."""
    return f"signal {-code}" if code < 0 else f"exit code {code}"
