"""Reading request bodies."""

from types import SimpleNamespace
from typing import Any

import pytest

from learntrack.errors import InvalidFields
from learntrack.web.bodies import JsonRequest, holding_bodies


def request(body: bytes, opt: Any = None) -> JsonRequest:
    """A request to a route with these options; bodies may be nested 2 levels deep."""
    app = SimpleNamespace(state=SimpleNamespace(settings=SimpleNamespace(max_json_depth=2)))

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    scope: Any = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "headers": [],
        "app": app,
        "litestar_app": app,
        "state": {},
        "route_handler": SimpleNamespace(opt=opt or {}, resolve_request_max_body_size=lambda: None),
    }
    return JsonRequest(scope, receive)


@pytest.mark.parametrize(("body", "value"), [(b"", {}), (b'{"a":{"b":1}}', {"a": {"b": 1}}), (b"[[]]", [[]])])
async def test_json_is_read_whatever_the_content_type_says(body: bytes, value: Any) -> None:
    assert await request(body).json() == value


@pytest.mark.parametrize("body", [b"{", b"\xff", b'{"a":{"b":{}}}', b"[" * 100_000])
async def test_what_is_no_json_or_too_deep_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidFields) as refused:
        await request(body).json()

    assert set(refused.value.errors) == {"body"}


async def test_a_route_may_hold_bodies() -> None:
    assert await request(b'{"a":{"b":{}}}', holding_bodies(1)).json() == {"a": {"b": {}}}
    with pytest.raises(InvalidFields):
        await request(b'{"a":{"b":{"c":{}}}}', holding_bodies(1)).json()
