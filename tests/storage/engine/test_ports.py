"""Whether it is the engine that listens on its port."""

import os
import socket
import sys

import pytest

from learntrack.storage.engine.ports import free_port, is_served_by, is_taken


def test_a_free_port_is_taken_once_somebody_listens() -> None:
    port = free_port()
    assert not is_taken(port)

    with socket.create_server(("127.0.0.1", port)):
        assert is_taken(port)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says who listens")
def test_it_is_told_who_listens() -> None:
    """Else a service could speak to whatever took the port before its engine did."""
    port = free_port()
    assert not is_served_by(port, os.getpid())

    with socket.create_server(("127.0.0.1", port)):
        assert is_served_by(port, os.getpid())
        assert not is_served_by(port, os.getppid())
