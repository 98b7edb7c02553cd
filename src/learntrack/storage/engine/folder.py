"""The data folder: one service and one engine at a time, and nobody else's eyes."""

import fcntl
import json
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from learntrack.errors import StartError

_RELEASE_SECONDS = 3.0
"""How long an engine that was left behind may take to end by itself; it was told to when its service died."""
_KILLED_SECONDS = 10.0


class Folder:
    """A data folder that this process wants for itself.

    Args:
        path: Where it is; made, for its owner only, if it is not there.

    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._locks: list[IO[bytes]] = []

    @property
    def engine_lock(self) -> int:
        """The file by which an engine holds the folder for as long as it runs: it inherits it."""
        return self._locks[1].fileno()

    def take(self) -> None:
        """Take both locks: the service's own, and the engine's, which an engine left behind holds until it is gone.

        Such an engine has been told to end. One that does not is killed: the service's lock is ours, so it is nobody's.

        Raises:
            StartError: another service has the folder, or an engine that cannot be ended.
            OSError: it cannot be written.

        """
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._close_to_others()
        if not self._lock("service.lock"):
            raise StartError(f"The data folder {self.path} is in use by another learntrack.")
        self._lock_from_an_engine()

    def release(self) -> None:
        """Let others have the folder."""
        for lock in self._locks:
            lock.close()
        self._locks.clear()

    def note(self, **facts: str | int) -> None:
        """Write down where the engine listens, for commands beside the service and whoever comes next."""
        write_private(self.path / "engine.json", json.dumps(facts))

    def forget(self) -> None:
        """Remove the note again."""
        (self.path / "engine.json").unlink(missing_ok=True)

    def _lock(self, name: str) -> bool:
        file = (self.path / name).open("ab")
        self._locks.append(file)
        return try_lock(file)

    def _lock_from_an_engine(self) -> None:
        now = time.monotonic()
        kill_at, give_up_at = now + _RELEASE_SECONDS, now + _RELEASE_SECONDS + _KILLED_SECONDS
        free = self._lock("engine.lock")
        while not free:
            if time.monotonic() > kill_at:
                for pid in self._left_behind():
                    with suppress(ProcessLookupError, PermissionError):
                        os.kill(pid, signal.SIGKILL)
            if time.monotonic() > give_up_at:
                raise StartError(f"The data folder {self.path} is still in use by an engine that does not stop.")
            time.sleep(0.05)
            free = try_lock(self._locks[1])

    def _left_behind(self) -> list[int]:
        """The engines that hold the engine's lock (Linux)."""
        if sys.platform != "linux":
            return []
        lock = os.fstat(self.engine_lock)
        pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
        return [pid for pid in pids if _is_engine(pid) and _has_open(pid, lock)]

    def _close_to_others(self) -> None:
        """Take from others what an older release left open to them."""
        engine = self.path / "engine"
        known = [path for path in (engine, *self.path.glob("engine.log*")) if path.exists()]
        if known or (self.path / "service.lock").exists():
            known += [self.path, *(engine.rglob("*") if engine.is_dir() else ())]
        for path in known:
            with suppress(OSError):
                mode = path.stat().st_mode
                if mode & 0o077:
                    path.chmod(mode & 0o700)


def private(path: str, flags: int) -> int:
    """Opens a file that only its owner may read, where it is made."""
    return os.open(path, flags, 0o600)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    with open(new, "x", opener=private) as file:
        file.write(text)
    new.replace(path)


def try_lock(file: IO[bytes]) -> bool:
    """Lock a file for oneself, if nobody else has."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_engine(pid: int) -> bool:
    try:
        return b"--storage-path" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


def _has_open(pid: int, wanted: os.stat_result) -> bool:
    with suppress(OSError):
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                found = entry.stat()
                if (found.st_dev, found.st_ino) == (wanted.st_dev, wanted.st_ino):
                    return True
    return False
