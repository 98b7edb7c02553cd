"""What is done to a service while a class is at work: heavy and hostile requests, one kind after the other.

`attacks.py NAME PORT` runs one of them: in a process of its own, so that what it costs the attacker is not measured as
what others wait.
"""

import asyncio
import ssl
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec

from client import Connection
from processes import token

SESSIONS = "/api/logger/contentsession"
QUIZ = {"type": "quiz"}


def _new_id() -> str:
    return uuid4().hex


def _start(kind: str = "exercise") -> dict[str, Any]:
    body: dict[str, Any] = {"node_id": _new_id(), "content_id": _new_id(), "channel_id": _new_id(), "kind": kind}
    return body | ({"mastery_model": QUIZ} if kind == "exercise" else {})


def _answer(item: str, size: int, **more: object) -> dict[str, Any]:
    return {"item": item, "correct": 1, "time_spent": 1, "answer": {"text": "x" * size}, **more}


async def _send_raw(port: int, head: str, body: bytes = b"", *, wait: float = 10) -> None:
    """Send bytes, whatever becomes of them."""
    with suppress(OSError, TimeoutError, ssl.SSLError):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            async with asyncio.timeout(wait):
                writer.write(head.encode() + body)
                await writer.drain()
                await reader.read(65536)
        finally:
            writer.close()


def _post(path: str, length: int, *, by: str | None = None, method: str = "POST") -> str:
    who = "" if by is None else f"Authorization: Bearer {by}\r\n"
    return f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{who}Content-Length: {length}\r\n\r\n"


async def a_large_queue(port: int) -> None:
    """6.4 MB in one batch, which stopped the embedded engine for ever."""
    session, at = _new_id(), datetime.now(UTC) - timedelta(seconds=300)
    items: list[Mapping[str, Any]] = [{"start": _start()}]
    items += [{"update": {"interactions": [_answer(f"q{number}", 128_000)]}} for number in range(50)]
    sent = [
        {"key": _new_id(), "session_id": session, "occurred_at": (at + timedelta(seconds=number)).isoformat(), **item}
        for number, item in enumerate(items)
    ]
    await Connection("127.0.0.1", port).send("POST", f"{SESSIONS}/batch", token(_new_id()), {"items": sent})


async def many_large_queues(port: int) -> None:
    """40 learners who send 12 MB in a queue each at once, and 8 who send half of one and then a drop now and then."""
    at = datetime.now(UTC) - timedelta(seconds=300)

    async def whole() -> None:
        session = _new_id()
        items: list[Mapping[str, Any]] = [{"start": _start()}]
        items += [{"update": {"interactions": [_answer(f"q{number}", 120_000)]}} for number in range(100)]
        about = {"session_id": session, "occurred_at": at.isoformat()}
        body = msgspec.json.encode({"items": [{"key": _new_id(), **about, **item} for item in items]})
        await _send_raw(port, _post(f"{SESSIONS}/batch", len(body), by=token(_new_id())), body, wait=60)

    async def half() -> None:
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(_post(f"{SESSIONS}/batch", 16_000_000, by=token(_new_id())).encode() + b" " * 100_000)
            for _ in range(20):
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.5)
            writer.close()

    await asyncio.gather(*(half() for _ in range(8)), *(whole() for _ in range(40)))


async def a_class_of_large_answers(port: int) -> None:
    """40 learners who send 200 KB each at once."""

    async def one() -> None:
        connection, mine = Connection("127.0.0.1", port), token(_new_id())
        _, started = await connection.send("POST", SESSIONS, mine, _start())
        body = {"interactions": [_answer("q", 200_000)]}
        await connection.send("PUT", f"{SESSIONS}/{started['session_id']}", mine, body)

    await asyncio.gather(*(one() for _ in range(40)))


async def braces_by_nobody(port: int) -> None:
    """16 MB of `{}` by somebody without a token, and 2 MB of a form."""
    body = b'{"items":[' + b"{}," * 5_000_000 + b"{}]}"
    await _send_raw(port, _post(f"{SESSIONS}/batch", len(body)), body)
    await _send_raw(port, _post("/api/roster", len(body), method="PUT"), body)
    form = b"a=1&" * 500_000
    await _send_raw(port, _post("/reports/sign-in", len(form)), form)


