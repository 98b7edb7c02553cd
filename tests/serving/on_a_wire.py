"""A connection without a network: its protocol, what is written to it, an application that answers as it is told."""

import asyncio
import re
from typing import Any

from learntrack.web.limits import READING

WHOLE = b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n"


class Wire(asyncio.Transport):
    """A connection: what is written, and whether it is read."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.reading = True
        self.closed = False

    def write(self, data: Any) -> None:
        self.written += data

    def write_eof(self) -> None:
        self.written += b"(end)"

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True

    def get_write_buffer_size(self) -> int:
        return 0


class Served:
    """An application that answers a request with its path when it is told to."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.told = asyncio.Event()
        self.ended: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["method"] == "GET":
            scope[READING] = asyncio.current_task()
        self.asked.append(scope)
        try:
            await receive()
            await self.told.wait()
        except asyncio.CancelledError:
            self.ended.append(scope["path"])
            raise
        body = scope["path"].encode() + b";"
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
        await send({"type": "http.response.body", "body": body, "more_body": False})


def answers(wire: Wire) -> list[int]:
    """Which requests have been answered."""
    return [int(number) for number in re.findall(rb"/(\d+);", wire.written)]


async def all_answered(protocol: Any) -> None:
    while protocol.tasks or protocol._ahead:
        await asyncio.gather(*protocol.tasks)
        await asyncio.sleep(0)  # until those that are over are forgotten
