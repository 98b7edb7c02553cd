"""A network between an app and a running service, as bad as networks are: by a seed, so that a run can be repeated."""

import asyncio
import contextlib
import json
import mimetypes
import random
import socket
import struct
from collections import Counter
from pathlib import Path

FAULTS = {
    "none": 8,
    "lost request": 1,
    "cut request": 1,
    "lost answer": 2,
    "cut answer": 1,
    "twice at once": 1,
    "twice, one late": 2,
    "slow": 1,
    "503": 1,
    "401": 1,
    "502 of a gateway": 1,
    "a hotel's page": 1,
}
"""How often each is met, by weight."""


class FaultProxy:
    """Hands requests on to a service and answers back, or not.

    Args:
        upstream: The service's port.
        seed: Decides on the faults.
        files: Files that it serves itself, by the address that they begin with, so that a page has the same origin.

    """

    def __init__(self, upstream: int, seed: int = 0, files: dict[str, Path] | None = None) -> None:
        self.upstream = upstream
        self.files = files or {}
        self.met: Counter[str] = Counter()
        self.broken = False
        self.down = False
        self._random = random.Random(seed)
        self._late: set[asyncio.Task[bytes]] = set()
        self._open: set[asyncio.Task[None] | None] = set()

    def break_down(self, seed: int) -> None:
        """From now on there are faults, those of this seed."""
        self._random.seed(seed)
        self.broken = True

    async def __aenter__(self) -> "FaultProxy":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2**24)
        self.port = self._server.sockets[0].getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.quiet()
        self._server.close()
        for connection in filter(None, list(self._open)):
            connection.cancel()  # one that a browser has opened in case that it needs it

    async def quiet(self) -> None:
        """No more faults; returns when late duplicates have arrived."""
        self.broken = False
        await asyncio.gather(*self._late, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(connection := asyncio.current_task())
        try:
            await self._exchange(reader, writer)
        finally:
            self._open.discard(connection)

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            body = await reader.readexactly(_length(head))
            answer = self._file(head) or await self._answer(head, body)
            if answer:
                writer.write(answer)
                await writer.drain()
                writer.close()
                return
        reset = struct.pack("ii", 1, 0)  # instead of an end
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        writer.transport.abort()

    async def _answer(self, head: bytes, body: bytes) -> bytes:
        """The whole answer, a piece of it, or nothing."""
        if self.down:
            return b""
        fault = self._random.choices(list(FAULTS), list(FAULTS.values()))[0] if self.broken else "none"
        self.met[fault] += 1
        match fault:
            case "lost request":
                return b""
            case "cut request":
                await self._forward(head, body[: len(body) // 2])
                return b""
            case "lost answer":
                await self._forward(head, body)
                return b""
            case "cut answer":
                return (await self._forward(head, body))[:-3]
            case "twice at once":
                return self._random.choice(await asyncio.gather(*(self._forward(head, body) for _ in range(2))))
            case "twice, one late":
                late = asyncio.create_task(self._forward(head, body, after=self._random.uniform(0, 0.5)))
                self._late.add(late)
                late.add_done_callback(self._late.discard)
            case "slow":
                await asyncio.sleep(self._random.uniform(0, 0.3))
            case "503" | "401":
                return _problem(int(fault))
            case "502 of a gateway":
                return _raw(502, "text/html", b"<h1>Bad gateway</h1>")
            case "a hotel's page":
                return _raw(200, "text/html", b"<h1>Welcome! Please accept our terms.</h1>")
        return await self._forward(head, body)

    async def _forward(self, head: bytes, body: bytes, after: float = 0) -> bytes:
        await asyncio.sleep(after)
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.upstream)
        except OSError:
            return b""
        lines = [
            line for line in head[:-4].split(b"\r\n") if not line.lower().startswith((b"connection:", b"keep-alive:"))
        ]
        writer.write(b"\r\n".join([*lines, b"Connection: close", b"", b""]) + body)
        if len(body) < _length(head):
            writer.close()
            return b""
        try:
            return await reader.read(-1)
        except OSError:
            return b""
        finally:
            writer.close()

    def _file(self, head: bytes) -> bytes | None:
        path = head.split(b" ", 2)[1].decode().partition("?")[0]
        for begin, folder in self.files.items():
            if path.startswith(begin):
                file = folder / path.removeprefix(begin)
                if not file.is_file():
                    return _raw(404, "text/plain", b"")
                return _raw(200, mimetypes.guess_type(file.name)[0] or "application/octet-stream", file.read_bytes())
        return None


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def _problem(status: int) -> bytes:
    return _raw(status, "application/problem+json", json.dumps({"status": status, "title": "", "detail": ""}).encode())


def _raw(status: int, content_type: str, body: bytes) -> bytes:
    retry = "Retry-After: 0\r\n" if status == 503 else ""
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n{retry}"
    return f"{head}Connection: close\r\n\r\n".encode() + body
