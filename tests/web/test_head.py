"""HEAD: the answer to GET, without its body."""

from typing import Any

import pytest
from litestar.types import Message, Receive, Scope, Send

from learntrack.web.head import HeadAsGet
from tests.support import ROOT, Api
from tests.web.asgi import answering, asked

OPEN = [
    ("/", 200),
    ("/docs", 302),
    ("/schema", 200),
    ("/schema/openapi.json", 200),
    ("/metrics", 200),
    ("/health/live", 200),
    ("/health/ready", 200),
    ("/reports/", 303),
    ("/reports/sign-in", 200),
    ("/reports/static/style.css", 200),
    ("/api/me", 200),
    ("/api/logger/masterylog", 200),
    ("/no/such/path", 404),
]
CHANGING = {"date", "x-request-id", "content-length"}
"""What differs from answer to answer; numbers grow meanwhile."""


@pytest.mark.engines("mongomock")
@pytest.mark.parametrize(("path", "status"), OPEN)
async def test_head_is_answered_as_get_is_without_a_body(api: Api, path: str, status: int) -> None:
    headers = ROOT.headers if path.startswith("/api") else {}
    got, head = [await api.client.request(method, path, headers=headers) for method in ("GET", "HEAD")]

    assert (got.status_code, head.status_code) == (status, status)
    assert head.content == b""
    assert {*head.headers} - CHANGING == {*got.headers} - CHANGING
    assert head.headers.get("content-type") == got.headers.get("content-type")


@pytest.mark.engines("mongomock")
async def test_what_answers_no_get_answers_no_head(api: Api) -> None:
    answer = await api.client.head("/api/logger/contentsession", headers=ROOT.headers)

    assert (answer.status_code, answer.content) == (405, b"")


async def test_others_see_that_it_was_head() -> None:
    seen: list[str] = []
    scope: dict[str, Any] = {"method": "HEAD"}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["method"])  # type: ignore[typeddict-item]
        await answering()(scope, receive, send)

    async def around(scope: Scope, receive: Receive, send: Send) -> None:
        await HeadAsGet(app)(scope, receive, send)
        seen.append(scope["method"])  # type: ignore[typeddict-item]

    await asked(around, **scope)

    assert seen == ["GET", "HEAD"]


async def test_what_sends_without_end_is_told_once_that_nobody_listens() -> None:
    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(3):
            await send({"type": "http.response.body", "body": b"more", "more_body": True})

    sent: list[Message] = await asked(HeadAsGet(endless), method="HEAD")

    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[1] == {"type": "http.response.body", "body": b"", "more_body": False}
