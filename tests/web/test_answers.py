"""Answers of any length, of which only a part is held at a time."""

import asyncio
import csv
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from bson import Int64
from litestar import Response
from litestar.datastructures import Cookie
from litestar.types import Receive, Scope, Send

from learntrack.errors import NotFound
from learntrack.web.answers import (
    csv_parts,
    encoded,
    in_parts,
    json_response,
    lines_response,
    list_response,
    send_json,
    write_json,
)
from learntrack.web.paging import Page
from tests.web.asgi import asked

PART = 64 * 1024


async def rows(count: int, text: str = "x" * 1000) -> AsyncIterator[dict[str, Any]]:
    for number in range(count):
        yield {"number": number, "text": text}


async def body_of(response: Any) -> bytes:
    return b"".join([part async for part in response.iterator])


@pytest.mark.parametrize("count", [0, 1, 2, 200])
async def test_a_list_of_any_length_is_a_json_array(count: int) -> None:
    found = json.loads(await body_of(await list_response(rows(count))))

    assert [row["number"] for row in found] == list(range(count))


@pytest.mark.parametrize("count", [0, 1, 200])
async def test_a_line_an_object(count: int) -> None:
    body = await body_of(await lines_response(rows(count), "application/jsonl"))

    assert [json.loads(line)["number"] for line in body.splitlines()] == list(range(count))
    assert body.endswith(b"\n") or not count


async def test_no_more_than_a_part_is_held() -> None:
    parts = [part async for part in in_parts(rows(500), write_json, b"[", b",", b"]")]

    assert all(PART <= len(part) < PART + 2000 for part in parts[:-1])
    assert len(parts) > 5


async def test_others_have_their_turn_between_two_parts() -> None:
    """Where rows are there already and their reader takes them, nothing else would wait: 60,000 took two seconds."""
    turns = 0

    async def beat() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beating = asyncio.create_task(beat())
    parts = [part async for part in in_parts(rows(500), write_json, b"[", b",", b"]")]
    beating.cancel()

    assert turns >= len(parts) - 1


async def test_a_page_is_answered_as_it_is() -> None:
    response = await list_response(Page(page=1, count=1, total_pages=1, results=[{"a": 1}]))

    assert json.loads(response.content) == {"page": 1, "count": 1, "total_pages": 1, "results": [{"a": 1}]}


async def test_what_goes_wrong_before_the_first_part_is_still_an_error() -> None:
    async def refusing() -> AsyncIterator[Any]:
        raise NotFound("There is no such list.")
        yield

    with pytest.raises(NotFound):
        await list_response(refusing())


async def test_csv_quotes_what_needs_it_and_ends_lines_as_the_standard_says() -> None:
    table = [["a,b", 'say "x"'], ["", "two\nlines"], [1, 0.5]]

    async def each() -> AsyncIterator[list[Any]]:
        for row in table:
            yield row

    text = b"".join([part async for part in csv_parts(["one", "two"], each(), lambda row: row)]).decode()

    assert text.startswith("one,two\r\n")
    assert list(csv.reader(text.splitlines(keepends=True)))[1:] == [[str(cell) for cell in row] for row in table]


def test_an_integer_of_the_drivers_own_kind_is_an_integer() -> None:
    assert encoded({"n": Int64(2**40)}) == b'{"n":%d}' % 2**40


def test_what_is_no_json_is_not_made_some() -> None:
    with pytest.raises(NotImplementedError):
        encoded({"x": object()})


@pytest.mark.parametrize("status", [None, 400])
@pytest.mark.parametrize("headers", [None, {"Idempotent-Replayed": "true", "x": "ä"}])
@pytest.mark.parametrize(
    "of_route", [{}, {"status_code": 201, "headers": {"X": "of the route"}, "cookies": [Cookie("a")]}]
)
async def test_json_is_sent_as_the_framework_would(status: Any, headers: Any, of_route: dict[str, Any]) -> None:
    ours = json_response({"a": [1]}, headers, status=status)
    its = Response(b'{"a":[1]}', media_type="application/json", headers=headers, status_code=status)
    for each in (ours, its):
        each.set_cookie("b", "c")

    sent = [await asked(each.to_asgi_response(None, None, **of_route)) for each in (ours, its)]  # type: ignore[arg-type]

    for start, _ in sent:
        start["headers"] = sorted(start["headers"])
    assert sent[0] == sent[1]


async def test_json_past_the_framework_is_the_same() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send_json({"a": [1]}, send, [(b"x", b"y")])

    made = json_response(b'{"a":[1]}', {"X": "y"}, status=200)
    assert await asked(app) == await asked(made.to_asgi_response(None, None))  # type: ignore[arg-type]
