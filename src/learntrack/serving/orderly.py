"""Requests of one connection, answered in their order and taken in a few at a time, however many are sent at once."""

from typing import Any

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from learntrack.serving.one_piece import InOnePiece

_MOST_WAITING = 64
"""Requests of one connection that wait for the one before to be answered; what follows waits unread."""
_MOST_WAITING_BYTES = 64 * 1024
"""Of their bodies together; one that is larger waits with what has come of it."""
_REST_SECONDS = 0.05
"""How long such a connection rests whenever so many have been answered. Without it one that sends and sends keeps the
loop so busy that the threads in which others' updates wait for the database hardly come to run: these took 2 s.
"""
_LEAST_PIECE_BYTES, _LARGEST_PIECE_BYTES = 512, 16 * 1024
_HEAD_END = b"\r\n\r\n"
_FAREWELL_SECONDS = 1.0
_FAREWELL_BYTES = 1024 * 1024
"""How long, and how much of it, is taken from a sender whose request is refused, so that it comes to read why."""


class _Flow(FlowControl):
    """What is read and written; nothing is read while it is held, whoever asks for more of a body."""

    held = False

    def resume_reading(self) -> None:
        if not self.held:
            super().resume_reading()


class OrderlyProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, which reads on as it answers.

    A request that cannot be read ends its connection. That is said behind the answers to those before it: said at once,
    it would be taken for the answer to the oldest, and theirs would be lost.
    """

    flow: _Flow
    _ahead = b""
    """What has come, and is not read before some of the requests that wait are answered."""
    _answered = 0
    """How many have been answered while more waited unread, since it rested last."""
    _rests = False
    _last_word: tuple[int, str] | None = None
    """What is to be said once those before it are answered."""
    _refused = False
    _refused_size = 0
    _head_open = True
    """Whether the newest request has no cycle yet, as its head is not there."""
    _under_way: Any = None
    """The cycle of the request that is being answered."""

    def connection_made(self, transport: Any) -> None:
        """Take a connection in."""
        super().connection_made(transport)
        self.flow = _Flow(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the request under way, which need not be the newest."""
        super().connection_lost(exc)
        self._ahead = b""
        self.pipeline.clear()
        if self._under_way is not None:
            self._under_way.disconnected = True
            self._under_way.message_event.set()

    def data_received(self, data: bytes) -> None:
        """Read on, as far as there is room for requests."""
        if self._refused:
            self._refused_size += len(data)
            if self._refused_size > _FAREWELL_BYTES:
                self.transport.abort()
            return
        self._ahead += data
        self._read_on()

    def take(self, piece: bytes) -> None:
        """Read a piece of what has come, with at the most one end of a head but for what is very short."""
        super().data_received(piece)

    def on_response_complete(self) -> None:
        """Go on with the next request."""
        self._under_way = None
        self.flow.held = self._last_word is not None
        super().on_response_complete()
        if self.transport.is_closing():
            self._ahead = b""
        elif self._last_word is not None:
            if self._is_answered():
                self._say_last()
        else:
            self._answered = self._answered + 1 if self._ahead else 0
            if self._answered >= _MOST_WAITING and not self._rests:
                self._rests = True
                self.loop.call_later(_REST_SECONDS, self._has_rested)
            self._read_on()

    def send_400_response(self, msg: str) -> None:
        """Say that something is no HTTP."""
        self.end_with(400, msg)

    def end_with(self, status: int, detail: str) -> None:
        """Read no more, and say why once those before are answered."""
        if self._refused or self.transport.is_closing():
            return
        self._refused, self._ahead = True, b""
        if self._head_open or self._leave_unfinished():
            self._last_word = status, detail
            if self._is_answered():
                self._say_last()
            else:
                self._hold()

    def _read_on(self) -> None:
        data, at = self._ahead, 0
        while at < len(data) and not self._is_full():
            head_end = data.find(_HEAD_END, at + _LEAST_PIECE_BYTES, at + _LARGEST_PIECE_BYTES)
            end = at + _LARGEST_PIECE_BYTES if head_end < 0 else head_end + len(_HEAD_END)
            self.take(data[at:end])
            at = end
        if self._refused or self.transport.is_closing():
            self._ahead = b""
            return
        self._ahead = data[at:]
        if self._ahead:
            self._hold()
        elif self.pipeline:
            self.flow.pause_reading()  # until those that are here are answered

    def _has_rested(self) -> None:
        self._answered, self._rests = 0, False
        if not self._refused and not self.transport.is_closing():
            self.flow.held = False
            self.flow.resume_reading()  # only half a request may have waited: nothing else would begin to read again
            self._read_on()

    def _is_full(self) -> bool:
        if self._rests or self._refused or self.transport.is_closing() or len(self.pipeline) >= _MOST_WAITING:
            return True
        return sum(len(cycle.body) for cycle, _ in self.pipeline) >= _MOST_WAITING_BYTES

    def _hold(self) -> None:
        self.flow.held = True
        self.flow.pause_reading()

    def _leave_unfinished(self) -> bool:
        """Answer the newest request no more, whose body will not be there; returns whether something may be said."""
        if self.pipeline:
            self.pipeline.popleft()
            self.cycle = self.pipeline[0][0] if self.pipeline else self._under_way
            return True
        cycle: Any = self.cycle
        if cycle.response_started:
            cycle.keep_alive = False
            if cycle.response_complete:
                self._close_soon()
            return False
        cycle.disconnected = True  # the application hears that nothing more comes, and is not heard
        cycle.message_event.set()
        self._under_way = None
        cycle.response_complete = True
        return True

    def _is_answered(self) -> bool:
        return self.cycle is None or bool(self.cycle.response_complete)

    def _say_last(self) -> None:
        assert self._last_word is not None
        (status, detail), self._last_word = self._last_word, None
        if self.transport.is_closing():
            return
        head = b"content-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
        self.transport.write(STATUS_LINE[status] + head % len(detail) + detail.encode())
        self.transport.write_eof()
        self._close_soon()

    def _close_soon(self) -> None:
        """Closed at once while more is coming, it would be reset, and the answer lost."""
        self.flow.held = False
        self.flow.resume_reading()
        self.loop.call_later(_FAREWELL_SECONDS, self.transport.close)

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        self._under_way = cycle
        super()._start_asgi_task(cycle, InOnePiece(app, cycle))
