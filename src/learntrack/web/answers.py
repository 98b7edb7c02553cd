"""Answering with JSON: a value at once, or a list of any length while holding only a part of it."""

from collections.abc import AsyncIterator
from typing import Any

from litestar import Response
from litestar.response import Stream

from learntrack.domain.any_json import encoder
from learntrack.storage.database import Row
from learntrack.web.paging import Page

_PART = 64 * 1024


def json_response(value: Any, headers: dict[str, str] | None = None) -> Response[Any]:
    """The answer with this value as it is, encoded here because that takes half the framework's time."""
    return Response(encoder.encode(value), media_type="application/json", headers=headers)


async def list_response(found: Page | AsyncIterator[Row]) -> Response[Any]:
    """The answer to a request for a list: a page as it is, a stream of rows as a JSON array that is sent as it is
    read.
    """
    if isinstance(found, Page):
        return json_response(found)
    return Stream(await begun(_array(found)), media_type="application/json")


async def lines_response(rows: AsyncIterator[object], media_type: str) -> Response[Any]:
    """An answer of one JSON object a line, sent as it is read."""
    return Stream(await begun(_lines(rows)), media_type=media_type)


async def begun(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same parts, the first of which has been read, so that an error there is still an error answer."""
    first = await anext(parts, b"")
    return _joined(first, parts)


async def _lines(rows: AsyncIterator[object]) -> AsyncIterator[bytes]:
    buffer = bytearray()
    async for row in rows:
        encoder.encode_into(row, buffer, -1)
        buffer += b"\n"
        if len(buffer) >= _PART:
            yield bytes(buffer)
            buffer.clear()
    yield bytes(buffer)


async def _array(rows: AsyncIterator[Row]) -> AsyncIterator[bytes]:
    encode_into = encoder.encode_into
    buffer = bytearray(b"[")
    empty = True
    async for row in rows:
        if not empty:
            buffer += b","
        empty = False
        encode_into(row, buffer, -1)
        if len(buffer) >= _PART:
            yield bytes(buffer)
            buffer.clear()
    yield bytes(buffer) + b"]"


async def _joined(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for part in rest:
        yield part
