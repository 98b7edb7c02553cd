"""Services forked from a process that has read their modules: to read them anew takes longer than all else of a start.

That process has neither threads nor connections, and waits for what it is to start. Tests of starting itself start
programs instead, as an operator does.
"""

import atexit
import contextlib
import functools
import gc
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[1]
_READ = ("learntrack.commands.connected", "learntrack.serving.server", "uvicorn.lifespan.on", "uvicorn.loops.uvloop")


class Forked:
    """A process forked from another than this, with the methods of `subprocess.Popen` that tests need."""

    def __init__(self, parent: "_Preloaded", pid: int) -> None:
        self._parent = parent
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code, minus the signal's number for one that was killed; None while it runs."""
        if self.returncode is None:
            self.returncode = self._parent.ask(ended=self.pid)
        return self.returncode

    def wait(self, timeout: float = 60) -> int:
        """Its exit code, once it has ended."""
        end = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired(f"service {self.pid}", timeout)
            time.sleep(0.01)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


class _Preloaded:
    """The process that services are forked from; it ends with this one."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._asking = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from tests.preloaded import _serve; _serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=_ROOT,
            env=dict(environment),
            text=True,
        )
        atexit.register(self._end)

    def ask(self, **question: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._asking:
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        assert answer, "the process that services are forked from has ended"
        return json.loads(answer)

    def _end(self) -> None:
        with contextlib.suppress(OSError):
            self._process.communicate(timeout=20)


@functools.cache
def _preloaded() -> _Preloaded:
    """One for the whole run; without settings, and without what has a process measure coverage."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LEARNTRACK_", "COVERAGE_"))}
    return _Preloaded(kept)


def forked(command: list[str], environment: Mapping[str, str], out: Path, errors: Path | None = None) -> Forked:
    """Start a `learntrack` command in a session of its own, with this environment.

    What it says is added to `out`, and what it says on stderr to `errors`, by default there too.
    """
    parent = _preloaded()
    logs = [str(out), str(errors or out)]
    started = parent.ask(command=command, environment=dict(environment), logs=logs, folder=str(Path.cwd()))
    return Forked(parent, started)


def _serve() -> None:
    """Fork what is asked for and say how it ended, until nobody asks any more. In the fork, be the command."""
    import importlib

    for module in _READ:
        with contextlib.suppress(ModuleNotFoundError):  # uvloop is not for every system
            importlib.import_module(module)
    gc.freeze()  # what has been read is looked at by no fork's garbage collector, and so stays shared
    for line in sys.stdin:
        asked = json.loads(line)
        if "ended" in asked:
            answer = _ended(asked["ended"])
        else:
            assert threading.active_count() == 1, threading.enumerate()
            answer = os.fork()
            if answer == 0:
                _become(**asked)
        print(json.dumps(answer), flush=True)


def _ended(pid: int) -> int | None:
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


def _become(command: list[str], environment: dict[str, str], logs: list[str], folder: str) -> None:
    """Run the command as if this process had been started with it; does not return."""
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    for stream, path in enumerate([os.devnull, *logs]):
        file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
        os.dup2(file, stream)
        os.close(file)
    if any(name.startswith("COVERAGE_PROCESS_") for name in environment):
        import coverage

        coverage.process_startup()
    sys.argv = command
    from learntrack.commands import main

    main()
