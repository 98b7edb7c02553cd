"""The examples are what the API's description says, and an answer that is not is noticed.

Every answer that the API's tests get is looked at by `support.Api.send`.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from litestar.handlers import HTTPRouteHandler

from learntrack.logs.schemas import TRY_EXAMPLE, MasteryLogRow
from learntrack.roster.schemas import PARTS
from learntrack.web.bodies import DescribedAs
from learntrack.web.examples import page_example
from learntrack.web.paging import listed
from tests.support import ROOT, Api, Person, School, exercise, new_id, right
from tests.web.described import alternatives, app, fault_of, handler_of, shape_of

TRY = msgspec.to_builtins(msgspec.convert(TRY_EXAMPLE, MasteryLogRow))


@pytest.mark.parametrize("value", [[TRY], page_example(TRY), []], ids=["list", "page", "nothing"])
def test_a_list_is_plain_or_a_page(value: Any) -> None:
    assert fault_of(value, listed(MasteryLogRow)) is None


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (TRY | {"drifted": 1}, "drifted"),
        ({name: value for name, value in TRY.items() if name != "correct"}, "correct"),
        (TRY | {"complete": 0}, "complete"),
        (TRY | {"id": "try 1"}, "id"),
    ],
    ids=["a field more", "a field less", "another type", "another form"],
)
def test_what_the_shape_does_not_say_is_a_fault(value: Any, why: str) -> None:
    assert why in (fault_of(value, MasteryLogRow) or "")
    assert why in (fault_of([value], listed(MasteryLogRow)) or "")


def handlers() -> Iterator[HTTPRouteHandler]:
    """Of every operation that is described."""
    for route in app().routes:
        for handler in getattr(route, "route_handlers", ()):
            if handler.resolve_include_in_schema() and not handler.opt.get("uncounted"):
                yield handler


def kept(value: Any, again: Any) -> bool:
    """Whether all of a value is found again; more may have been added by defaults."""
    if isinstance(value, dict):
        return all(name in again and kept(inner, again[name]) for name, inner in value.items())
    if isinstance(value, list):
        return len(value) == len(again) and all(map(kept, value, again))
    return value == again or str(again).replace("000Z", "Z") == value  # as long as it need be


def examples() -> Iterator[Any]:
    """The example of each body and each answer, with its shape."""
    for handler in handlers():
        name = handler.handler_name
        spec = (handler.responses or {}).get(200)
        if spec is not None:
            for example in spec.examples or ():
                yield pytest.param(example.value, spec.data_container, id=f"{name} answers")
        if body := handler.parsed_fn_signature.parameters.get("data"):
            described = body.get_from_metadata(DescribedAs)
            for example in body.kwarg_definition.examples or ():
                yield pytest.param(
                    example.value, body.annotation if described is None else described.shape, id=f"{name} takes"
                )


@pytest.mark.parametrize(("value", "shape"), list(examples()))
def test_an_example_is_of_its_shape(value: Any, shape: Any) -> None:
    [again] = [found for each in alternatives(shape) if (found := read(value, each)) is not None]

    assert kept(value, again)


def read(value: Any, shape: Any) -> Any:
    """A value as it is read in a shape, or None where it is not of that shape."""
    try:
        return msgspec.to_builtins(msgspec.convert(value, shape))
    except msgspec.ValidationError:
        return None


class Asking:
    """Asks, and remembers which handlers have answered."""

    def __init__(self, api: Api, learner: Person) -> None:
        self.api, self.learner = api, learner
        self.seen = {id(handler_of("PUT", "/api/roster"))}

    async def __call__(self, method: str, path: str, by: Person | None = None, **more: Any) -> Any:
        self.seen.add(id(handler_of(method, path)))
        return await self.api.answer(method, path, by or self.learner, **more)


async def record(ask: Asking, body: dict[str, Any], session: str) -> None:
    """Ask all that records; there is a second try then."""
    await ask("POST", "/api/logger/contentsession", json=body)
    await ask("PUT", f"/api/logger/contentsession/{session}", json={"interactions": [right("a")]})
    await ask("PUT", f"/api/logger/contentsession/{session}", json={"progress": 1})
    again = await ask.api.start(ask.learner, **body, repeat=True)
    await ask.api.update(ask.learner, again, interactions=[right("a", correct=0.5), right("b")])
    update = {"key": "k", "session_id": again["session_id"], "occurred_at": "2000-01-01", "update": {}}
    await ask("POST", "/api/logger/contentsession/batch", json={"items": [update]})
    await ask("POST", "/api/logger/trackprogress", json=body)
    await ask("PUT", f"/api/logger/trackprogress/{again['session_id']}", json={})


async def read_logs(ask: Asking, content: str) -> None:
    """Ask all that reads logs."""
    await ask("GET", f"/api/logger/totalcontentprogress/{ask.learner.id}")
    await ask("GET", f"/api/logger/userprogress/{ask.learner.id}")
    for page in ({}, {"page_size": 1}):
        assert await ask("GET", "/api/logger/masterylog", params=page)
        assert await ask("GET", "/api/logger/attemptlog", params=page)
    for index in (0, 1):
        asked = {"content": content, "user": ask.learner.id}
        found = await ask("GET", f"/api/logger/masterylog/{index}/diff", params=asked)
        assert found["attemptlogs"]
    await ask("GET", f"/api/logger/masterylog/{found['id']}")
    await ask("GET", f"/api/logger/attemptlog/{found['attemptlogs'][0]['id']}")
    assert await ask("GET", "/api/logger/generatecsvlogrequest") == []


async def read_roster(ask: Asking, school: School) -> None:
    """Ask for every kind of the roster's entries."""
    await school.coach()
    await school.group("red")
    for kind in ("quiz", "lesson", "course_session"):
        await getattr(school, kind)()
    await school.api.roster(ROOT, contents=[{"id": new_id(), "title": "A", "kind": "video"}])
    for kind in PARTS:
        for page in ({}, {"page_size": 1}):
            assert await ask("GET", f"/api/roster/{kind}", ROOT, params=page), kind


@pytest.mark.engines("mongomock", "embedded")
async def test_every_json_answer_is_as_described(api: Api, school: School) -> None:
    learner, body = await school.learner(), exercise()
    ask = Asking(api, learner)
    await record(ask, body, (await api.start(learner, **body))["session_id"])
    await read_logs(ask, body["content_id"])
    await ask("GET", "/api/me")
    await ask("PUT", "/api/auth/session/current")
    await read_roster(ask, school)
    for name in [report["name"] for report in await ask("GET", "/api/reports", ROOT)]:
        if api.engine != "mongomock" or name == "progress":
            for page in ({}, {"page_size": 1}):
                # of this school alone: other tests leave long tries, of which mongomock cannot tell progress
                await ask("GET", f"/api/reports/{name}", ROOT, params=page | {"facility": school.facility})
    await ask("DELETE", f"/api/roster/users/{new_id()}", ROOT)

    json_answers = {id(each): str(each) for each in handlers() if shape_of(each, 200) is not str}
    assert {name for key, name in json_answers.items() if key not in ask.seen} == set()
