"""Which process this is, so that another one can tell whether it still lives.

A name of a host and a number of a process are not enough: in containers they are anything and 1.
"""

import os
import socket
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE = Path("/proc/self/ns/pid")
_MOUNTS = Path("/proc/self/mountinfo")
_GIVEN_TO_CONTAINERS = "/etc/hosts"
_UNSEEN = -2
"""Of a process that lives, but does not show when it began: /proc may be mounted with `hidepid`."""


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

        The same container with other numbers was started again. Without a container nothing can be told of another
        namespace: both may live.
        """
        if (self.machine, self.host) != (here.machine, here.host):
            return False
        if self.namespace != here.namespace:
            return " " in self.host
        return _start_of(self.pid) not in (self.process_start, _UNSEEN)


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
    """Which container it is that has these mounts (as in /proc/self/mountinfo); empty where it is none, or not known.

    Docker, Podman and Kubernetes give a container a file of the machine as its /etc/hosts, which stays when the
    container is started again. Containers that share their network have it together, those of a pod as well as those of
    `--network container:…`. Kubernetes tells them apart by name, in what else it mounts into each; for the others it is
    where the container's own layer is.
    """
    rows = [line.split() for line in mounts.splitlines()]
    hosts = next((row[3] for row in rows if len(row) > 4 and row[4] == _GIVEN_TO_CONTAINERS), "")
    own = hosts and (_name_in_pod(hosts, rows) or _own_layer(rows))
    return f"{hosts} {own}" if own else ""


def _name_in_pod(hosts: str, rows: Sequence[Sequence[str]]) -> str:
    """What a pod calls its container; empty where it is in none.

    Kubernetes mounts `…/pods/POD/containers/NAME/…` as what a container may say at its end, and all of its volumes from
    the pod's folder.
    """
    containers = f"{hosts.rpartition('/')[0]}/containers/"
    found = (row[3].removeprefix(containers) for row in rows if len(row) > 3 and row[3].startswith(containers))
    return next((name.partition("/")[0] for name in found), "")


def _own_layer(rows: Sequence[Sequence[str]]) -> str:
    """Where what the container itself writes is kept: it has that for itself, as long as it is there."""
    root = next((row for row in reversed(rows) if len(row) > 4 and row[4] == "/"), ["", "", "", "/"])
    options = root[-1].split(",")
    layer = next((option for option in options if option.startswith("upperdir=")), "")
    return layer or root[3].removeprefix("/")


def _start_of(pid: int) -> int:
    """When the process with this number began, in clock ticks; 0 where nothing tells it, -1 if there is none."""
    if not Path("/proc/self/stat").exists():
        return 0 if _is_alive(pid) else -1
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19])
    except (OSError, IndexError, ValueError):
        return _UNSEEN if _is_alive(pid) else -1


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
