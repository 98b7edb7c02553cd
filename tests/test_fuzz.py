"""Ids, paths, headers, cookies and query strings of any shape: no 5xx but 503, and nothing of the inside shown."""

import asyncio
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from httpx import URL, ASGITransport, AsyncClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from learntrack.app import create_app
from tests.conftest import running
from tests.conftest import settings as service_settings
from tests.examples import usually
from tests.support import ROOT, Api, Person, new_id
from tests.web.another import SharedDatabase

pytestmark = pytest.mark.engines("mongomock", "embedded")

CALLERS = (None, Person(new_id()), ROOT)
ROUTES = (
    *("/api/logger/contentsession", "/api/logger/contentsession/{}", "/api/logger/contentsession/batch"),
    *("/api/logger/trackprogress/{}", "/api/logger/totalcontentprogress/{}", "/api/logger/userprogress/{}"),
    *("/api/logger/masterylog", "/api/logger/masterylog/{}/diff", "/api/logger/attemptlog", "/api/logger/export/{}"),
    *("/api/roster", "/api/roster/{}", "/api/roster/users/{}", "/api/reports/{}", "/api/me"),
    *("/reports/", "/reports/sign-in", "/reports/sign-out", "/reports/class/{}", "/reports/class/{}/activity"),
    *("/reports/class/{}/quiz/{}", "/reports/learner/{}", "/reports/static/{}", "/schema-assets/{}"),
    *("/schema/openapi.json", "/schema/{}", "/health/ready", "/metrics", "/{}"),
)
"""What is asked; a `{}` is anything."""
PARAMETERS = (
    *("user", "content", "complete", "quiz", "masterylog", "item", "mastery_level", "facility", "classroom"),
    *("learner_group", "page", "page_size", "since", "until", "format", "sort", "group", "lesson", "table"),
)
HEADERS = (
    *("authorization", "cookie", "idempotency-key", "x-request-id", "content-type", "content-length", "accept"),
    *("origin", "referer", "sec-fetch-site", "host", "x-forwarded-for", "x-forwarded-proto", "range", "traceparent"),
    *("if-none-match", "accept-encoding", "access-control-request-method"),
)

ID = new_id()
odd_bytes = st.one_of(
    st.binary(max_size=40),
    st.text(max_size=20).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.sampled_from([b"", b"\0", b"\n", b"..", b"/", b"%", b"\xff\xfe", b"x" * 300, b"x" * 9000]),
    st.sampled_from(
        [b"-1", b"1e999", b"9" * 400, b"2026-01-01", b"0001-01-01T00:00:00+23:59", b"9999-12-31T23:59-23:59"]
    ),
    st.sampled_from([ID, f"{ID[:8]}-{ID[8:]}", f"{ID}\n", f"\n{ID}", ID.upper(), f"{ID}-", f"{ID[:-1]}g"]).map(
        str.encode
    ),
)
headers = st.one_of(
    st.tuples(st.sampled_from(HEADERS), odd_bytes),
    st.tuples(st.just("cookie"), odd_bytes.map(lambda value: b"visitor_id=" + value)),
    st.tuples(st.just("cookie"), odd_bytes.map(lambda value: b"learntrack_token=" + value)),
    st.tuples(st.just("authorization"), odd_bytes.map(lambda value: b"Bearer " + value)),
    st.tuples(st.just("authorization"), odd_bytes.map(lambda value: ROOT.headers["Authorization"].encode() + value)),
)
parameters = st.tuples(st.sampled_from(PARAMETERS), odd_bytes).map(
    lambda pair: pair[0].encode() + b"=" + quote_from_bytes(pair[1]).encode()
)

queries = st.one_of(
    st.lists(parameters, max_size=3).map(b"&".join), st.binary(max_size=30).map(quote_from_bytes).map(str.encode)
)


async def answer(
    client: AsyncClient, method: str, path: bytes, query: bytes, sent: Sequence[tuple[bytes, bytes]]
) -> tuple[int, bytes]:
    """Status and body of a request."""
    address = URL("http://learntrack").copy_with(raw_path=path + (b"?" + query if query else b""))
    found = await client.send(client.build_request(method, address, headers=list(sent)))
    return found.status_code, found.content


REQUESTS: dict[str, Any] = {
    "route": st.sampled_from(ROUTES),
    "method": st.sampled_from(["GET", "GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS", "PATCH"]),
    "by": st.sampled_from(CALLERS),
    "filled": st.lists(odd_bytes, min_size=2, max_size=2),
    "query": st.one_of(
        st.lists(parameters, max_size=3).map(b"&".join),
        st.binary(max_size=30).map(quote_from_bytes).map(str.encode),
    ),
    "sent": st.lists(headers, max_size=3),
}


async def test_no_request_breaks_anything(api: Api) -> None:
    async def connect(_: Any) -> Any:
        return SharedDatabase(api.db)

    app = create_app(service_settings(), connect)
    loop = asyncio.get_running_loop()

    @settings(
        max_examples=usually(300 if api.engine == "mongomock" else 60, thoroughly=1000),
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(**REQUESTS)
    def request(
        route: str,
        method: str,
        by: Person | None,
        filled: list[bytes],
        query: bytes,
        sent: list[tuple[str | bytes, bytes]],
    ) -> None:
        path = route.format(*(quote_from_bytes(each, safe="") for each in filled)).encode()
        given_headers: list[tuple[bytes, bytes]] = []
        if by is not None:
            given_headers.append((b"authorization", by.headers["Authorization"].encode()))
        given_headers += [(name.encode() if isinstance(name, str) else name, value) for name, value in sent]
        asking = asyncio.run_coroutine_threadsafe(answer(client, method, path, query, given_headers), loop)
        status, body = asking.result(60)
        assert status < 500 or status == 503, body
        if not path.startswith(b"/schema"):
            for inside in (b"Traceback", b"site-packages", b"src/learntrack", b".py"):
                assert inside not in body

    transport = ASGITransport(app, raise_app_exceptions=False)
    async with running(app), AsyncClient(transport=transport, verify=False) as client:
        await asyncio.to_thread(request)
