"""How many connections there may be, and which one makes room: whoever has nothing under way, the oldest first.

Refusing newcomers would let a few hundred idle connections shut everybody out; so they are what has to go.
"""

import logging
import resource
import time
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from learntrack.settings import Settings

logger = logging.getLogger("learntrack")

_MOST = 8192
_SAID_EVERY = 60.0


class Connection(Protocol):
    """What has to be known of a connection."""

    address: str

    def is_idle(self) -> bool:
        """Whether nothing is to be done for it just now."""
        ...

    def comes_again(self) -> bool:
        """Whether whoever it belongs to loses nothing when it is closed, and connects again by themselves."""
        ...


Some = TypeVar("Some", bound=Connection)


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Limits of a process's connections.

    Args:
        in_all: How many there may be.
        per_address: How many of them from one address, or IPv6 network (/64).
        head_bytes: The size of a request's line and headers.
        head_seconds: How long they may take to arrive; as long may a connection be opened without a request.
        body_seconds: How long a small body may take to arrive behind its head.
        unread_bytes: How much of answers may wait to be read, of all of them together.

    """

    in_all: int = _MOST
    per_address: int = _MOST
    head_bytes: int = 64 * 1024
    head_seconds: float = 10.0
    body_seconds: float = 30.0
    unread_bytes: int = 64 * 1024 * 1024

    @classmethod
    def of(cls, settings: Settings) -> "ConnectionLimits":
        """As the settings say; where they say nothing, as many as this process may open files, less some for itself."""
        in_all = settings.max_connections or min(_MOST, _files() * 3 // 4 - 16)
        per_address = settings.max_connections_per_address or in_all
        return cls(
            max(1, in_all),
            max(1, per_address),
            settings.max_head_bytes,
            settings.head_seconds,
            settings.body_seconds,
            settings.max_unread_bytes,
        )


class Room(Generic[Some]):
    """The open connections, and which one has to go for a new one.

    Whatever comes costs the same, however many there are: of each address they stand in the order of their last use.

    Args:
        limits: How many there may be.

    """

    def __init__(self, limits: ConnectionLimits) -> None:
        self._limits = limits
        self._of: dict[str, dict[Some, None]] = {}
        self._number = 0
        self._said = -_SAID_EVERY
        self._closed = 0

    def enter(self, new: Some) -> Some | None:
        """Take a connection in; returns the one that has to go, if there are too many.

        That is the longest idle one; where all are at work, one that comes again by itself, else the new one.
        """
        own = self._of.setdefault(new.address, {})
        own[new] = None
        self._number += 1
        if len(own) > self._limits.per_address:
            crowd, setting = own, "LEARNTRACK_MAX_CONNECTIONS_PER_ADDRESS"
        elif self._number > self._limits.in_all:
            crowd, setting = max(self._of.values(), key=len), "LEARNTRACK_MAX_CONNECTIONS"  # who has most loses one
        else:
            return None
        self._say(self._number, setting)
        return self._longest_idle(crowd, new)

    def use(self, connection: Some) -> None:
        """Something has come or gone on a connection."""
        own = self._of.get(connection.address, {})
        if connection in own:
            del own[connection]
            own[connection] = None

    def leave(self, connection: Some) -> None:
        """A connection is closed."""
        own = self._of.get(connection.address, {})
        if connection in own:
            del own[connection]
            self._number -= 1
            if not own:
                del self._of[connection.address]

    def _longest_idle(self, crowd: dict[Some, None], new: Some) -> Some:
        at_work = []
        leaving = new
        for each in crowd:
            if each is not new and each.is_idle():
                leaving = each
                break
            if leaving is new and each.comes_again():
                leaving = each
            at_work.append(each)
        for each in at_work:  # so that they need not be looked at again soon
            self.use(each)
        return leaving

    def _say(self, number: int, setting: str) -> None:
        self._closed += 1
        now = time.monotonic()
        if now - self._said >= _SAID_EVERY:
            logger.warning(
                "too many connections (%d) for %s: %d closed to make room for others", number, setting, self._closed
            )
            self._said, self._closed = now, 0


def _files() -> int:
    """How many files this process may have open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = 1_000_000
    known = [limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY]
    return min(known, default=unlimited)
