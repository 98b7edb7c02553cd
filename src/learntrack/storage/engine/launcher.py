"""Becomes the embedded engine, in such a way that the engine never outlives the service.

Run as a script by path: `launcher.py PARENT_PID COMMAND [ARGUMENT…]`. It asks the kernel for a SIGTERM at the
parent's death and then turns into COMMAND.
"""

import os
import signal
import sys


def die_with_parent() -> None:
    """Ask the kernel for a SIGTERM when the parent process ends, however it ends (Linux)."""
    if sys.platform != "linux":
        return
    import ctypes

    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


def main() -> None:
    """Replace this process by the engine."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    os.umask(0o077)  # what it stores is nobody else's to read
    # It is for the service, whoever else gets it. Blocked, because some engines do not leave it ignored.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    die_with_parent()
    if os.getppid() != parent:  # it died before the request took effect
        sys.exit(1)
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
