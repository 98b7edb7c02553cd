"""A service that a test plays."""

import asyncio
import base64
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx

from learntrack_client import AsyncClient, Client, Content, Status
from learntrack_client.shapes import SenderState

LEARNER = "c1b2a3d4e5f60718293a4b5c6d7e8f90"
VIDEO = Content(kind="video", node_id="1" * 32, content_id="2" * 32, channel_id="3" * 32)
STARTED = {"session_id": "", "context": {}, "progress": 0.5, "time_spent": 60.0, "extra_fields": {}, "complete": False}


def token(of: str = LEARNER, name: str = "t") -> str:
    return f"{name}.{base64.urlsafe_b64encode(json.dumps({'sub': of}).encode()).decode().rstrip('=')}.x"


class Played:
    """Answers each item with the status that `judge` says, or a request as a whole as `refuse` says."""

    def __init__(self) -> None:
        self.batches: list[list[Any]] = []
        self.requests: list[httpx.Request] = []
        self.errors: dict[str, list[str]] = {}
        self.judge: Callable[[Any], int] = lambda _: 200
        self.refuse: Callable[[httpx.Request], httpx.Response | None] = lambda _: None

    @property
    def items(self) -> list[Any]:
        return [item for batch in self.batches for item in batch]

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if (refused := self.refuse(request)) is not None:
            return refused
        items = json.loads(request.content)["items"]
        self.batches.append(items)
        return httpx.Response(200, json={"results": [self._result(item) for item in items]})

    def _result(self, item: Any) -> Any:
        status = self.judge(item)
        good = STARTED if "start" in item else {"complete": False}
        errors = self.errors if status in (400, 409) else {}
        body = good if status == 200 else {"status": status, "title": "T", "detail": "No.", "errors": errors}
        return {"key": item["key"], "status": status, "replayed": False, "body": body}

    def client(self, queue: Path, **more: Any) -> AsyncClient:
        given = {"learner": LEARNER, "token": token(), "first_wait": 0.001, "longest_wait": 0.002, **more}
        http = httpx.AsyncClient(transport=httpx.MockTransport(self.answer))
        return AsyncClient("http://learntrack/", queue=queue, http=http, **given)


def plain(queue: Path, **more: Any) -> Client:
    """The client without asyncio, of a service that nobody reaches."""
    return Client("http://127.0.0.1:9", queue=queue, **{"learner": LEARNER, "token": token(), **more})


def problem(status: int, **headers: str) -> httpx.Response:
    return httpx.Response(
        status,
        headers={"content-type": "application/problem+json", **headers},
        content=json.dumps({"status": status, "title": "T", "detail": "D"}),
    )


async def until(app: AsyncClient, state: SenderState) -> Status:
    """How the queue is, once its sender is in this state; on a busy machine that takes its time."""
    async with asyncio.timeout(20):
        while (status := await app.sync(0.01)).state != state:
            pass
    return status


def asyncio_with(**others: Any) -> SimpleNamespace:
    """asyncio as one module is to see it, with these functions; everybody else in the process has asyncio's own."""
    return SimpleNamespace(**vars(asyncio) | others)
