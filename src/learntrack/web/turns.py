"""Whose turn it is: of callers who wait for something, who has had none for longest."""

import asyncio

_REMEMBERED_SECONDS = 60.0
"""How long somebody who gave up waiting, or was told to come back, keeps their place."""


class Turns:
    """The callers in line. Their number is that of who has waited within the last minute."""

    def __init__(self) -> None:
        self._number = 0
        self._line: dict[str, tuple[int, float]] = {}
        """Of each caller the number of their place, and until when it is theirs; the latest to be theirs last."""

    def wait(self, caller: str) -> None:
        """A caller waits: in the place that they have, else behind all others."""
        number, _ = self._line.pop(caller, (self._next(), 0.0))
        self._keep(caller, number)

    def had(self, caller: str) -> None:
        """A caller has had a turn: what else they wait for comes behind all others."""
        self._line.pop(caller, None)
        self._keep(caller, self._next())

    def of(self, caller: str) -> int:
        """The place of a caller: who has a lower one comes before. First are those who have waited for longer than
        their place is kept, as after a process has stood still.
        """
        return self._line[caller][0] if caller in self._line else 0

    def _keep(self, caller: str, number: int) -> None:
        now = asyncio.get_running_loop().time()
        while self._line and (first := next(iter(self._line))) and self._line[first][1] < now:
            del self._line[first]
        self._line[caller] = number, now + _REMEMBERED_SECONDS

    def _next(self) -> int:
        self._number += 1
        return self._number
