"""Connections that neither lose a request when the server stops, nor are kept by those who send none."""

import asyncio
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from learntrack.serving.connections import ConnectionLimits, Room
from learntrack.serving.parser import HttpOnlyParser, is_unambiguous
from learntrack.serving.unread import Unread
from learntrack.web.addresses import network_of
from learntrack.web.limits import READING, is_endless
from learntrack.web.remains import CONNECTION_BYTES, Remains

_GRACE_SECONDS = 2.0
_READING_SECONDS = 2.0
"""How long who only reads is still answered when the server stops. Then it is 503: they lose nothing, and ask again."""
_LINGER_SECONDS = 5.0
"""How long the rest of a body is taken that has been answered already, so that its sender comes to read the answer."""
_FAREWELL_SECONDS = 1.0
_FAREWELL_BYTES = 1024 * 1024
"""How long, and how much of it, is taken from a sender whose head is refused, so that it comes to read why."""
"""How long an answer may wait for somebody to read on."""
_MOST_WAITING = 64
"""Requests of one connection that wait for the one before to be answered."""


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, which closes idle connections at once when the server stops.

    A connection that has had no request yet is given a moment, and if one comes it is answered before the connection
    closes. While the server runs, a request's head has to be small and to come soon, what is not read is given up, and
    idle connections make room for others where there are too many.
    """

    limits: ClassVar = ConnectionLimits()
    room: "ClassVar[Room[PatientProtocol]]" = Room(limits)
    unread: ClassVar = Unread(limits.unread_bytes)
    remains: ClassVar = Remains()

    _stopping = False
    _refused = False
    _head_open = True
    _begun = False
    """Whether a request, or a part of one, has come that is not there as a whole."""
    _ends_half = False
    """Whether no more comes of it, which is said once those before it are answered."""
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
        self.remains.add(CONNECTION_BYTES)
        super().connection_lost(exc)

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
        if self._refused:
            self._head_size += len(data)
            if self._head_size > _FAREWELL_BYTES:
                self.transport.abort()
            return
        self.room.use(self)
        if self._head_open:
            self._head_size += len(data)
            if self._timer is None:
                self._timer = self.loop.call_later(self.limits.head_seconds, self._is_too_slow)
        else:
            self._around_body_size += len(data)
        super().data_received(data)
        if self._refused:
            return
        if self._head_open and self._head_size > self.limits.head_bytes:
            self._refuse(431, "The request's head is too large.")
        elif self._around_body_size > self.limits.head_bytes:
            self._refuse(431, "There is too much around the request's body.")

    def eof_received(self) -> bool:  # type: ignore[override]
        """Answer who sends no more but may well read on (RFC 9112, 9.5), then close.

        Who has gone looks the same; a write tells that, so that what goes on for ever, and seldom writes, ends here.

        Returns:
            Whether the connection stays open until it is answered; else it is closed once all is sent.

        """
        is_half_body = not self._head_open
        if self._refused or (is_half_body and self._is_answered()):
            return False
        if is_half_body and not self.pipeline:
            return self._end_half_body()
        if self._begun:
            return self._end_half_behind_others()
        if self._is_answered() or self.comes_again():
            return False
        self.cycle.keep_alive = False  # the last one's
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
        if not self._head_open:
            return
        self._fields_size += len(name) + len(value) + 4
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Begin to answer; the last request of a connection that is to close."""
        self._head_open = False
        if self._refused:
            return
        self._cancel_timer()
        if self._fields_size > self.limits.head_bytes:
            self._refuse(431, "The request's head is too large.")
            return
        if not is_unambiguous(self.headers, self.parser.get_http_version()):
            self._refuse(400, "A request has one Host, and one Authorization at the most.")
            return
        super().on_headers_complete()
        if len(self.pipeline) > _MOST_WAITING:
            self._refuse(429, "Too many requests are waiting for their answers.")
            return
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
        was_last = not self.pipeline
        super().on_response_complete()
        self.room.use(self)
        if self._ends_half and was_last:
            self._say_half()
            return
        if self.pipeline:
            self.flow.pause_reading()  # until those that are here are answered
        if not self._head_open and self._timer is None and not self.transport.is_closing():
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

    def _is_answered(self) -> bool:
        return self.cycle is None or bool(self.cycle.response_complete)

    def _is_too_slow(self) -> None:
        self._timer = None
        if self._head_size:
            self._refuse(408, "The request did not arrive in time.")
        else:
            self.transport.close()

    def _refuse(self, status: int, detail: str) -> None:
        self._refused = True
        self._cancel_timer()
        if self._is_answered() and not self.transport.is_closing():
            self._say(status, detail)
            # Closed at once while more is coming, it would be reset, and the answer lost.
            self._timer = self.loop.call_later(_FAREWELL_SECONDS, self.transport.close)
        else:
            self.transport.close()

    def _end_half_body(self) -> bool:
        """No more comes of the request that is being answered; returns whether its answer is waited for."""
        cycle: Any = self.cycle
        if cycle.response_started:
            cycle.keep_alive = False
            return not self.comes_again()
        cycle.disconnected = True  # the application hears that nothing more comes, and is not heard
        cycle.message_event.set()
        self._say_half()
        return False

    def _end_half_behind_others(self) -> bool:
        """No more comes of the last request, and those before it are answered first."""
        if not self._head_open:
            self.pipeline.popleft()  # the newest: its body will never be there
        elif self._is_answered():
            self._say_half()
            return False
        elif self.comes_again():
            return False
        self._ends_half = True
        return True

    def _say_half(self) -> None:
        if not self.transport.is_closing():
            self._say(400, "The request has not come whole.")
            self.transport.close()

    def _say(self, status: int, detail: str) -> None:
        head = b"content-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
        self.transport.write(STATUS_LINE[status] + head % len(detail) + detail.encode())
        self.transport.write_eof()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _stop_reading(self) -> None:
        scope: Any = {} if self.cycle is None else self.cycle.scope
        if (task := scope.get(READING)) is not None:
            task.cancel()

    def _close_if_idle(self) -> None:
        if self.cycle is None and not self.transport.is_closing():
            self.transport.close()
