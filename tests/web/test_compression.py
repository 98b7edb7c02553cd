"""Which answers are compressed, and that large ones keep nobody waiting."""

import gzip
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from litestar.types import Message, Receive, Scope, Send

from learntrack.web import compression
from learntrack.web.compression import Compression
from learntrack.web.limits import ENDLESS
from tests.web.asgi import Headers, asked

GZIP = [(b"accept-encoding", b"gzip")]
TEXT = b"".join(b"%d " % number for number in range(200_000))


def answering(*parts: bytes, status: int = 200, headers: Headers = ()) -> Any:
    """An application that answers in these parts."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        length = [(b"content-length", str(len(parts[0])).encode())] if len(parts) == 1 else []
        await send({"type": "http.response.start", "status": status, "headers": [*headers, *length]})
        for number, part in enumerate(parts, 1):
            await send({"type": "http.response.body", "body": part, "more_body": number < len(parts)})

    return Compression(app)


def body_of(messages: Sequence[Message]) -> bytes:
    return b"".join(each["body"] for each in messages[1:])  # type: ignore[typeddict-item]


def headers_of(messages: Sequence[Message]) -> dict[bytes, bytes]:
    return dict(messages[0]["headers"])  # type: ignore[typeddict-item]


@pytest.mark.parametrize("size", [500, 16 * 1024, 16 * 1024 + 1, 256 * 1024, 256 * 1024 + 1, len(TEXT)])
async def test_an_answer_comes_back_as_it_was(size: int) -> None:
    messages = await asked(answering(TEXT[:size]), GZIP)

    assert headers_of(messages)[b"content-encoding"] == b"gzip"
    assert gzip.decompress(body_of(messages)) == TEXT[:size]
    assert headers_of(messages)[b"content-length"] == str(len(body_of(messages))).encode()
    assert [each["more_body"] for each in messages[1:]] == [False]  # type: ignore[typeddict-item]


async def test_each_part_of_a_list_can_be_read_when_it_comes() -> None:
    parts = [b"[1", b",2" * 9000, b",3" * 200_000, b"", b"]"]
    messages = await asked(answering(*parts), GZIP)

    reader, read = compression.zlib.decompressobj(compression._GZIP), b""
    seen = []
    for each in messages[1:]:
        read += reader.decompress(each["body"])  # type: ignore[typeddict-item]
        seen.append(len(read))
    assert read == b"".join(parts)
    assert {2, 18_002, 418_002, 418_003} <= set(seen)


async def test_a_large_answer_is_compressed_aside_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """8 MiB were compressed in one go, and nobody was answered meanwhile."""
    done: list[tuple[bool, int]] = []

    def watched(compressor: Any, data: memoryview, end: int) -> bytes:
        done.append((threading.current_thread() is threading.main_thread(), len(data)))
        return add(compressor, data, end)

    add = compression._add
    monkeypatch.setattr(compression, "_add", watched)
    await asked(answering(TEXT), GZIP)
    await asked(answering(TEXT, TEXT[:100]), GZIP)

    assert len(done) > 8
    assert all(size <= (16 * 1024 if here else 256 * 1024) for here, size in done)


@pytest.mark.parametrize(
    ("accepted", "compressed"),
    [
        (b"gzip, deflate, br", True),
        (b"br;q=1.0, GZIP;q=0.8", True),
        (b"x-gzip", True),
        (b"gzip;q=0", False),
        (b"gzip; q=0.000", False),
        (b"identity", False),
        (b"notgzip", False),
        (b"", False),
    ],
)
async def test_who_asks_for_it_gets_it(accepted: bytes, compressed: bool) -> None:
    messages = await asked(answering(TEXT), [(b"accept-encoding", accepted)])

    assert (headers_of(messages).get(b"content-encoding") == b"gzip") is compressed
    assert (body_of(messages) == TEXT) is not compressed


@pytest.mark.parametrize(
    ("app", "scope"),
    [
        (answering(TEXT[:499]), {}),
        (answering(TEXT, headers=[(b"content-encoding", b"br")]), {}),
        (answering(b"", b"", status=304), {}),
    ],
)
async def test_what_is_small_has_no_body_or_is_compressed_already_stays(app: Any, scope: Any) -> None:
    assert await asked(app, GZIP, **scope) == await asked(app, **scope)


@pytest.mark.parametrize("accepted", [[], GZIP])
@pytest.mark.parametrize("status", [200, 304, 404])
@pytest.mark.parametrize(
    ("varies", "told"),
    [
        ([], [b"Accept-Encoding"]),
        ([(b"Vary", b"Cookie"), (b"vary", b"Origin")], [b"Cookie, Origin, Accept-Encoding"]),
        ([(b"vary", b"accept-encoding")], [b"accept-encoding"]),
        ([(b"vary", b"*")], [b"*"]),
    ],
)
async def test_caches_are_told_that_an_answer_may_come_in_two_forms(
    accepted: Headers, status: int, varies: Headers, told: list[bytes]
) -> None:
    """Only compressed ones said so, and a cache handed on the plain form, or the other, to everybody."""
    messages = await asked(answering(TEXT[:200], status=status, headers=varies), accepted)

    headers = messages[0]["headers"]  # type: ignore[typeddict-item]
    assert [value for name, value in headers if name.lower() == b"vary"] == told


@pytest.mark.parametrize(("tag", "compressed"), [(b'"x"', b'W/"x"'), (b'W/"x"', b'W/"x"')])
async def test_both_forms_have_not_the_same_strong_etag(tag: bytes, compressed: bytes) -> None:
    app = answering(TEXT, headers=[(b"etag", tag)])

    assert headers_of(await asked(app, GZIP))[b"etag"] == compressed
    assert headers_of(await asked(app))[b"etag"] == tag


async def test_what_goes_on_for_ever_is_sent_as_it_is() -> None:
    class Handler:
        opt = {ENDLESS: True}

    parts = [b"event: beat\n\n" * 100, b"event: changed\n\n"]
    assert body_of(await asked(answering(*parts), GZIP, route_handler=Handler)) == b"".join(parts)
