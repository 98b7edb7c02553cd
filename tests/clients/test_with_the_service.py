"""The client in Python against the service itself, on every engine: what it records, and what it reads."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from learntrack_client import (
    AsyncClient,
    Content,
    Forbidden,
    Interaction,
    InvalidFields,
    MasteryModel,
    NotFound,
    SignedOut,
)
from tests.support import ROOT, Api, Person, School, exercise, new_id, token, video

pytestmark = pytest.mark.engines("mongomock", "embedded")

Opened = Callable[[Person], AbstractAsyncContextManager[AsyncClient]]


@pytest.fixture
def of(api: Api, tmp_path: Path) -> Opened:
    """The client of a person."""

    def opened(person: Person, **more: Any) -> AsyncClient:
        given = {"learner": person.id, "token": token(str(person.id)), "first_wait": 0.01, **more}
        return AsyncClient("http://learntrack", queue=tmp_path / "queue", http=api.client, **given)

    return opened


def content(of: dict[str, Any]) -> Content:
    model = of.get("mastery_model")
    return Content(**{**of, "mastery_model": model and MasteryModel(**model)})


def answered(item: str, correct: float) -> Interaction:
    return Interaction(item, correct, 0, answer={"value": item}, simple_answer=item)


async def twice(app: AsyncClient, what: Content) -> None:
    """Two tries: one right of two, then two."""
    first = await app.start(what)
    await first.update(interactions=[answered("a", 1), answered("b", 0)], time_spent_delta=10)
    await first.finish()
    second = await app.start(what, repeat=True)
    await second.update(interactions=[answered("a", 1), answered("b", 1)], time_spent_delta=6, progress=1)
    assert (await app.sync(20)).waiting == 0


async def rows(found: AsyncIterator[Any]) -> list[Any]:
    return [row async for row in found]


@pytest.mark.engines("embedded")  # whose reports are whole
async def test_a_coach_reads_what_a_learner_has_recorded(api: Api, school: School, of: Opened) -> None:
    learner, coach, what = await school.learner(), await school.coach(), exercise()
    async with of(learner) as app:
        await twice(app, content(what))
        assert (await app.total(str(learner.id))).progress == 2
        user = (await app.me()).user
        assert user is not None
        assert user.id == learner.id

    async with of(coach) as app:
        room, who = school.places["A1"], str(learner.id)
        tries = await rows(app.tries(classroom=room, include="user,mastery_level", page_size=1))
        assert [(row.user, row.mastery_level, row.correct) for row in tries] == [(who, 2, 2.0), (who, 1, 1.0)]
        attempts = await rows(app.attempts(user=who, content=what["content_id"], page_size=3))
        assert sorted(row.item for row in attempts) == ["a", "a", "b", "b"]
        assert {row.masterylog for row in attempts} == {row.id for row in tries}
        found = await app.diff(what["content_id"], who)
        assert (found.diff.correct, found.diff.time_spent) == (1.0, -4.0) if found.diff else False
        assert {row.item: row.diff.correct for row in found.attemptlogs} == {"a": 0.0, "b": 1.0}
        assert "daily-activity" in {report.name for report in await app.reports()}
        assert await rows(app.report("daily-activity", classroom=room))
        assert who in {row["id"] async for row in app.roster("users")}
        with pytest.raises(NotFound):
            await app.diff(new_id(), who)


async def test_a_question_is_refused_by_name(api: Api, school: School, of: Opened) -> None:
    learner = await school.learner()
    async with of(learner) as app:
        with pytest.raises(Forbidden):
            await rows(app.report("daily-activity"))
        with pytest.raises(InvalidFields) as refused:
            await rows(app.tries(content="no id"))
        assert list(refused.value.errors) == ["content"]
        misspelt: Any = {"clasroom": new_id()}
        with pytest.raises(InvalidFields) as refused:
            await rows(app.tries(**misspelt))
        assert list(refused.value.errors) == ["clasroom"]
    async with of(learner, token="not.a.token") as app:  # type: ignore[call-arg]
        with pytest.raises(SignedOut):
            await app.me()


async def test_a_quiz_that_was_closed_in_the_meantime_is_recorded(api: Api, school: School, of: Opened) -> None:
    learner, quiz = await school.learner(), await school.quiz()
    places = {"title": "quizzes", "collection_ids": [school.places["A1"]]}
    # A minute ago: corrected by the time that a queue takes to the service, this very moment may be one of after.
    async with of(learner, token=lambda _: None, clock=lambda: time.time() - 60) as app:  # type: ignore[call-arg]
        session = await app.start(Content(quiz_id=quiz))
        await session.update(interactions=[answered("a", 1)], progress=1)
        await app.close(0)
    await api.roster(ROOT, quizzes=[{"id": quiz, "active": False, **places}])

    async with of(learner) as app:
        status = await app.sync(20)
        assert (status.waiting, status.aside) == (0, 0)
    [tried] = await api.tries(learner)
    assert (tried["complete"], tried["correct"]) == (True, 1.0)


async def test_a_lesson_that_was_never_the_learners_is_left_out_and_the_visit_kept(
    api: Api, school: School, of: Opened
) -> None:
    learner = await school.learner()
    async with of(learner) as app:
        session = await app.start(Content(**video(lesson_id=new_id())))
        await session.finish()
        state = await session.sync(20)
        assert (await app.status()).aside == 0
    assert (state.left_out, state.complete) == (["lesson_id"], True)


async def test_what_is_refused_is_set_aside_with_its_fields(api: Api, school: School, of: Opened) -> None:
    learner, what = await school.learner(), exercise()
    async with of(learner) as app:
        session = await app.start(content(what))
        await session.update(interactions=[Interaction("a", 1, 0, answer={}, id=new_id())])
        await session.update(time_spent_delta=3)
        assert (await app.sync(20)).waiting == 0
        [aside] = await app.aside()
    assert list(aside.problem.errors) == ["update.interactions[0].id"]
    [tried] = await api.tries(learner)
    assert tried["time_spent"] == 3


async def test_where_the_learner_left_off_is_known_once_the_service_has_told(
    api: Api, school: School, of: Opened
) -> None:
    learner, what = await school.learner(), exercise()
    before = await api.start(learner, **what)
    await api.update(learner, before, progress=0.4, time_spent_delta=8, extra_fields={"at": 7})
    async with of(learner) as app:
        session = await app.start(content(what))
        state = await session.sync(20)
    assert (state.known, state.progress, state.time_spent, state.extra_fields) == (True, 0.4, 8, {"at": 7})


async def test_what_a_restored_backup_has_forgotten_the_visit_of_goes_on_in_the_next_visit(
    api: Api, school: School, of: Opened
) -> None:
    learner, what = await school.learner(), exercise()
    async with of(learner) as app:
        forgotten = await app.start(content(what))
        assert (await app.sync(20)).waiting == 0
        for collection in ("content_sessions", "content_summaries", "mastery_logs", "idempotency_keys"):
            await api.db.collection(collection).delete_many({})
        await forgotten.update(time_spent_delta=5, interactions=[answered("a", 1)])
        assert (await app.sync(20)).waiting == 0
        [aside] = await app.aside()
        assert (aside.problem.status, aside.problem.detail) == (404, "There is no such content session.")

        await app.start(content(what))
        assert await app.retry() == 1
        status = await app.sync(20)
        assert (status.waiting, status.aside) == (0, 0)
    [tried] = await api.tries(learner)
    assert (tried["time_spent"], tried["correct"]) == (5, 1.0)
