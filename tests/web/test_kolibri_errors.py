"""On Kolibri's own paths a 400 is in Kolibri's shape, and everything else is as everywhere."""

import httpx
import pytest

from learntrack.app import create_app
from learntrack.errors import InvalidFields, NoSuchAttempt, NotAssigned, field_error
from learntrack.web.kolibri_errors import KolibriErrors, told
from tests.conftest import settings
from tests.support import ANONYMOUS, Api, Person, School, exercise, new_id, right, video

ALIAS = "/api/logger/trackprogress"
FIRST = "/api/logger/contentsession"

pytestmark = pytest.mark.engines("mongomock", "embedded")


@pytest.mark.parametrize(
    ("refusal", "body"),
    [
        (NotAssigned("lesson_id"), ["Invalid lesson_id"]),
        (NotAssigned("course_session_id"), ["Invalid course_session_id"]),
        (NoSuchAttempt(0), ["Invalid attemptlog id specified"]),
        (InvalidFields({"kind": ["a", "b"], "m": ["c"]}), {"kind": ["a", "b"], "m": ["c"]}),
        (field_error("body", "Not valid JSON."), ["Not valid JSON."]),
    ],
)
def test_a_refusal_is_told_in_kolibris_shape(refusal: InvalidFields, body: KolibriErrors) -> None:
    assert told(refusal) == body


async def test_a_lesson_that_is_not_assigned_is_told_as_the_path_demands(api: Api, school: School) -> None:
    learner = await school.learner()
    start = video(lesson_id=new_id())

    alias = await api.send("POST", ALIAS, learner, json=start)
    first = await api.answer("POST", FIRST, learner, 400, json=start)

    assert (alias.status_code, alias.headers["content-type"], alias.json()) == (
        400,
        "application/json",
        ["Invalid lesson_id"],
    )
    assert list(first["errors"]) == ["lesson_id"]


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b'{"kind": "video"}', "node_id"),
        (b'{"kind": "no such kind"}', "kind"),
        (b'{"node_id": 1}', "node_id"),
        (b"not JSON", None),
        (b"[" * 1000, None),
    ],
)
async def test_every_400_of_an_alias_is_in_kolibris_shape(api: Api, content: bytes, field: str | None) -> None:
    started = await api.send("POST", ALIAS, Person(new_id()), content=content)

    assert started.status_code == 400
    assert started.headers["content-type"] == "application/json"
    assert field in started.json() if field else isinstance(started.json(), list)


async def test_an_update_too(api: Api) -> None:
    learner = Person(new_id())
    session = (await api.send("POST", ALIAS, learner, json=exercise())).json()["session_id"]

    refused = await api.send("PUT", f"{ALIAS}/{session}", learner, json={"progress": 2})
    unknown = await api.send("PUT", f"{ALIAS}/{session}", learner, json={"interactions": [right("a", id=new_id())]})

    assert (refused.status_code, list(refused.json())) == (400, ["progress"])
    assert (unknown.status_code, unknown.json()) == (400, ["Invalid attemptlog id specified"])


async def test_what_is_no_400_is_a_problem_document_there_too(api: Api) -> None:
    await api.answer("PUT", f"{ALIAS}/{new_id()}", Person(new_id()), 404, json={})
    await api.answer("POST", ALIAS, ANONYMOUS, 403, json={"quiz_id": new_id()})
    await api.answer("POST", ALIAS, Person(None), 401, json=video(), headers={"Authorization": "Bearer x"})
    await api.answer("GET", f"/api/logger/userprogress/{new_id()}", Person(new_id()), 403)


async def test_a_page_of_kolibri_elsewhere_may_ask() -> None:
    app = create_app(settings(cors_origins="https://school.example"))
    headers = {
        "Origin": "https://school.example",
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "authorization,content-type,x-csrftoken,x-requested-with",
    }
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://learntrack") as client:
        preflight = await client.options(f"{ALIAS}/{new_id()}", headers=headers)

    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "https://school.example"
    allowed = preflight.headers["access-control-allow-headers"].lower()
    assert {"x-csrftoken", "x-requested-with"} <= {each.strip() for each in allowed.split(",")}
