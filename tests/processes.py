"""Running the service as an operator does, as processes of their own.

Requests to it say `verify=False`: there is no TLS, and reading the certificates takes 23 ms of each client's making.
"""

import asyncio
import inspect
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import httpx

from tests.preloaded import Forked, forked
from tests.support import SECRET, Person

COMMAND = [str(Path(sys.executable).with_name("learntrack"))]
_PATIENT = {"LEARNTRACK_TRANSACTION_SECONDS": "20"}
"""A service of a test's own waits longer for its engine than the 4 s of others, so that a machine that stands still for
a while fails no test that is not about that; one that is says None.
"""


def environment(data_dir: Path, **more: str | None) -> dict[str, str]:
    """This environment with these settings and no others; None leaves one away that is there by default."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_not_theirs())}
    settings = {"LEARNTRACK_DATA_DIR": str(data_dir), "LEARNTRACK_JWT_SECRET": SECRET, **more}
    return kept | {name: value for name, value in settings.items() if value is not None}


def _not_theirs() -> tuple[str, ...]:
    """Variables that no process of a test gets: settings, and, but in tests of serving, what has it measure coverage.
    That takes a third of a second of each start, and shows of the other rooms nothing that their own tests do not.
    """
    return ("LEARNTRACK_",) if _of("tests/serving", "tests/commands") else ("LEARNTRACK_", "COVERAGE_")


def _of(*rooms: str) -> bool:
    """Whether the test that runs is one of these rooms."""
    return os.environ.get("PYTEST_CURRENT_TEST", "").startswith(rooms)


def learntrack(
    *arguments: str, data_dir: Path, expect: int = 0, **more: str | None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end: in tests of commands a program, in all others forked (see `Service`)."""
    command, settings = [*COMMAND, *arguments], environment(data_dir, **more)
    if _of("tests/commands"):
        done = subprocess.run(command, env=settings, capture_output=True, text=True, timeout=120, check=False)
    else:
        done = _run_forked(command, settings)
    assert done.returncode == expect, (done.returncode, done.stdout, done.stderr)
    return done


def _run_forked(command: list[str], settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    with TemporaryDirectory() as folder:
        out, errors = Path(folder) / "out", Path(folder) / "errors"
        process = forked(command, settings, out, errors)
        try:
            code = process.wait(120)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)  # else it would outlive the tests, in its session of its own
            raise
        return subprocess.CompletedProcess(command, code, out.read_text(), errors.read_text())


def refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """The command said what is in the way in one clear line, no traceback."""
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    for word in words:
        assert word in done.stderr


_PORTS = range(10_000, 32_768)
"""Ports that the system gives to nobody who asks for any: by default those are above."""
_chosen: list[socket.socket] = []


def free_port() -> int:
    """A port on which nobody listens, for as long as this process lives: one that the system had chosen was now and
    then another test's before a service listened on it, or while that was started again.
    """
    while True:
        port = random.choice(_PORTS)
        mine = socket.socket(socket.AF_UNIX)
        try:
            if sys.platform == "linux":
                mine.bind(f"\0learntrack tests {port}")  # a name that goes with this process
            with socket.create_server(("127.0.0.1", port)):
                _chosen.append(mine)
                return port
        except OSError:
            mine.close()


