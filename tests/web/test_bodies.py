"""Reading request bodies."""

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from litestar.exceptions import ClientException, HTTPException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge

from learntrack.access.actor import Actor
from learntrack.errors import InvalidFields, TooLarge
from learntrack.web.bodies import JsonRequest, TrustedRequest
from learntrack.web.limits import WHOLLY_HERE
from tests.conftest import settings
from tests.web.asgi import Headers


class Shape(msgspec.Struct):
    """A route's body."""

    count: int | None = None
    anything: dict[str, Any] | None = None


def request(body: bytes, shape: Any = None, headers: Headers = ()) -> JsonRequest:
    """A request to a route that takes this shape."""

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    data = None if shape is None else SimpleNamespace(annotation=shape)
    scope: Any = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "headers": list(headers),
        "state": {},
        "user": Actor("a" * 32),
        "litestar_app": SimpleNamespace(
            state=SimpleNamespace(settings=settings(max_json_objects=1000, max_json_values=10_000))
        ),
        "route_handler": SimpleNamespace(parsed_data_field=data, resolve_request_max_body_size=lambda: None),
    }
    return JsonRequest(scope, receive)


def seen_whole(is_there: bool) -> Any:
    """What the scope of a request says whose body was there when it was begun to be answered."""
    return {WHOLLY_HERE: True} if is_there else {}


@pytest.mark.parametrize("is_there", [False, True])
@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"", {}),
        (b'{"a":{"b":1}}', {"a": {"b": 1}}),
        (b"[[]]", [[]]),
        (rb'["\ud83d", 1e20, 100000000000000000000]', ["\ufffd", 1e20, 10**20]),
        (b'["\\ud83d", 1' + b"0" * 400 + b"]", ["\ufffd", float("inf")]),
    ],
)
async def test_json_is_read_whatever_the_content_type_says(body: bytes, value: Any, is_there: bool) -> None:
    sent = request(body)

    assert await JsonRequest(sent.scope | seen_whole(is_there), sent.receive).json() == value


@pytest.mark.parametrize("is_there", [False, True])
async def test_what_has_been_read_is_there_for_whoever_looks_at_the_same_request(is_there: bool) -> None:
    messages = iter([{"type": "http.request", "body": b"[1]", "more_body": False}])

    async def receive() -> Any:
        return next(messages)

    scope = request(b"").scope | seen_whole(is_there)
    assert [await JsonRequest(scope, receive).json() for _ in range(2)] == [[1], [1]]


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[NaN]", b"\xef\xbb\xbf{}", b"[" * 10_000, rb'"\ud83d' + b"[" * 9999])
async def test_what_is_no_json_or_deep_beyond_all_measure_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidFields) as refused:
        await request(body).json()

    assert set(refused.value.errors) == {"body"}


async def test_a_body_is_read_in_the_shape_of_its_route() -> None:
    assert await request(b'{"count":"7","anything":null,"more":[]}', Shape).json() == Shape(7)
    assert await request(b'{"anything":{"count":"7"}}', Shape).json() == Shape(None, {"count": "7"})
    with pytest.raises(InvalidFields) as refused:
        await request(b'{"count":[]}', Shape).json()
    assert set(refused.value.errors) == {"count"}


@pytest.mark.parametrize("is_there", [False, True])
async def test_a_caller_who_goes_away_is_no_error_of_the_service(is_there: bool) -> None:
    begun: list[Any] = [{"type": "http.request", "body": b"{", "more_body": True}]
    messages = iter([*([] if is_there else begun), {"type": "http.disconnect"}])

    async def receive() -> Any:
        return next(messages)

    with pytest.raises(ClientException):
        await JsonRequest(request(b"").scope | seen_whole(is_there), receive).json()


@pytest.mark.parametrize(
    ("signed_in", "most"), [(True, "500 bytes."), (False, "100 bytes of a caller who is not signed in.")]
)
@pytest.mark.parametrize(("announced", "is_there"), [(True, False), (False, False), (True, True), (False, True)])
async def test_too_large_a_body_is_told_how_large_it_may_be(
    signed_in: bool, most: str, announced: bool, is_there: bool
) -> None:
    sent = request(b"x" * 1000)
    sent.scope["litestar_app"].state.settings = SimpleNamespace(max_anonymous_body_bytes=100)
    sent.scope["route_handler"] = SimpleNamespace(resolve_request_max_body_size=lambda: 500)  # type: ignore[typeddict-item]
    sent.scope["user"] = Actor("a" * 32) if signed_in else None
    sent.scope["headers"] = [(b"content-length", b"1000")] if announced else []

    with pytest.raises(RequestEntityTooLarge) as refused:
        await JsonRequest(sent.scope | seen_whole(is_there), sent.receive).body()

    assert refused.value.detail == f"body: may have at most {most}"


PADDING = b'{"":"' + b"x" * 20_000 + b'"}'


@pytest.mark.parametrize(
    ("entries", "refused"),
    [
        (b"[]," * 990, False),
        (b"[]," * 1000, True),
        (b"{}," * 1000, True),
        (b"[" * 40 + b"]" * 40 + b"," + (b"[" * 80 + b"]" * 80 + b",") * 12, True),
        (b'"[[[[{{{{",' * 2000, False),
        (rb'"[\"\\","{\"[{",' * 1000, False),
        (rb'"\\",[],' * 1001, True),
        (b"1," * 9_998, False),
        (b"1," * 10_001, True),
        (b'",,,,,,,,,,",' * 2000, False),
    ],
)
async def test_lists_and_objects_are_counted_before_they_are_made(entries: bytes, refused: bool) -> None:
    body = b"[" + entries + PADDING + b"]"

    if refused:
        with pytest.raises(TooLarge, match="body"):
            await request(body).json()
    else:
        assert len(await request(body).json()) == len(msgspec.json.decode(body))
    trusted = TrustedRequest(request(body).scope, request(body).receive)
    assert len(await trusted.json()) == len(msgspec.json.decode(body))


@pytest.mark.parametrize("codings", [[b"gzip"], [b"br, gzip"], [b"x"], [b"identity", b"gzip"], [b"identity, gzip"]])
async def test_a_compressed_body_is_refused_as_such(codings: list[bytes]) -> None:
    """Its bytes were said to be no JSON."""
    with pytest.raises(HTTPException) as refused:
        await request(b"{}", headers=[(b"content-encoding", coding) for coding in codings]).body()

    assert refused.value.status_code == 415
    assert refused.value.headers == {"Accept-Encoding": "identity"}


@pytest.mark.parametrize("coding", [b"identity", b"Identity ", b"", b"identity, identity"])
async def test_a_body_that_is_said_to_be_as_it_is_is_taken(coding: bytes) -> None:
    assert await request(b"[]", headers=[(b"content-encoding", coding)]).body() == b"[]"
