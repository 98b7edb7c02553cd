"""Answering with JSON, JSON lines or CSV: a value at once, or rows of any number while holding only a part of them."""

import asyncio
import csv
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from litestar import Litestar, Request, Response
from litestar.datastructures import Cookie
from litestar.response import Stream
from litestar.status_codes import HTTP_200_OK
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from learntrack.domain.any_json import as_sent, encodable, restore_keys
from learntrack.web.paging import Page

T = TypeVar("T")
Write = Callable[[T, bytearray], None]
"""Adds a row to what is sent."""

JSON = "application/json"
_PART_BYTES = 64 * 1024


_encoder = msgspec.json.Encoder(enc_hook=encodable)


def encoded(value: Any) -> bytes:
    """A shape of the API, or free-form JSON as it was stored, as JSON."""
    return as_sent(_encoder.encode(value))


def json_response(value: Any, headers: dict[str, str] | None = None, *, status: int | None = None) -> Response[Any]:
    """The answer with this value, encoded here because that takes half the framework's time; bytes are JSON already.

    `status` is the route's own where none is given.
    """
    body = value if isinstance(value, bytes) else encoded(value)
    return _Encoded(body, media_type=JSON, headers=headers, status_code=status)


async def send_json(value: Any, send: Send, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
    """Answer with this value, as `json_response` does, past the framework."""
    for message in _messages(value if isinstance(value, bytes) else encoded(value), HTTP_200_OK, headers):
        await send(message)


class _Encoded(Response[bytes]):
    """An answer whose body is there, sent as it is: the framework's own way there takes as long as to encode it."""

    def to_asgi_response(  # type: ignore[override]
        self,
        app: Litestar | None,
        request: Request[Any, Any, Any],
        *,
        headers: Mapping[str, str] | None = None,
        cookies: Iterable[Cookie] | None = None,
        status_code: int | None = None,
        **others: Any,
    ) -> ASGIApp:
        """What sends it, with what its route adds."""
        named = {**(headers or {}), **self.headers}
        fields = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in named.items()]
        fields += [each.to_encoded_header() for each in (*self.cookies, *(cookies or ()))]
        messages = _messages(self.content, self.status_code or status_code or HTTP_200_OK, fields)

        async def sent(scope: Scope, receive: Receive, send: Send) -> None:
            for message in messages:
                await send(message)

        return sent


def _messages(body: bytes, status: int, headers: Sequence[tuple[bytes, bytes]]) -> tuple[Message, Message]:
    """The two of an answer whose body is there."""
    described = (b"content-type", JSON.encode()), (b"content-length", b"%d" % len(body))
    return (
        {"type": "http.response.start", "status": status, "headers": [*headers, *described]},
        {"type": "http.response.body", "body": body, "more_body": False},
    )


async def list_response(listed: Page[T] | AsyncIterator[T]) -> Response[Any]:
    """The answer to a request for a list:
    a page as it is, a stream of rows as a JSON array that is sent as it is read.
    """
    if isinstance(listed, Page):
        return json_response(listed)
    return await stream_response(in_parts(listed, write_json, b"[", b",", b"]"), JSON)


async def lines_response(rows: AsyncIterator[Any], media_type: str) -> Response[Any]:
    """An answer of one JSON object a line, sent as it is read."""
    return await stream_response(in_parts(rows, _write_line), media_type)


async def stream_response(
    parts: AsyncIterator[bytes], media_type: str, headers: dict[str, str] | None = None
) -> Response[Any]:
    """The answer with these parts, the first of which is read beforehand,
    so that an error there is still an error answer.
    """
    first = await anext(parts, b"")
    return Stream(_joined(first, parts), media_type=media_type, headers=headers)


async def in_parts(
    rows: AsyncIterator[T], write: Write[T], before: bytes = b"", between: bytes = b"", after: bytes = b""
) -> AsyncIterator[bytes]:
    """Rows as bytes, in parts of some 64 KiB:
    what comes before them all, the rows with what comes between them, and what comes after.

    After each part others have their turn: rows that are there already, sent to somebody who reads, wait for nothing.
    """
    buffer = bytearray(before)
    separator = b""
    async for row in rows:
        buffer += separator
        separator = between
        write(row, buffer)
        if len(buffer) >= _PART_BYTES:
            yield bytes(buffer)
            buffer.clear()
            await asyncio.sleep(0)
    yield bytes(buffer + after)


def write_json(row: Any, buffer: bytearray) -> None:
    """Add a row as JSON."""
    start = len(buffer)
    _encoder.encode_into(row, buffer, -1)
    restore_keys(start, buffer)


def csv_parts(
    titles: Sequence[str], rows: AsyncIterator[T], cells: Callable[[T], Sequence[Any]]
) -> AsyncIterator[bytes]:
    """CSV (RFC 4180) with a header, in parts; `cells` are those of a row."""
    writer = csv.writer(_Echo())

    def write(row: T, buffer: bytearray) -> None:
        buffer += writer.writerow(cells(row)).encode()

    return in_parts(rows, write, before=writer.writerow(titles).encode())


class _Echo:
    """A file that gives back what is written to it, as `writerow` does then."""

    def write(self, text: str) -> str:
        """Return the text."""
        return text


def _write_line(row: Any, buffer: bytearray) -> None:
    write_json(row, buffer)
    buffer += b"\n"


async def _joined(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for part in rest:
        yield part
