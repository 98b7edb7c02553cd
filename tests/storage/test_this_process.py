"""Whether another process still lives, as far as this one can tell."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from learntrack.storage import this_process
from learntrack.storage.this_process import container_in, this_place

HERE = this_place()


@pytest.fixture
def ended() -> int:
    """The number of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_this_process_lives() -> None:
    assert HERE.pid == os.getpid()
    assert not HERE.is_gone(this_place())


def test_a_process_that_ended_is_gone(ended: int) -> None:
    assert replace(HERE, pid=ended).is_gone(HERE)


@pytest.mark.skipif(sys.platform != "linux", reason="the start of a process is told by /proc")
def test_a_number_that_is_used_again_is_another_process() -> None:
    assert replace(HERE, process_start=HERE.process_start - 1).is_gone(HERE)


@pytest.mark.skipif(sys.platform != "linux", reason="the start of a process is told by /proc")
def test_of_a_process_that_may_not_be_looked_at_nothing_can_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """/proc hides others' processes where it is mounted so; that they live is told all the same."""
    with monkeypatch.context() as patched:
        patched.setattr(this_process.Path, "read_text", lambda _: (_ for _ in ()).throw(FileNotFoundError))
        assert not replace(HERE, process_start=HERE.process_start - 1).is_gone(HERE)


def test_another_namespace_without_a_container_may_live() -> None:
    """`unshare --pid` and others give one to a process without any container that could be told."""
    here = replace(HERE, host="here")
    assert not replace(here, pid=1, namespace=HERE.namespace + 1).is_gone(here)


@pytest.mark.parametrize("elsewhere", [{"machine": "another"}, {"host": "another"}])
def test_nothing_can_be_told_of_another_machine_or_container(elsewhere: dict[str, str], ended: int) -> None:
    """Both are process 1 of their own containers."""
    assert not replace(HERE, pid=ended, **elsewhere).is_gone(HERE)


DOCKER = """\
615 520 0:52 / / rw,relatime master:1 - overlay overlay rw,lowerdir=/docker/l/AB,upperdir=/docker/overlay2/{1}/diff
630 615 254:1 /var/lib/docker/containers/{0}/resolv.conf /etc/resolv.conf rw,relatime - ext4 /dev/vda1 rw
631 615 254:1 /var/lib/docker/containers/{0}/hostname /etc/hostname rw,relatime - ext4 /dev/vda1 rw
632 615 254:1 /var/lib/docker/containers/{0}/hosts /etc/hosts rw,relatime - ext4 /dev/vda1 rw
"""
BTRFS = """\
615 520 0:52 /@/docker/btrfs/subvolumes/{1} / rw,relatime - btrfs /dev/vda1 rw,subvolid=300
632 615 254:1 /docker/containers/{0}/hosts /etc/hosts rw,relatime - btrfs /dev/vda1 rw
"""
POD = """\
900 520 0:52 / / rw,relatime - overlay overlay rw,lowerdir=/snapshots/1/fs,upperdir=/snapshots/{2}/fs,workdir=/w
905 900 0:60 / /dev rw,nosuid - tmpfs tmpfs rw
910 905 254:1 /var/lib/kubelet/pods/{0}/containers/{1}/{2} /dev/termination-log rw,relatime - ext4 /dev/vda1 rw
911 900 254:1 /var/lib/kubelet/pods/{0}/volumes/kubernetes.io~empty-dir/data /data rw,relatime - ext4 /dev/vda1 rw
912 900 254:1 /var/lib/kubelet/pods/{0}/etc-hosts /etc/hosts rw,relatime - ext4 /dev/vda1 rw
"""


@pytest.mark.parametrize(
    "mounts",
    [
        "",
        "22 1 254:1 / / rw - ext4 /dev/vda1 rw\n\n",
        "22 1 0:52 / / rw - fuse.fuse-overlayfs fuse-overlayfs rw\n23 22 254:1 /a1/hosts /etc/hosts rw - ext4 x rw\n",
    ],
    ids=["nothing", "no container", "a layer that is not told"],
)
def test_no_container_is_named_where_it_is_not_known_which(mounts: str) -> None:
    assert container_in(mounts) == ""


@pytest.mark.parametrize(
    ("mounts", "first", "other", "again"),
    [
        (DOCKER, ("a1", "f1"), ("b2", "f2"), ("a1", "f1")),
        (DOCKER, ("a1", "f1"), ("a1", "f2"), ("a1", "f1")),
        (BTRFS, ("a1", "f1"), ("a1", "f2"), ("a1", "f1")),
        (POD, ("p1", "api", "1"), ("p2", "api", "2"), ("p1", "api", "3")),
        (POD, ("p1", "api", "1"), ("p1", "second", "2"), ("p1", "api", "3")),
    ],
    ids=["one name", "one network", "one network on btrfs", "one name in two pods", "one pod"],
)
def test_two_containers_that_look_alike_are_two(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    mounts: str,
    first: tuple[str, ...],
    other: tuple[str, ...],
    again: tuple[str, ...],
) -> None:
    """Each ended the other's transactions, as if it had been started in its place; one that was has to."""
    shown = tmp_path / "mountinfo"
    monkeypatch.setattr(this_process, "_MOUNTS", shown)
    places = []
    for container in (first, other, again):
        shown.write_text(mounts.format(*container))
        places.append(replace(this_place(), namespace=len(places), pid=1))

    assert not places[1].is_gone(places[0])
    assert not places[0].is_gone(places[1])
    assert places[0].is_gone(places[2])
