"""How many bytes of large bodies a process holds at once; who finds no room waits for a turn, but not for long.

Room is kept for a whole body before more than a little of it is taken, so that no two halves wait for each other. It is
kept until the answer begins, because what is read of a body takes as much again; nobody waits for who reads slowly.

Turns go by callers, not by bodies: of those who hold least, to who has had none for longest. Whoever was told to come
back keeps their place meanwhile, so that nobody with many bodies is always before somebody with one.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Final

from litestar.exceptions import HTTPException

from learntrack.web.remains import Remains
from learntrack.web.turns import Turns

SMALL_BYTES = 64 * 1024
"""What needs no room: the server has taken as much of a body before anybody asks for it."""
_WAIT_SECONDS = 15.0
_HURRY_SECONDS = 5.0
"""How long a body may take to come while others wait for its room."""
_LOOK_SECONDS = 0.5
_SHARE = 4
"""One caller has a quarter of the room, or one body."""
_MOST_WAITING, _MOST_WAITING_OF_ONE = 128, 16
_RETRY_AFTER = {"Retry-After": "5"}

outages = logging.getLogger("learntrack.outages")


class Place:
    """The room of one body.

    Args:
        caller: Whose it is.
        size: Its bytes, or as many as it may have.

    """

    def __init__(self, caller: str, size: int) -> None:
        self.caller: Final = caller
        self.size = size
        self.turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        """Whether it is let in, once that is known."""
        self.since = 0.0
        self.came = 0.0
        """When something of it came last."""
        self.arriving = True
        self.hurried = False
        self._limit: asyncio.Timeout | None = None

    @asynccontextmanager
    async def in_time(self) -> AsyncIterator[None]:
        """A part of the body is waited for.

        Raises:
            HTTPException: others wait, and this one comes too slowly: 408, after which clients send less at once.

        """
        try:
            async with asyncio.timeout(0 if self.hurried else None) as self._limit:
                yield
            self.came = asyncio.get_running_loop().time()
        except TimeoutError:
            detail = "The body came too slowly, and others wait. Send less at once, or later."
            raise HTTPException(detail, status_code=408, headers=_RETRY_AFTER) from None
        finally:
            self._limit = None

    def hurry(self, now: float) -> None:
        """Wait no longer for the rest."""
        self.hurried = True
        if self._limit is not None:
            self._limit.reschedule(now)


class RoomForBodies:
    """What there is room for, who is in, and who waits.

    Args:
        most: Bytes of all bodies together; a larger one has all of the room.

    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._inside: dict[Place, None] = {}
        self._held: Counter[str] = Counter()
        """Bytes of those inside, by caller: there may be thousands, too many to be added up for each that waits."""
        self._waiting: dict[Place, None] = {}
        self._turns = Turns()
        self._remains = Remains()

    async def enter(self, place: Place) -> None:
        """Wait for room; `leave` is to be called whatever becomes of this.

        Raises:
            HTTPException: there is none, nor will be soon (503).

        """
        place.size = min(place.size, self._most)
        self._turns.wait(place.caller)
        self._waiting[place] = None
        if self._waiting_of(place.caller) > _MOST_WAITING_OF_ONE:
            self._refuse(place)
        elif len(self._waiting) > _MOST_WAITING:
            self._refuse(self._last_in_line())
        self._admit()
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                while not place.turn.done():
                    self._hurry_others(place)
                    await asyncio.wait([place.turn], timeout=_LOOK_SECONDS)
        except TimeoutError:
            raise self._full() from None
        if not place.turn.result():
            raise self._full()

    def arrived(self, place: Place, size: int) -> None:
        """All of the body is there, of this size."""
        size = min(size, place.size)
        if place in self._inside:
            self._hold(place.caller, size - place.size)
        place.size, place.arriving = size, False
        self._admit()

    def leave(self, place: Place) -> None:
        """Its request is over, or given up."""
        self._waiting.pop(place, None)
        if place in self._inside:
            del self._inside[place]
            self._hold(place.caller, -place.size)
            self._remains.add(place.size)
        self._admit()

    def _admit(self) -> None:
        """Let in who is next while there is room: of those within their share who has least, then who had no turn for
        longest, then which came first.
        """
        while (next_one := min(self._within_share(), key=self._order, default=None)) and (
            next_one.size <= self._most - self._held.total()
        ):
            del self._waiting[next_one]
            next_one.since = next_one.came = asyncio.get_running_loop().time()
            self._inside[next_one] = None
            self._hold(next_one.caller, next_one.size)
            self._turns.had(next_one.caller)
            next_one.turn.set_result(True)

    def _order(self, place: Place) -> tuple[int, int]:
        return self._held[place.caller], self._turns.of(place.caller)

    def _last_in_line(self) -> Place:
        """The newest of whoever has most of those that wait; of several the one who had a turn last."""
        of_caller: dict[str, list[Place]] = {}
        for each in self._waiting:
            of_caller.setdefault(each.caller, []).append(each)
        return max(of_caller.values(), key=lambda waiting: (len(waiting), self._turns.of(waiting[0].caller)))[-1]

    def _refuse(self, place: Place) -> None:
        """Tell one that waits to come back later."""
        del self._waiting[place]
        place.turn.set_result(False)

    def _within_share(self) -> Iterator[Place]:
        return (each for each in self._waiting if self._is_within_share(each))

    def _is_within_share(self, place: Place) -> bool:
        held = self._held[place.caller]
        return held == 0 or held + place.size <= self._most // _SHARE

    def _hurry_others(self, place: Place) -> None:
        """Give up bodies that come too slowly, the oldest first, as far as this one needs their room.

        Of this one's own caller only those of which nothing comes any more: many queues that share one line would end
        each other, and none would come whole.
        """
        now = asyncio.get_running_loop().time()
        may_hurry_others = self._is_within_share(place)
        in_the_way = [each for each in self._inside if each.caller == place.caller or may_hurry_others]
        room = sum(each.size for each in in_the_way if each.hurried)
        for each in in_the_way:
            if room >= place.size:
                return
            begun = each.came if each.caller == place.caller else each.since
            if each.arriving and not each.hurried and now - begun > _HURRY_SECONDS:
                each.hurry(now)
                room += each.size

    def _hold(self, caller: str, size: int) -> None:
        """Keep so much more room for a caller, or less."""
        self._held[caller] += size
        if self._held[caller] == 0:
            del self._held[caller]  # else everybody who ever sent a large body would stay here

    def _waiting_of(self, caller: str) -> int:
        return sum(each.caller == caller for each in self._waiting)

    def _full(self) -> HTTPException:
        outages.warning("no room for large bodies (LEARNTRACK_MAX_BODIES_BYTES): some are answered 503")
        detail = "Too many large bodies are under way. Try again."
        return HTTPException(detail, status_code=503, headers=_RETRY_AFTER)