class Service:
    """`learntrack serve` as a process group of its own.

    `anew` it is a program, started as an operator does, `within` another command if need be. Else it is the same
    command, forked from a process that has read its modules: the same from there on, and more than a second sooner.
    """

    of_this_test: ClassVar[list["Service"]] = []
    """Those that have run during the test that runs: their logs are shown when it fails (see conftest)."""

    def __init__(
        self,
        data_dir: Path,
        *arguments: str,
        workers: int = 1,
        port: int | None = None,
        anew: bool = False,
        within: Sequence[str] = (),
        **more: str | None,
    ) -> None:
        self.data_dir = data_dir
        self.port = port or free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.workers = workers
        self._anew = anew
        self._command = [*within, *COMMAND, "serve", "--port", str(self.port), *arguments]
        self._environment = environment(data_dir, **_PATIENT | more)
        self.process: subprocess.Popen[bytes] | Forked | None = None
        self.log = data_dir.parent / f"service-{self.port}.log"

    def start(self, wait: bool = True) -> "Service":
        command = [*self._command, "--workers", str(self.workers)]
        if self._anew:
            with self.log.open("ab") as log:
                self.process = subprocess.Popen(
                    command, env=self._environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
                )
        else:
            self.process = forked(command, self._environment, self.log)
        if self not in self.of_this_test:
            self.of_this_test.append(self)
        if wait:
            self.wait_until_up()
        return self

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def last_words(self) -> str:
        """The end of what it has said, as much as a failed test shows."""
        return self.log.read_text(errors="replace")[-6000:] if self.log.exists() else ""

    def wait_until_up(self, seconds: float = 120) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            assert self.process is not None
            assert self.process.poll() is None, self.log.read_text()
            try:
                if httpx.get(f"{self.address}/health/live", timeout=5, verify=False).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.02)
        raise AssertionError(f"not up within {seconds} s: {self.log.read_text()}")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(60)

    def kill_everything(self) -> None:
        """kill -9 of the process group and of the engine, as a power cut would; returns when all of them are gone: a
        worker that dies more slowly than its parent listens until then.
        """
        assert self.process is not None
        group, engines = self.process.pid, self.engine_pids()
        os.killpg(group, signal.SIGKILL)
        for pid in engines:
            kill(pid)
        self.process.wait(60)
        until(lambda: not any(alive(pid) for pid in (*engines, *_group(group))))

    def uri(self) -> str:
        """Where its embedded engine listens."""
        return str(json.loads((self.data_dir / "engine.json").read_text())["uri"])

    def engine_pids(self) -> list[int]:
        return [
            pid
            for pid in _pids()
            if str(self.data_dir / "engine") in _command_line(pid) and "--storage-path" in _command_line(pid)
        ]

    def worker_pids(self) -> list[int]:
        assert self.process is not None
        return [pid for pid in _pids() if _parent(pid) == self.process.pid and "spawn_main" in _command_line(pid)]

    def __enter__(self) -> "Service":
        return self.start()

    def __exit__(self, *_: Any) -> None:
        if self.runs:
            self.kill_everything()

    def send(self, method: str, path: str, by: Person, key: str | None = None, **more: Any) -> httpx.Response:
        """Ask; with a key, what is asked again after no answer is done once."""
        headers = by.headers if key is None else by.headers | {"Idempotency-Key": key}
        return httpx.request(method, self.address + path, headers=headers, timeout=60, verify=False, **more)


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def here(seconds: float) -> float:
    """So many seconds of a machine of its own: one that has more to do than processors gives each its share, later."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def in_time(seconds: float) -> float:
    """The end of what takes so many seconds on a machine of its own, and much longer without its rule."""
    return max(20.0, here(seconds))


def until(state: Callable[[], object], seconds: float = 60) -> None:
    """Wait for a state."""
    deadline = time.monotonic() + seconds
    while not state():
        assert time.monotonic() < deadline, f"not so within {seconds} s: {_said(state)}"
        time.sleep(0.01)


def _said(state: Callable[[], object]) -> str:
    """What is waited for, in the words of the test."""
    try:
        return inspect.getsource(state).strip()
    except (OSError, TypeError):  # it was made otherwise than in a file
        return repr(state)


async def when(state: Callable[[], object], seconds: float = 60) -> None:
    """Wait for a state while other tasks go on."""
    await asyncio.to_thread(until, state, seconds)


def alive(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def processor_seconds(pid: int) -> float:
    """What a process and those of its children that have ended have used of the processor."""
    fields = (Path("/proc") / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def wait_until_gone(pids: list[int], seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while any(map(alive, pids)):
        assert time.monotonic() < deadline, [_command_line(pid) for pid in pids if alive(pid)]
        time.sleep(0.02)


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _command_line(pid: int) -> str:
    try:
        return (Path("/proc") / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def _parent(pid: int) -> int:
    return _number_in_stat(pid, 1)


def _group(group: int) -> list[int]:
    """The processes of a process group."""
    return [pid for pid in _pids() if _number_in_stat(pid, 2) == group]


def _number_in_stat(pid: int, place: int) -> int:
    """A number behind the name in /proc/PID/stat; -1 of a process that is gone."""
    try:
        return int((Path("/proc") / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()[place])
    except OSError:
        return -1
