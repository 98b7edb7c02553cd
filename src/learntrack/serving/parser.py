"""Reading HTTP/1 for a server that upgrades to nothing else (RFC 9110, 7.8): the request is answered as it is.

httptools stops at the end of a head that asks for an upgrade, as if what follows were of another protocol: the body is
not given to the request, and the next bytes are read as a new one. Java's HTTP client asks so with every request. What
was sent then would be lost, though the request is answered, and a body could hold requests that no proxy has seen.
"""

from collections.abc import Sequence
from typing import Protocol

from httptools import HttpParserUpgrade, HttpRequestParser

_FRAMING = (b"content-length", b"transfer-encoding")


class Told(Protocol):
    """Who is told of requests, as httptools does; `headers` are those of the last one, their names in lower case."""

    headers: list[tuple[bytes, bytes]]

    def on_message_begin(self) -> None:
        """A request begins."""

    def on_url(self, url: bytes) -> None:
        """A part of its address."""

    def on_header(self, name: bytes, value: bytes) -> None:
        """One of its headers."""

    def on_headers_complete(self) -> None:
        """Its head is there."""

    def on_body(self, body: bytes) -> None:
        """A part of its body."""

    def on_message_complete(self) -> None:
        """It is there as a whole."""


class HttpOnlyParser:
    """httptools' parser of requests, which takes a wish for an upgrade for a header as any other.

    Args:
        protocol: Who is told of requests.

    """

    def __init__(self, protocol: Told) -> None:
        self._protocol = protocol
        # Told straight on, without a step in between.
        self.on_message_begin = protocol.on_message_begin
        self.on_url = protocol.on_url
        self.on_header = protocol.on_header
        self.on_headers_complete = protocol.on_headers_complete
        self.on_body = protocol.on_body
        self._parser = _lenient(self)
        self._asks_for_upgrade = self._parser.should_upgrade

    def on_message_complete(self) -> None:
        """A request is there, unless its body has only been skipped."""
        if not self._asks_for_upgrade():
            self._protocol.on_message_complete()

    def feed_data(self, data: bytes) -> None:
        """Read on.

        Raises:
            HttpParserError: it is no HTTP.

        """
        while True:
            try:
                self._parser.feed_data(data)
            except HttpParserUpgrade as stopped:
                data = data[stopped.args[0] :]
                self._go_on_within()
            else:
                return

    def end(self) -> None:
        """Read no more; both would else hold each other until the collector looks, and with them all of a request."""
        del self._parser, self._asks_for_upgrade

    def get_http_version(self) -> str:
        """The version of the request whose head is there."""
        return str(self._parser.get_http_version())

    def get_method(self) -> bytes:
        """Its method."""
        return bytes(self._parser.get_method())

    def should_keep_alive(self) -> bool:
        """Whether the connection is to go on after it."""
        return bool(self._parser.should_keep_alive())

    def should_upgrade(self) -> bool:
        """Never."""
        return False

    def _go_on_within(self) -> None:
        """Go on behind the head of a request with another parser, which is told no more of it than where it ends."""
        rest = _Rest(self)
        self._parser = _lenient(rest)
        self._asks_for_upgrade = self._parser.should_upgrade
        framing = [b"%b: %b\r\n" % each for each in self._protocol.headers if each[0] in _FRAMING]
        self._parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n" % b"".join(framing))


class _Rest:
    """Tells of the rest of a request, and of all that follow it."""

    def __init__(self, parser: HttpOnlyParser) -> None:
        self._parser = parser
        self._within = True
        self.on_body = parser.on_body
        self.on_message_complete = parser.on_message_complete

    def on_message_begin(self) -> None:
        if not self._within:
            self._parser.on_message_begin()

    def on_url(self, url: bytes) -> None:
        if not self._within:
            self._parser.on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._within:
            self._parser.on_header(name, value)

    def on_headers_complete(self) -> None:
        if not self._within:
            self._parser.on_headers_complete()
        self._within = False


def _lenient(told: object) -> HttpRequestParser:
    """A parser that answers, as uvicorn's, the requests before one that comes after a connection should have ended."""
    parser = HttpRequestParser(told)
    parser.set_dangerous_leniencies(lenient_data_after_close=True)
    return parser


def is_unambiguous(headers: Sequence[tuple[bytes, bytes]], version: str) -> bool:
    """Whether a proxy must have read the same from a request's head as is read here (RFC 9112, 3.2 and 6.1).

    Another transfer coding than chunked is read by nobody here, and a proxy of HTTP/1.0 reads none.

    Args:
        headers: Names in lower case, and values.
        version: Of HTTP, as "1.1".

    """
    names = [name for name, _ in headers]
    hosts = names.count(b"host")
    codings = [value.strip().lower() for name, value in headers if name == b"transfer-encoding"]
    if codings and (version != "1.1" or codings != [b"chunked"]):
        return False
    return (hosts == 1 or (hosts == 0 and version != "1.1")) and names.count(b"authorization") <= 1
