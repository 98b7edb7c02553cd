"""Which process this is, so that another one can tell whether it still lives.

A name of a host and a number of a process are not enough: in containers they are anything and 1.
"""

import os
import socket
import uuid
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE = Path("/proc/self/ns/pid")
_MOUNTS = Path("/proc/self/mountinfo")
_GIVEN_TO_CONTAINERS = "/etc/hosts"


@dataclass(slots=True, frozen=True)
class ProcessPlace:
    """Where a process runs.

    `machine` is the machine since its last start, `host` its name as the process sees it, and of a container also which
    one it is, as another may have its name. `namespace` is within what `pid` counts, and `process_start` when it began
    (clock ticks), as numbers are used again.
    """

    machine: str
    host: str
    namespace: int
    pid: int
    process_start: int

    def is_gone(self, here: "ProcessPlace") -> bool:
        """Whether a process that ran there is certainly no more, as far as one that runs `here` can tell.

        The same host with other numbers is a container that was started again.
        """
        if (self.machine, self.host) != (here.machine, here.host):
            return False
        return self.namespace != here.namespace or _start_of(self.pid) != self.process_start


@cache
def machine() -> str:
    """This machine since its last start."""
    return _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else f"{uuid.getnode():x}"


def this_place() -> ProcessPlace:
    """Where this process runs."""
    pid = os.getpid()
    namespace = _NAMESPACE.stat().st_ino if _NAMESPACE.exists() else 0
    mounts = _MOUNTS.read_text() if _MOUNTS.exists() else ""
    host = f"{socket.gethostname()} {container_in(mounts)}".strip()
    return ProcessPlace(machine(), host, namespace, pid, _start_of(pid))


def container_in(mounts: str) -> str:
    """Which container it is that has these mounts (as in /proc/self/mountinfo); empty where it is none.

    Docker, Podman and Kubernetes give a container a file of the machine as its /etc/hosts. It stays when the container
    is started again, and no other container (in Kubernetes, no other pod) has it.
    """
    rows = [line.split() for line in mounts.splitlines()]
    return next((row[3] for row in rows if len(row) > 4 and row[4] == _GIVEN_TO_CONTAINERS), "")


def _start_of(pid: int) -> int:
    """When the process with this number began, in clock ticks; 0 where that is not told, -1 if there is none."""
    if not Path("/proc/self/stat").exists():
        return 0 if _is_alive(pid) else -1
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19])
    except (OSError, IndexError, ValueError):
        return -1


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
