"""Answers that are there and are not read: they wait in this process, whose memory they may not fill."""

import asyncio
import logging
from collections import Counter
from typing import Protocol

_LOOK_SECONDS = 60.0
_LEAST_BYTES = 60 * 1024
"""What has to be read between two looks: 1 KB a second, of which a bad network has more."""
LAST_LOOK_SECONDS = 0.1
"""Time for all that has come to be read once, and for all that can go to be sent, after this process stood still."""

outages = logging.getLogger("learntrack.outages")


class Reader(Protocol):
    """What has to be known of a connection whose caller is to read."""

    address: str

    def unread_bytes(self) -> int:
        """How much of its answers waits."""
        ...

    def give_up(self) -> None:
        """Close it at once."""
        ...


class Unread:
    """The connections on which more waits than the network takes at once.

    One on which hardly anything is read is given up. So are, where too much waits on all together, the longest waiting
    of whoever has most.

    Args:
        most: Bytes that may wait on all of them together.

    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._looks: dict[Reader, asyncio.TimerHandle] = {}

    def __contains__(self, reader: Reader) -> bool:
        """Whether something waits to be read there."""
        return reader in self._looks

    def begin(self, reader: Reader) -> None:
        """Something waits to be read, all of it by now."""
        self.end(reader)
        self._look_later(reader)
        self._make_room()

    def end(self, reader: Reader) -> None:
        """Nothing waits any more, or it is closed."""
        if (look := self._looks.pop(reader, None)) is not None:
            look.cancel()

    def _look_later(self, reader: Reader) -> None:
        loop = asyncio.get_running_loop()
        self._looks[reader] = loop.call_later(_LOOK_SECONDS, self._look, reader, reader.unread_bytes())

    def _look(self, reader: Reader, before: int) -> None:
        """Send first what could not be sent while this process stood still or was busy."""
        self._looks[reader] = asyncio.get_running_loop().call_later(LAST_LOOK_SECONDS, self._judge, reader, before)

    def _judge(self, reader: Reader, before: int) -> None:
        if before - reader.unread_bytes() < _LEAST_BYTES:
            self._give_up(reader)
        else:
            self._look_later(reader)

    def _make_room(self) -> None:
        waiting = {reader: reader.unread_bytes() for reader in self._looks}
        of_address: Counter[str] = Counter()
        for reader, size in waiting.items():
            of_address[reader.address] += size
        while of_address.total() > self._most:
            outages.warning("answers that nobody reads (LEARNTRACK_MAX_UNREAD_BYTES): some connections are closed")
            [(most, _)] = of_address.most_common(1)
            longest = next(reader for reader in waiting if reader.address == most)
            of_address[most] -= waiting.pop(longest)
            self._give_up(longest)

    def _give_up(self, reader: Reader) -> None:
        self.end(reader)
        reader.give_up()
