"""The service under measurement as processes of its own, and what they cost."""

import contextlib
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from learntrack.access.tokens import issue
from learntrack.settings import Settings

SECRET = "a secret for measurements, long enough for HS256"

# Not the installed script, because a revision to compare with may be older than it: its command was in learntrack.cli.
_START = """
try:
    from learntrack.commands import main
except ModuleNotFoundError:
    from learntrack.cli import main
main()
"""
_COMMAND = [sys.executable, "-c", _START]


def token(user: str, *, superuser: bool = False) -> str:
    """A token that the measured service accepts."""
    return issue(SECRET, user, superuser=superuser, ttl=timedelta(days=1), settings=Settings())


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Service:
    """A running service: where it listens, and its processes."""

    port: int
    process: subprocess.Popen[bytes]
    data_dir: Path
    engine: list[int] = field(default_factory=list)

    @property
    def uri(self) -> str:
        """Where its embedded engine listens."""
        return str(json.loads((self.data_dir / "engine.json").read_text())["uri"])

    def cpu(self) -> dict[str, float]:
        """Seconds of CPU time so far, of the service and of the embedded engine."""
        return {
            "service": sum(map(_cpu, _family(self.process.pid, without=self.engine))),
            "engine": sum(map(_cpu, self.engine)),
        }

    def rss(self) -> dict[str, float]:
        """Resident memory in MB, of the service and of the embedded engine."""
        return {
            "service": sum(map(_rss, _family(self.process.pid, without=self.engine))),
            "engine": sum(map(_rss, self.engine)),
        }


@contextlib.contextmanager
def service(
    *, workers: int = 1, data_dir: Path | None = None, environment: dict[str, str] | None = None
) -> Iterator[Service]:
    """`learntrack serve` on an embedded engine of its own, which ends with whoever asks for it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # else nothing below is ended
    with tempfile.TemporaryDirectory(prefix="learntrack-bench-") as temporary:
        folder = data_dir or Path(temporary) / "data"
        port = free_port()
        command = [*_COMMAND, "serve", "--port", str(port), "--workers", str(workers)]
        known = {"LEARNTRACK_DATA_DIR": str(folder), "LEARNTRACK_JWT_SECRET": SECRET} | (environment or {})
        process = subprocess.Popen(command, env=os.environ | known, stdout=subprocess.DEVNULL, start_new_session=True)
        try:
            running = Service(port, process, folder)
            _wait_until_up(running)
            running.engine = [pid for pid in _pids() if str(folder / "engine") in _command_line(pid)]
            yield running
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def own_cpu() -> float:
    """Seconds of CPU time of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _wait_until_up(running: Service) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if running.process.poll() is not None:
            raise SystemExit("the service did not start")
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{running.port}/schema/openapi.json", timeout=5).read()
            return
        time.sleep(0.05)
    raise SystemExit("the service did not come up")


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _command_line(pid: int) -> str:
    with contextlib.suppress(OSError):
        return (Path("/proc") / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


def _stat(pid: int) -> list[str]:
    with contextlib.suppress(OSError):
        return (Path("/proc") / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()
    return []


def _family(pid: int, *, without: list[int]) -> list[int]:
    children = [other for other in _pids() if (stat := _stat(other)) and int(stat[1]) == pid and other not in without]
    return [pid, *(descendant for child in children for descendant in _family(child, without=without))]


def _cpu(pid: int) -> float:
    """Seconds of CPU time of a process by its own clock, as clock_getcpuclockid(3) names it: /proc counts in ticks."""
    with contextlib.suppress(OSError):
        return time.clock_gettime((~pid << 3) | 2)
    return 0.0


def _rss(pid: int) -> float:
    stat = _stat(pid)
    return int(stat[21]) * os.sysconf("SC_PAGE_SIZE") / 2**20 if stat else 0.0
