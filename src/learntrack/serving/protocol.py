"""Stopping without losing a request: a connection that has just been accepted may be about to bring one."""

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from learntrack.web.limits import ENDLESS

_GRACE_SECONDS = 0.5


def _is_endless(scope: Any) -> bool:
    handler = scope.get("route_handler")
    return handler is not None and bool(handler.opt.get(ENDLESS))


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
        elif self.cycle is not None and _is_endless(self.cycle.scope):
            self.transport.close()
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
