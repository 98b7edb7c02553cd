"""A wish for an upgrade changes nothing: the same is told of a request with it as of one without."""

from typing import Any

import pytest

from learntrack.serving.parser import HttpOnlyParser

H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
WEBSOCKET = b"Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
NEXT = b"GET /next HTTP/1.1\r\nHost: x\r\n\r\n"
REQUESTS = {
    "without a body": b"GET /a HTTP/1.1\r\nHost: x\r\n%b\r\n",
    "an empty body": b"PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n%b\r\n",
    "a body": b"PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n%b\r\nbody",
    "a body that looks like a request": b"PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 31\r\n%b\r\n" + NEXT,
    "chunks": b"PUT /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n%b\r\n2;a=b\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n",
}


class Heard:
    """What a protocol is told."""

    def __init__(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.requests: list[dict[str, Any]] = []
        self.parser = HttpOnlyParser(self)

    def on_message_begin(self) -> None:
        self.headers = []
        self.requests.append({"address": b"", "body": b"", "whole": False})

    def on_url(self, url: bytes) -> None:
        self.requests[-1]["address"] += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        names = {name for name, _ in self.headers} - {b"connection", b"upgrade", b"http2-settings"}
        self.requests[-1] |= {
            "method": self.parser.get_method(),
            "version": self.parser.get_http_version(),
            "goes on": self.parser.should_keep_alive(),
            "upgrades": self.parser.should_upgrade(),
            "headers": names - {b"sec-websocket-version"},
        }

    def on_body(self, body: bytes) -> None:
        self.requests[-1]["body"] += body

    def on_message_complete(self) -> None:
        self.requests[-1]["whole"] = True


def heard(*parts: bytes) -> list[dict[str, Any]]:
    listener = Heard()
    for part in parts:
        listener.parser.feed_data(part)
    return listener.requests


@pytest.mark.parametrize("wish", [H2C, WEBSOCKET], ids=["h2c", "websocket"])
@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_an_upgrade_is_a_header_as_any_other(request_: bytes, wish: bytes) -> None:
    plain, asking = request_ % b"", request_ % wish
    expected = heard(plain + NEXT + plain + NEXT)
    assert len(expected) == 4
    assert all(each["whole"] and not each["upgrades"] for each in expected)
    assert heard(asking + NEXT + asking + NEXT) == expected
    for at in range(1, len(asking)):  # wherever the network cuts it
        assert heard(asking[:at], asking[at:] + NEXT + asking, NEXT) == expected


def test_a_connection_that_asks_to_end_ends() -> None:
    ending = H2C.replace(b"Upgrade, ", b"Upgrade, close, ")
    assert [each["goes on"] for each in heard(REQUESTS["a body"] % ending)] == [False]


def test_what_is_half_there_is_not_whole() -> None:
    [request] = heard((REQUESTS["a body"] % H2C)[:-1])
    assert (request["body"], request["whole"]) == (b"bod", False)
