"""Whether another process still lives, as far as this one can tell."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from learntrack.storage.this_process import this_place

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
