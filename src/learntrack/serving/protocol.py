"""Connections that neither lose a request when the server stops, nor are kept by those who send none."""

import asyncio
from typing import Any, ClassVar, cast

from learntrack.serving.connections import ConnectionLimits, Room
from learntrack.serving.parser import HttpOnlyParser, is_unambiguous
from learntrack.serving.small_bodies import WholeFirstProtocol
from learntrack.serving.unread import LAST_LOOK_SECONDS, Unread
from learntrack.web.addresses import network_of
from learntrack.web.limits import GONE, READING, is_endless
from learntrack.web.remains import CONNECTION_BYTES, CUT_ANSWER_BYTES, Remains

_GRACE_SECONDS = 2.0
_READING_SECONDS = 2.0
"""How long who only reads is still answered when the server stops. Then it is 503: they lose nothing, and ask again."""
_LINGER_SECONDS = 5.0
"""How long the rest of a body is taken that has been answered already, so that its sender comes to read the answer."""
_LISTENS_SECONDS = 1.0
_STILL_THERE = b"HTTP/1.1 100 Continue\r\n\r\n"


class PatientProtocol(WholeFirstProtocol):
    """The HTTP protocol, which closes idle connections at once when the server stops.

    A connection that has had no request yet is given a moment, and if one comes it is answered before the connection
    closes. While the server runs, a request's head has to be small and to come soon, what is not read is given up, and
    idle connections make room for others where there are too many.
    """

    room: "ClassVar[Room[PatientProtocol]]" = Room(WholeFirstProtocol.limits)
    unread: ClassVar = Unread(WholeFirstProtocol.limits.unread_bytes)
    remains: ClassVar = Remains()

    _stopping = False
    _begun = False
    """Whether a request, or a part of one, has come that is not there as a whole."""
    _ended = False
    """Whether the sender sends no more, but may listen."""
    _head_size = 0
    _fields_size = 0
    _around_body_size = 0
    _timer: asyncio.TimerHandle | None = None
    address = ""

    @classmethod
    def limit(cls, limits: ConnectionLimits) -> None:
        """Set the limits of this process's connections."""
        cls.limits, cls.room, cls.unread = limits, Room(limits), Unread(limits.unread_bytes)

    # Coming and going

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection in; another has to go for it where there are too many."""
        super().connection_made(transport)
        self.parser = HttpOnlyParser(self)  # type: ignore[assignment]  # it does what uvicorn asks of one
        self.address = network_of(self.client[0]) if self.client else ""
        self._timer = self.loop.call_later(self.limits.head_seconds, self._is_too_slow)
        if (leaving := self.room.enter(self)) is not None:
            leaving.give_up()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._cancel_timer()
        self.unread.end(self)
        self.room.leave(self)
        is_cut = self._under_way is not None and self._under_way.response_started and not self.comes_again()
        self.remains.add(CONNECTION_BYTES + is_cut * CUT_ANSWER_BYTES)
        cast(HttpOnlyParser, self.parser).end()
        super().connection_lost(exc)
        if self._under_way is not None:
            self._under_way.scope[GONE] = True
            self._stop_reading()

    def is_idle(self) -> bool:
        """Whether there is nothing to do for it just now: it has no request, or the rest of one, or a reader, is waited
        for.
        """
        return self._is_answered() or not self._head_open or self in self.unread

    def comes_again(self) -> bool:
        """Whether it is an open page's, which hears of changes and asks again when it is closed."""
        return self.cycle is not None and is_endless(self.cycle.scope)  # type: ignore[arg-type]

    def give_up(self) -> None:
        """Close at once."""
        self._refused = True
        self.connections.discard(self)
        self.room.leave(self)
        self.transport.abort()

    def shutdown(self) -> None:
        """Close the connection as soon as that loses nothing."""
        self.wait_for_no_more_bodies()
        if self.cycle is None and not self._stopping:
            self._stopping = True
            self.loop.call_later(_GRACE_SECONDS, self._close_if_idle)
        elif self.comes_again():
            self.transport.abort()  # also where nobody reads what has been sent
        else:
            self.loop.call_later(_READING_SECONDS, self._stop_reading)
            super().shutdown()

    # Receiving

    def data_received(self, data: bytes) -> None:
        """Read on."""
        self.room.use(self)
        super().data_received(data)
        if self.pipeline or self._ahead:
            self.remains.add(len(data))  # what waits lies between what does not, and the C library keeps its place

    def take(self, piece: bytes) -> None:
        """Read a piece of what has come, and count what is no body."""
        if self._head_open:
            self._head_size += len(piece)
        else:
            self._around_body_size += len(piece)
        super().take(piece)
        if self._head_open and self._timer is None and not self._refused and (self._begun or self._head_size):
            self._timer = self.loop.call_later(self.limits.head_seconds, self._is_too_slow)
        if self._head_open and self._head_size > self.limits.head_bytes:
            self.end_with(431, "The request's head is too large.")
        elif self._around_body_size > self.limits.head_bytes:
            self.end_with(431, "There is too much around the request's body.")

    def eof_received(self) -> bool:  # type: ignore[override]
        """Answer who sends no more but may well read on (RFC 9112, 9.5), then close.

        Who has gone looks the same; a write tells that, so that what goes on for ever, and seldom writes, ends here,
        and to who waits for long something is written that says nothing.

        Returns:
            Whether the connection stays open until it is answered; else it is closed once all is sent.

        """
        is_half_body = not self._head_open
        if self._refused or (is_half_body and self._is_answered()):
            return self._last_word is not None
        if is_half_body and not self.pipeline and self.cycle.response_started:
            self.cycle.keep_alive = False
            return not self.comes_again()
        if self._begun:
            self.end_with(400, "The request has not come whole.")
            return self._last_word is not None and not self.comes_again()
        if self._is_answered() or self.comes_again():
            return False
        self.cycle.keep_alive = False  # the last one's
        if not self._ended:  # it is heard again whenever reading begins again
            self._ended = True
            self.loop.call_later(_LISTENS_SECONDS, self._look_who_listens)
        return True

    def on_message_begin(self) -> None:
        """Begin to read a request."""
        self._fields_size = 0
        self._begun = True
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Read the address."""
        self._fields_size += len(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Read a header; what comes behind the body is none, and is not kept."""
        if not self._head_open or self._refused:
            return
        self._fields_size += len(name) + len(value) + 4
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Begin to answer; the last request of a connection that is to close."""
        if self._refused:
            return
        self._cancel_timer()
        if self._fields_size > self.limits.head_bytes:
            self.end_with(431, "The request's head is too large.")
            return
        version = self.parser.get_http_version()
        if not is_unambiguous(self.headers, version):
            self.end_with(400, "A request has one Host, at the most one Authorization, and only chunked parts (1.1).")
            return
        if version != "1.1":
            self.expect_100_continue = False  # who knows no interim answers takes one for the answer (RFC 9110, 15.2)
        super().on_headers_complete()
        self._head_open = False
        cycle: Any = self.cycle
        if self._stopping and cycle is not None:
            cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._around_body_size = 0
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is there; another may follow."""
        self._begun = False
        if self._refused:
            return
        self._head_open, self._head_size, self._around_body_size = True, 0, 0
        self._cancel_timer()
        super().on_message_complete()

    # Answering

    def on_response_complete(self) -> None:
        """The answer is given; of a body that has not come yet the rest is not waited for long."""
        super().on_response_complete()
        self.room.use(self)
        if self._refused or self.transport.is_closing():
            return
        if not self._head_open and self._is_answered() and self._timer is None:
            self._timer = self.loop.call_later(_LINGER_SECONDS, self.transport.close)

    def pause_writing(self) -> None:
        """Nobody reads for now."""
        super().pause_writing()
        self.unread.begin(self)
        self.remains.add(self.unread_bytes())

    def resume_writing(self) -> None:
        """Somebody reads on."""
        super().resume_writing()
        self.room.use(self)
        self.unread.end(self)

    def unread_bytes(self) -> int:
        """How much of its answers waits for its reader."""
        return self.transport.get_write_buffer_size()

    def end_with(self, status: int, detail: str) -> None:
        """Read no more, and say why once those before are answered."""
        self._cancel_timer()
        super().end_with(status, detail)

    def _is_too_slow(self) -> None:
        """Read first what has come while this process stood still or was busy; it is not its sender who is slow."""
        self._timer = self.loop.call_later(LAST_LOOK_SECONDS, self._has_been_too_slow)

    def _has_been_too_slow(self) -> None:
        self._timer = None
        if self.flow.read_paused:  # it is not their sender who is slow
            self._timer = self.loop.call_later(self.limits.head_seconds, self._is_too_slow)
        elif self._begun or self._head_size:
            self.end_with(408, "The request did not arrive in time.")
        else:
            self.transport.close()

    def timeout_keep_alive_handler(self) -> None:
        """Close where nothing comes, nor has come meanwhile; what has begun to come has its own time."""
        self.timeout_keep_alive_task = self.loop.call_later(LAST_LOOK_SECONDS, self._has_been_idle)

    def _has_been_idle(self) -> None:
        if not self._begun:
            super().timeout_keep_alive_handler()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _stop_reading(self) -> None:
        """Work on no answer that nobody hears, or comes too late; what records goes on."""
        if (task := self._reading_task()) is not None:
            task.cancel()

    def _reading_task(self) -> "asyncio.Task[None] | None":
        """What answers a request under way that only reads."""
        scope: Any = {} if self._under_way is None else self._under_way.scope
        task: asyncio.Task[None] | None = scope.get(READING)
        return task

    def _look_who_listens(self) -> None:
        """Write something now and then to who sends no more; that fails where they have gone.

        An interim answer, which any client of HTTP/1.1 passes over (RFC 9110, 15.2).
        """
        if self.transport.is_closing() or self._is_answered():
            return
        cycle = self._under_way
        if self._reading_task() is not None and not cycle.response_started and cycle.scope["http_version"] == "1.1":
            self.transport.write(_STILL_THERE)
        self.loop.call_later(_LISTENS_SECONDS, self._look_who_listens)

    def _close_if_idle(self) -> None:
        if self.cycle is None and not self.transport.is_closing():
            self.transport.close()
