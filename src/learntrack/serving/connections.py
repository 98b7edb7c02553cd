"""How many connections there may be, and which one makes room: whoever has nothing under way, the oldest first.

Refusing newcomers would let a few hundred idle connections shut everybody out; so they are what has to go.
"""

import logging
import resource
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from learntrack.settings import Settings

logger = logging.getLogger("learntrack")

_MOST = 8192
_SAID_EVERY = 60.0


class Connection(Protocol):
    """What has to be known of a connection."""

    address: str
    last_used: float

    def is_idle(self) -> bool:
        """Whether nothing is under way on it."""
        ...


Some = TypeVar("Some", bound=Connection)


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Limits of a process's connections.

    Args:
        in_all: How many there may be.
        per_address: How many of them from one address.
        head_bytes: The size of a request's line and headers.
        head_seconds: How long they may take to arrive; as long may a connection be opened without a request.

    """

    in_all: int = _MOST
    per_address: int = _MOST
    head_bytes: int = 64 * 1024
    head_seconds: float = 10.0

    @classmethod
    def of(cls, settings: Settings) -> "ConnectionLimits":
        """As the settings say; where they say nothing, as many as this process may open files, less some for itself."""
        in_all = settings.max_connections or min(_MOST, _files() * 3 // 4 - 16)
        per_address = settings.max_connections_per_address or in_all
        return cls(max(1, in_all), max(1, per_address), settings.max_head_bytes, settings.head_seconds)


class RoomMaker:
    """Says which connection has to go for a new one.

    Args:
        limits: How many there may be.

    """

    def __init__(self, limits: ConnectionLimits) -> None:
        self._limits = limits
        self._said = -_SAID_EVERY
        self._closed = 0

    def to_close(self, new: Some, all_of_them: Iterable[Some]) -> Some | None:
        """The connection that has to go, if there are too many; the new one itself where all others are at work."""
        everybody = list(all_of_them)
        addresses = Counter(each.address for each in everybody)
        if addresses[new.address] > self._limits.per_address:
            crowd = [each for each in everybody if each.address == new.address]
        elif len(everybody) > self._limits.in_all:
            # Whoever has most of them loses one.
            [(most, _)] = addresses.most_common(1)
            crowd = [each for each in everybody if each.address == most]
        else:
            return None
        self._say(len(everybody))
        idle = [each for each in crowd if each is not new and each.is_idle()]
        return min(idle, key=lambda each: each.last_used, default=new)

    def _say(self, number: int) -> None:
        self._closed += 1
        now = time.monotonic()
        if now - self._said >= _SAID_EVERY:
            logger.warning("too many connections (%d): %d closed to make room for others", number, self._closed)
            self._said, self._closed = now, 0


def _files() -> int:
    """How many files this process may have open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = 1_000_000
    known = [limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY]
    return min(known, default=unlimited)
