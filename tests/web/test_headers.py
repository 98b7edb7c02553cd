"""What a browser may do with an answer."""

from types import SimpleNamespace

import pytest

from learntrack.web.headers import API_PAGE, DATA, PAGE, Policy, SecurityHeaders, with_policy
from tests.support import Api
from tests.web.asgi import answering, asked


@pytest.mark.engines("mongomock")
@pytest.mark.parametrize(
    ("method", "path", "policy"),
    [
        ("GET", "/api/logger/masterylog", DATA),
        ("GET", "/health/live", DATA),
        ("GET", "/metrics", DATA),
        ("GET", "/no/such/path", DATA),
        ("GET", "/reports/no/such/page", PAGE),
        ("DELETE", "/reports/sign-in", DATA),
        ("GET", "/reports/sign-in", PAGE),
        ("GET", "/reports/static/none.css", PAGE),
        ("GET", "/schema", API_PAGE),
        ("GET", "/schema/openapi.json", API_PAGE),
        ("GET", "/schema-assets/swagger-ui.css", API_PAGE),
    ],
)
async def test_every_answer_has_the_headers_of_its_route(api: Api, method: str, path: str, policy: Policy) -> None:
    headers = (await api.send(method, path)).headers

    for name, value in policy:
        assert headers[name.decode()] == value.decode()
    assert "server" not in headers
    assert "strict-transport-security" not in headers


async def test_only_an_answer_over_https_asks_for_https_from_then_on() -> None:
    app = SecurityHeaders(answering())

    [over_http, _], [over_https, _] = await asked(app), await asked(app, scheme="https")

    assert b"strict-transport-security" not in dict(over_http["headers"])
    assert b"strict-transport-security" in dict(over_https["headers"])


async def test_a_header_that_the_answer_has_itself_stays_and_is_not_doubled() -> None:
    kept = (b"cache-control", b"max-age=60")
    page = SimpleNamespace(opt=with_policy(PAGE))

    [start, _] = await asked(SecurityHeaders(answering(headers=[kept])), route_handler=page)

    assert [header for header in start["headers"] if header[0] == b"cache-control"] == [kept]
    assert dict(PAGE)[b"content-security-policy"] == dict(start["headers"])[b"content-security-policy"]
