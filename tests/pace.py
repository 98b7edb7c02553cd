"""How slow the machine is just now, so that what is promised in seconds can be tested on a busy one."""

import hashlib
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

_WORK = bytes(2 * 1024 * 1024)
_SECONDS = 0.0025
"""What the work takes on a machine of its own of the kind that the promises were made for."""
_PAUSE_SECONDS = 0.03


class Pace:
    """Does the same small work again and again beside what is measured, a tenth of one processor's time.

    The load average would be that of the last minute, and tells nothing of a slow processor.
    """

    def __init__(self) -> None:
        self._over = threading.Event()
        self._taken: list[float] = []
        self._beside = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Self:
        self._beside.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._beside.join()

    def here(self, seconds: float) -> float:
        """What takes so many seconds on a machine of its own, on this one as it was meanwhile."""
        return seconds * max(1.0, sum(self._taken) / len(self._taken) / _SECONDS)

    def _work(self) -> None:
        while not self._taken or not self._over.is_set():
            began = time.perf_counter()
            hashlib.blake2b(_WORK).digest()  # without the interpreter's lock, so that it waits for processors only
            self._taken.append(time.perf_counter() - began)
            self._over.wait(_PAUSE_SECONDS)


def quickly(seconds: float, look: Callable[[], tuple[float, Any]], tries: int = 5) -> Any:
    """What `look` finds, which once takes less than so many seconds of a machine of its own.

    A machine that has other things to do is now and then late; what has to be waited for is so each time.
    """
    taken = []
    for _ in range(tries):
        with Pace() as pace:
            took, found = look()
        if took < pace.here(seconds):
            return found
        taken.append((round(took, 3), round(pace.here(seconds), 3)))
    raise AssertionError(f"took (and would have been allowed) {taken} s, each time")
