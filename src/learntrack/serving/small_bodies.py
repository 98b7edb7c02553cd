"""Requests with small bodies are answered once they are there as a whole: until then there is little of them here.

An application that waits for a body takes 16 KB for that, in many small blocks: of 2,000 connections that had sent half
of something 19 MB stayed for good, as something that lasts had come to lie between them.
"""

import asyncio
from typing import Any, ClassVar

from learntrack.serving.connections import ConnectionLimits
from learntrack.serving.orderly import OrderlyProtocol
from learntrack.serving.unread import LAST_LOOK_SECONDS
from learntrack.web.limits import TOO_LATE, WHOLLY_HERE
from learntrack.web.room_for_bodies import SMALL_BYTES

_SIZE = b"content-length"
_MOST_DIGITS = len(str(SMALL_BYTES))


class WholeFirstProtocol(OrderlyProtocol):
    """Begins to answer a request when its body is there, if that is small.

    Of a large one it is to be known who sends it before it is taken; and who waits to be asked for one is asked.
    """

    limits: ClassVar = ConnectionLimits()

    _waiting_app: Any = None
    """What is to answer the request under way, where its body is waited for first."""
    _waits_for_bodies = True
    _too_late: asyncio.TimerHandle | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever it was has gone, and what they had not sent whole is not begun."""
        waited = self._wait_no_more()
        super().connection_lost(exc)
        if waited is not None:
            self._under_way.on_response = _nothing  # by which it would hold this one until the collector looks

    def wait_for_no_more_bodies(self) -> None:
        """The server stops: what has come in part, or will, is answered as it can be."""
        self._waits_for_bodies = False
        self._begin_to_answer()

    def take(self, piece: bytes) -> None:
        """Read a piece; if a small body has not come whole with it, it has its time from now on."""
        super().take(piece)
        self._wait_in_time()

    def on_body(self, body: bytes) -> None:
        """Take a part of a body; one of unknown size may turn out to be large."""
        super().on_body(body)
        if self._waiting_app is not None and len(self._under_way.body) > SMALL_BYTES:
            self._begin_to_answer()

    def on_message_complete(self) -> None:
        """All of it is there."""
        super().on_message_complete()
        self._begin_to_answer()

    def on_response_complete(self) -> None:
        """Go on with the next request, of which only a part may be here."""
        super().on_response_complete()
        self._wait_in_time()

    def end_with(self, status: int, detail: str) -> None:
        """Read no more."""
        self._wait_no_more()
        super().end_with(status, detail)

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        if self._waits_for_bodies and cycle.more_body and _waits_for_its_body(cycle):
            self._under_way, self._waiting_app = cycle, app
        else:
            super()._start_asgi_task(cycle, app)

    def _begin_to_answer(self) -> None:
        app = self._wait_no_more()
        if app is not None:
            if not self._under_way.more_body:
                self._under_way.scope[WHOLLY_HERE] = True
            super()._start_asgi_task(self._under_way, app)

    def _wait_no_more(self) -> Any:
        """Returns what was to answer."""
        if self._too_late is not None:
            self._too_late.cancel()
            self._too_late = None
        app, self._waiting_app = self._waiting_app, None
        return app

    def _wait_in_time(self) -> None:
        if self._waiting_app is not None and self._too_late is None:
            self._too_late = self.loop.call_later(self.limits.body_seconds, self._is_too_late)

    def _is_too_late(self) -> None:
        """Read first what has come while this process stood still."""
        self._too_late = self.loop.call_later(LAST_LOOK_SECONDS, self._has_been_too_late)

    def _has_been_too_late(self) -> None:
        self._under_way.scope[TOO_LATE] = True
        self._begin_to_answer()


def _nothing() -> None:
    """Nobody is to hear of an answer."""


def _waits_for_its_body(cycle: Any) -> bool:
    """Whether a request that may have a body has a small one, or one of unknown size, and its sender waits for
    nothing.
    """
    if cycle.waiting_for_100_continue:
        return False
    for name, value in cycle.scope["headers"]:
        if name == _SIZE:
            return len(value) <= _MOST_DIGITS and int(value) <= SMALL_BYTES
    return True
