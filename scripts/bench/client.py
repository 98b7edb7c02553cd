"""A small keep-alive HTTP/1.1 client on asyncio streams: cheap enough not to be what is measured."""

import asyncio
import json
from typing import Any


class Connection:
    """One keep-alive connection to the service."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def send(
        self, method: str, path: str, token: str | None = None, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """The status and the JSON body of an answer."""
        status, raw = await self.raw(method, path, token, body, headers)
        return status, json.loads(raw) if raw else None

    async def raw(
        self, method: str, path: str, token: str | None = None, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """The status and the bytes of an answer. A connection that was idle for too long is made anew."""
        try:
            return await self._raw(method, path, token, body, headers)
        except asyncio.IncompleteReadError as error:
            if error.partial or method != "GET":
                raise
            return await self._raw(method, path, token, body, headers)

    async def _raw(
        self, method: str, path: str, token: str | None, body: Any, headers: dict[str, str] | None
    ) -> tuple[int, bytes]:
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(*self._address)
        assert self._reader is not None
        content = b"" if body is None else json.dumps(body).encode()
        lines = [
            f"{method} {path} HTTP/1.1",
            "Host: bench",
            "Content-Type: application/json",
            f"Content-Length: {len(content)}",
        ]
        if token is not None:
            lines.append(f"Authorization: Bearer {token}")
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        try:
            self._writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + content)
            head = await self._reader.readuntil(b"\r\n\r\n")
            status = int(head[9:12])
            fields = head.lower()
            if b"transfer-encoding: chunked" in fields:
                return status, await self._chunks()
            length = int(fields.split(b"content-length:")[1].split(b"\r\n")[0]) if b"content-length:" in fields else 0
            return status, await self._reader.readexactly(length)
        except BaseException:
            self.close()
            raise

    async def _chunks(self) -> bytes:
        assert self._reader is not None
        parts = []
        while size := int(await self._reader.readline(), 16):
            parts.append(await self._reader.readexactly(size))
            await self._reader.readline()
        await self._reader.readline()
        return b"".join(parts)

    def close(self) -> None:
        """Drop the connection; the next request makes a new one."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None
