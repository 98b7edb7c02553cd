"""One try and one attempt by their ids, and what a try has besides where it is asked for."""

from typing import Any

import pytest

from tests.support import ANONYMOUS, ROOT, Api, Person, School, exercise, new_id, right, video

pytestmark = pytest.mark.secantusd_py


@pytest.fixture
async def learner(school: School) -> Person:
    return await school.learner()


async def test_a_try_is_read_by_whom_the_list_is(api: Api, school: School, learner: Person) -> None:
    await api.update(learner, await api.start(learner, **exercise()), interactions=[right("a")])
    [row] = await api.tries(learner)

    for by in (learner, await school.coach(), ROOT):
        assert await api.answer("GET", f"/api/logger/masterylog/{row['id']}", by) == row
    for by in (await school.coach("A2"), await school.learner(), Person(new_id()), ANONYMOUS):
        await api.answer("GET", f"/api/logger/masterylog/{row['id']}", by, 404)


async def test_an_attempt_is_read_by_whom_the_list_is(api: Api, school: School, learner: Person) -> None:
    await api.update(learner, await api.start(learner, **exercise()), interactions=[right("a"), right("b")])
    await api.update(learner, await api.start(learner, **video()), interactions=[right("outside a try")])
    rows = await api.attempts(learner)
    assert len(rows) == 3

    for row in rows:
        for by in (learner, await school.coach(), ROOT):
            assert await api.answer("GET", f"/api/logger/attemptlog/{row['id']}/", by) == row
        for by in (await school.coach("A2"), Person(new_id()), ANONYMOUS):
            await api.answer("GET", f"/api/logger/attemptlog/{row['id']}", by, 404)


@pytest.mark.engines("mongomock", "embedded")
@pytest.mark.parametrize("content", [exercise, video])
async def test_an_attempt_of_a_long_try_is_found_too(api: Api, learner: Person, content: Any) -> None:
    session = await api.start(learner, **content())
    for part in range(3):
        answers = [right(f"{part}-{number}") for number in range(90)]
        await api.update(learner, session, interactions=answers)
    assert await api.db.find("attempt_overflow", {"user_id": learner.id}, {"_id": 1})

    rows = await api.attempts(learner)

    for row in (rows[0], rows[-1]):
        assert await api.answer("GET", f"/api/logger/attemptlog/{row['id']}", learner) == row


async def test_what_is_not_there_is_404(api: Api, learner: Person) -> None:
    for kind in ("masterylog", "attemptlog"):
        for key in (new_id(), "x", "0"):
            await api.answer("GET", f"/api/logger/{kind}/{key}", learner, 404)


@pytest.mark.parametrize("params", [{}, {"page_size": 1}])
async def test_tries_have_more_fields_where_they_are_asked_for(
    api: Api, learner: Person, params: dict[str, int]
) -> None:
    body = exercise()
    await api.start(learner, **body)
    more = {"user": learner.id, "content": body["content_id"], "mastery_level": 1, "question_count": None}

    async def first(**asked: str) -> dict[str, Any]:
        found = await api.tries(learner, **params, **asked)
        [row] = found["results"] if params else found
        return dict(row)

    plain = await first()
    assert not set(plain) & set(more)
    assert await first(include="question_count, mastery_level,content,user") == plain | more
    assert await first(include="user,") == plain | {"user": learner.id}
    path = f"/api/logger/masterylog/{plain['id']}"
    assert await api.answer("GET", path, learner, params={"include": "user"}) == plain | {"user": learner.id}
    diff = await api.diff(
        learner, 0, content=body["content_id"], user=learner.id, include="mastery_level,question_count"
    )
    assert (diff["mastery_level"], diff["question_count"]) == (1, None)


async def test_there_is_nothing_else_to_include(api: Api, learner: Person) -> None:
    refused = await api.tries(learner, 400, include="user,attempts")

    [message] = refused["errors"]["include"]
    assert "attempts" in message
    assert "question_count" in message
