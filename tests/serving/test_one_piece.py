"""A head and what is there of its body leave in one piece, as uvicorn itself would write them in several."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from learntrack.serving.protocol import PatientProtocol
from tests.serving.on_a_wire import Served, Wire

Messages = Sequence[dict[str, Any]]
NOTED = (
    "response_started",
    "response_complete",
    "chunked_encoding",
    "expected_content_length",
    "keep_alive",
    "waiting_for_100_continue",
)
"""What uvicorn notes of an answer, and reads elsewhere."""
LENGTH = (b"Content-Length", b"4")


class Pieces(Wire):
    """A wire that tells what was written at once."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[bytes] = []
        self.noted: dict[str, Any] = {}

    def write(self, data: Any) -> None:
        self.pieces.append(bytes(data))
        super().write(data)


def head(*headers: tuple[bytes, bytes], status: int = 200) -> dict[str, Any]:
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


def body(part: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": part, "more_body": more}


async def answered(kind: type[HttpToolsProtocol], messages: Messages, request: bytes) -> Pieces:
    """What is written when an application answers a request with these messages, and what is noted of it."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    wire = Pieces()
    protocol: Any = kind(Config(app, http=kind, interface="asgi3", server_header=False), ServerState(), {})
    protocol.connection_made(wire)
    protocol.data_received(request)
    await asyncio.gather(*protocol.tasks)
    wire.noted = {name: getattr(protocol.cycle, name) for name in NOTED}
    protocol.connection_lost(None)
    return wire


def request(method: str = "GET", *headers: str, version: str = "1.1") -> bytes:
    return "\r\n".join([f"{method} / HTTP/{version}", "Host: x", *headers, "", ""]).encode()


ANSWERS: dict[str, Messages] = {
    "whole": [head(LENGTH), body(b"four")],
    "in two parts": [head(LENGTH), body(b"fo", more=True), body(b"ur")],
    "of unknown length": [head(), body(b"four", more=True), body(b"", more=True), body(b"five")],
    "chunked by itself": [head((b"Transfer-Encoding", b"Chunked")), body(b"four"), body(b"never sent")],
    "empty": [head((b"content-length", b"0")), body(b"")],
    "without a body": [head(status=204), body(b"")],
    "not changed": [head((b"etag", b'"x"'), status=304), body(b"")],
    "the last": [head(LENGTH, (b"Connection", b"upgrade, Close")), body(b"four")],
    "a body first": [body(b"four"), head(LENGTH)],
    "nothing": [],
}
BROKEN: dict[str, Messages] = {
    "longer than announced": [head(LENGTH), body(b"fourfive")],
    "shorter than announced": [head(LENGTH), body(b"fo")],
    "a head twice": [head(LENGTH), head(LENGTH), body(b"four")],
    "a head alone": [head(LENGTH)],
}
NO_HEADERS = [(b"a b", b"c"), (b"", b"c"), (b"a:", b"c"), (b"a", b"b\r\nc: d"), (b"a", b"\0")]
REQUESTS = {
    "GET": request(),
    "HEAD": request("HEAD"),
    "of 1.0": request(version="1.0"),
    "the last one": request("GET", "Connection: close"),
    "POST": request("POST", "Content-Length: 2") + b"{}",
    "one that waits to be asked": request("PUT", "Content-Length: 2", "Expect: 100-continue"),
}


@pytest.mark.parametrize("asked", REQUESTS)
@pytest.mark.parametrize("name", ANSWERS)
async def test_the_same_is_written_as_by_uvicorn(name: str, asked: str) -> None:
    ours = await answered(PatientProtocol, ANSWERS[name], REQUESTS[asked])
    uvicorns = await answered(HttpToolsProtocol, ANSWERS[name], REQUESTS[asked])
    assert ours.written == uvicorns.written
    assert ours.closed == uvicorns.closed
    assert ours.noted == uvicorns.noted


@pytest.mark.parametrize("name", BROKEN)
async def test_what_does_not_become_what_it_announces_ends_the_connection(name: str) -> None:
    wire = await answered(PatientProtocol, BROKEN[name], request())
    assert wire.closed
    assert b"four" not in wire.written


@pytest.mark.parametrize("header", NO_HEADERS)
async def test_what_would_be_read_as_something_else_is_no_header(header: tuple[bytes, bytes]) -> None:
    for headers in ((header, LENGTH), (LENGTH, header)):
        wire = await answered(PatientProtocol, [head(*headers), body(b"four")], request())
        assert wire.written.startswith(b"HTTP/1.1 500 ")
        assert wire.written.endswith(b"Internal Server Error")
        assert wire.closed


async def test_an_answer_that_is_there_is_one_piece() -> None:
    wire = await answered(PatientProtocol, ANSWERS["whole"], request())
    [piece] = wire.pieces
    assert piece.startswith(b"HTTP/1.1 200 OK\r\n")
    assert piece.endswith(b"\r\n\r\nfour")


async def test_a_head_whose_body_may_take_long_is_sent_at_once() -> None:
    """A page that waits for news learns by it that it is connected."""
    wire = await answered(PatientProtocol, [head()], request())
    [piece] = wire.pieces
    assert piece.endswith(b"transfer-encoding: chunked\r\n\r\n")


async def test_who_does_not_read_is_waited_for(protocol: Any, app: Served, wire: Wire) -> None:
    protocol.data_received(request())
    protocol.pause_writing()
    app.told.set()
    for _ in range(20):
        await asyncio.sleep(0)
    assert app.asked
    assert wire.written == b""

    protocol.resume_writing()
    await asyncio.gather(*protocol.tasks)
    assert wire.written.endswith(b"/;")
