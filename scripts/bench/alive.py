"""Asks a service on PORT ten times a second whether it lives, and prints how many seconds each answer took.

A program of its own, so that whatever else is measured does not hold it up: python alive.py PORT.
"""

import http.client
import sys
import time

_EVERY_SECONDS = 0.1
_PATIENCE_SECONDS = 20.0


def main() -> None:
    """Ask until killed; an answer that does not come, or says no, is `inf`."""
    port = int(sys.argv[1])
    while True:
        began = time.perf_counter()
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_SECONDS)
            connection.request("GET", "/health/live")
            lives = connection.getresponse().status == 200
            connection.close()
        except (OSError, http.client.HTTPException):
            lives = False
        took = time.perf_counter() - began
        print(took if lives else "inf", flush=True)
        time.sleep(max(0.0, _EVERY_SECONDS - took))


if __name__ == "__main__":
    main()
