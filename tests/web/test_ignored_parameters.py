"""A query parameter that a route does not know is named in the answer, whatever the answer is."""

import re
from typing import Any

import pytest

from tests.support import Api, Person, School, new_id, video

pytestmark = pytest.mark.engines("mongomock")


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("", None),
        ("content=&page=1", None),
        ("classrom=x&page_size=2", "classrom"),
        ("b=1&a&b=2&user=", "b, a"),
        ("na%C3%AFve=1&x%0d%0ay=1&a%2Cb=1", "na%C3%AFve, x%0D%0Ay, a%2Cb"),
        ("%ff=1&=2", "%EF%BF%BD, "),
    ],
)
async def test_what_is_not_known_is_named(api: Api, query: str, named: str | None) -> None:
    answer = await api.send("GET", f"/api/logger/masterylog?{query}", Person(new_id()))

    assert answer.status_code == 200
    assert answer.headers.get("ignored-parameters") == named


async def test_every_parameter_that_the_description_has_is_known(api: Api) -> None:
    """Those too that a route takes by a dependency which several share."""
    paths = (await api.send("GET", "/schema/openapi.json")).json()["paths"]
    for path, operations in paths.items():
        names = [each["name"] for each in operations.get("get", {}).get("parameters", []) if each["in"] == "query"]
        if not names:
            continue
        answer = await api.send(
            "GET", re.sub(r"\{.*?\}", "progress", path), params=dict.fromkeys(names, "") | {"x": ""}
        )
        assert (path, answer.headers["ignored-parameters"]) == (path, "x")


async def test_whatever_the_answer_is(api: Api, school: School) -> None:
    learner = Person(new_id())
    for method, path, more, status in (
        ("POST", "/api/logger/contentsession", {"json": video()}, 200),
        ("POST", "/api/logger/trackprogress", {"json": {}}, 400),
        ("GET", "/api/logger/attemptlog", {"params": {"x": 1, "user": "bad"}}, 400),
        ("GET", "/api/reports/totals", {}, 403),
        ("GET", f"/api/logger/masterylog/{new_id()}", {}, 404),
    ):
        params: dict[str, Any] = {"x": 1}
        answer = await api.send(method, path, learner, **{"params": params, **more})
        assert (answer.status_code, answer.headers["ignored-parameters"]) == (status, "x")


async def test_a_header_has_an_end(api: Api) -> None:
    query = "&".join(f"parameter{number}=" for number in range(500))

    answer = await api.send("GET", f"/api/logger/masterylog?{query}", Person(new_id()))

    header = answer.headers["ignored-parameters"]
    assert len(header) == 1000
    assert header.endswith("...")


async def test_what_leads_nowhere_ignores_nothing(api: Api) -> None:
    answer = await api.send("GET", "/nowhere?x=1")

    assert answer.status_code == 404
    assert "ignored-parameters" not in answer.headers


@pytest.mark.parametrize(
    ("query", "named"), [("a&" * 30_000, "a..."), ("content=&" * 7_000 + "late", "..."), ("%ff" * 20_000, "...")]
)
async def test_of_a_long_query_only_the_beginning_is_looked_at(api: Api, query: str, named: str) -> None:
    """Anybody may send one, and reading all of its names took 0.1 s."""
    answer = await api.send("GET", f"/api/logger/masterylog?{query}")

    assert answer.headers["ignored-parameters"] == named
