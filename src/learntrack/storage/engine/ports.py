"""The engine's port on this machine: one that is free, and whether the engine listens on it.

Not every engine says where it listens, so the port is chosen for it and asked about.
"""

import os
import socket
import sys
from pathlib import Path

_LISTENING = "0A"


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now; somebody else may take it before the engine does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_taken(port: int) -> bool:
    """Whether somebody listens on the port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def is_served_by(port: int, pid: int) -> bool:
    """Whether this process listens on the port; where the system does not tell (not Linux), whether anybody does."""
    if not is_taken(port):  # quick to ask; the table of all connections of a busy machine is not
        return False
    if sys.platform != "linux":
        return True
    sockets = {f"socket:[{inode}]" for inode in _inodes_listening_on(port)}
    return not sockets.isdisjoint(_open_files(pid))


def _inodes_listening_on(port: int) -> set[str]:
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {row[9] for row in rows if row[1].endswith(f":{port:04X}") and row[3] == _LISTENING}


def _open_files(pid: int) -> set[str]:
    files: set[str] = set()
    try:
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            files.add(os.readlink(entry))
    except OSError:
        return files  # it has just ended, or closed a file
    return files