async def braces_by_learners(port: int) -> None:
    """Bodies of 4 MB that are all lists, objects or numbers, and the most numbers that are taken; a queue of 15 MB."""
    mine = token(_new_id())
    _, started = await Connection("127.0.0.1", port).send("POST", SESSIONS, mine, _start("video"))
    path = f"{SESSIONS}/{started['session_id']}"
    for entry in (b"[],", b'{"":{}},', b"[" * 80 + b"]" * 80 + b",", b"1,", b'1,null,"a",', b"1.5e300,"):
        body = b'{"extra_fields":{"x":[' + entry * (4_000_000 // len(entry)) + b"1]}}"
        await _send_raw(port, _post(path, len(body), by=mine, method="PUT"), body)
    body = b'{"extra_fields":{"x":[' + b"1.5e300," * 99_990 + b"1]}}"
    await _send_raw(port, _post(path, len(body), by=mine, method="PUT"), body)
    body = b'{"items":[' + b'{"x":[' + b"[]," * 30_000 + b"1]}," * 100 + b"{}]}"
    await _send_raw(port, _post(f"{SESSIONS}/batch", len(body), by=mine), body)


async def endless_heads(port: int) -> None:
    """A head of 200 MB, and 20 heads that come a byte at a time."""

    async def flood() -> None:
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(10):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"GET / HTTP/1.1\r\n")
                for number in range(200):
                    writer.write(b"x-%d: " % number + b"y" * 2**20 + b"\r\n")
                    await writer.drain()

    async def drip() -> None:
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            for byte in b"GET / HTTP/1.1\r\nHost: x\r\nX: ":
                writer.write(bytes([byte]))
                await asyncio.sleep(0.4)
            writer.close()

    await asyncio.gather(flood(), *(drip() for _ in range(20)))


async def more_than_a_request(port: int) -> None:
    """Headers behind a body, and requests before the one before is answered, both without end (to 100 MB)."""
    chunked = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
    ahead = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n" * 1000
    for head, more in ((chunked, b"X-More: 1\r\n" * 4000), ("", ahead)):
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(10):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(head.encode())
                for _ in range(2500):
                    writer.write(more)
                    await writer.drain()


async def idle_connections(port: int) -> None:
    """2,000 connections that say nothing, or half of something, for 12 s."""
    opened = []
    for number in range(2000):
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            if number % 2:
                writer.write(b"POST " + SESSIONS.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
            opened.append(writer)
    await asyncio.sleep(12)
    for writer in opened:
        writer.close()


async def answers_without_bound(port: int) -> None:
    """78 KB of alternating errors and replacements, each of which is answered with all of a large answer; 20 times."""
    connection, mine = Connection("127.0.0.1", port), token(_new_id())
    _, started = await connection.send("POST", SESSIONS, mine, _start())
    path = f"{SESSIONS}/{started['session_id']}"
    await connection.send("PUT", path, mine, {"interactions": [_answer("a", 400_000)]})
    turns = [
        _answer("a", 0, replace=True) | {"answer": None, "error": True} if number % 2 else _answer("b", 1)
        for number in range(600)
    ]
    for _ in range(20):
        headers = {"Idempotency-Key": _new_id()}
        await connection.raw("PUT", path, mine, {"interactions": turns}, headers)
    connection.close()


ATTACKS: list[Callable[[int], Awaitable[None]]] = [
    a_large_queue,
    many_large_queues,
    a_class_of_large_answers,
    braces_by_nobody,
    braces_by_learners,
    endless_heads,
    more_than_a_request,
    idle_connections,
    answers_without_bound,
]


if __name__ == "__main__":
    [chosen] = [each for each in ATTACKS if each.__name__ == sys.argv[1]]
    with suppress(OSError, asyncio.IncompleteReadError, TypeError, KeyError):
        asyncio.run(chosen(int(sys.argv[2])))
