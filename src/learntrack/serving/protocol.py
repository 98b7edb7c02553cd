"""Stopping without losing a request: a connection that has just been accepted may be about to bring one."""

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_GRACE_SECONDS = 0.5


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, which closes idle connections at once when the server stops.

    A connection that has had no request yet is given a moment, and if one comes it is answered before the connection
    closes.
    """

    _stopping = False

    def shutdown(self) -> None:
        """Close the connection as soon as that loses nothing."""
        if self.cycle is None and not self._stopping:
            self._stopping = True
            self.loop.call_later(_GRACE_SECONDS, self._close_if_idle)
        else:
            super().shutdown()

    def on_headers_complete(self) -> None:
        """Begin to answer; the last request of a connection that is to close."""
        super().on_headers_complete()
        cycle: Any = self.cycle
        if self._stopping and cycle is not None:
            cycle.keep_alive = False

    def _close_if_idle(self) -> None:
        if self.cycle is None and not self.transport.is_closing():
            self.transport.close()
