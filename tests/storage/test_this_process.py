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


def test_a_container_that_was_started_again_is_gone() -> None:
    assert replace(HERE, pid=1, namespace=HERE.namespace + 1).is_gone(HERE)


@pytest.mark.parametrize("elsewhere", [{"machine": "another"}, {"host": "another"}])
def test_nothing_can_be_told_of_another_machine_or_container(elsewhere: dict[str, str], ended: int) -> None:
    """Both are process 1 of their own containers."""
    assert not replace(HERE, pid=ended, **elsewhere).is_gone(HERE)


DOCKER = """\
615 520 0:52 / / rw,relatime master:1 - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/AB
630 615 254:1 /var/lib/docker/containers/{0}/resolv.conf /etc/resolv.conf rw,relatime - ext4 /dev/vda1 rw
631 615 254:1 /var/lib/docker/containers/{0}/hostname /etc/hostname rw,relatime - ext4 /dev/vda1 rw
632 615 254:1 /var/lib/docker/containers/{0}/hosts /etc/hosts rw,relatime - ext4 /dev/vda1 rw
"""


def test_which_container_it_is_stands_in_its_mounts() -> None:
    assert container_in(DOCKER.format("a1")) == "/var/lib/docker/containers/a1/hosts"
    assert container_in("22 1 254:1 / / rw - ext4 /dev/vda1 rw\n\n") == container_in("") == ""


def test_two_containers_of_one_name_are_two_hosts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each ended the other's transactions, as if it had been started in its place."""
    mounts = tmp_path / "mountinfo"
    monkeypatch.setattr(this_process, "_MOUNTS", mounts)
    places = []
    for container in ("a1", "b2", "a1"):
        mounts.write_text(DOCKER.format(container))
        places.append(replace(this_place(), namespace=len(places), pid=1))

    first, other, again = places
    assert not other.is_gone(first)
    assert not first.is_gone(other)
    assert first.is_gone(again)
