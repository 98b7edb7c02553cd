"""What is counted in the service is what the engine's pipelines answer, row by row and in the same order."""

from collections.abc import AsyncIterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import pytest

from learntrack.reports import learner_contents, parts, service
from learntrack.reports.counted import (
    asked,
    choice,
    funnel,
    improvement,
    lessons,
    progress,
    quizzes,
    retention,
    struggling,
    time_on_task,
)
from learntrack.reports.questions import filled, questions
from learntrack.reports.rollups import roll_up
from learntrack.storage.database import Row, Stage
from learntrack.storage.some_fields import Values
from tests.reports.naive import close, different
from tests.reports.upkeep.test_upkeep import nobody
from tests.reports.world import World
from tests.support import ROOT, Api, School

pytestmark = pytest.mark.engines("embedded")

COUNTED: Mapping[str, Sequence[bool]] = {
    "lesson-completion": [True, True, True, True, True, True],
    "mastery-funnel": [True, True, True, True, False, False],
    "progress": [True, True, True, True, True, True],
    "quiz-results": [True, True, True, True, True, True],
    "retention": [True, True, False, False, True, False],
    "struggling-learners": [True, True, True, True, False, False],
    "time-on-task": [True, True, False, False, True, False],
}
"""Which of the `narrowings` of each report are counted here."""
HOLDERS = (funnel, lessons, quizzes, retention, struggling, time_on_task)
"""What holds all rows before it tells the first."""


@pytest.fixture(scope="module")
async def world(api: Api) -> World:
    """A school whose learner-days are kept; it is only read."""
    world = await World(await School(api).open()).populate()
    await roll_up(api.db, nobody)
    return world


class Asked:
    """What the database of reports is asked, question by question."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self._db = world.api.db.reports
        self._stream, self._each, self._parts = self._db.stream, self._db.each, self._db.parts
        self.pipelines: list[Sequence[Stage]] = []
        self.learners: list[int] = []
        self.parts_of: list[Mapping[str, Any]] = []
        monkeypatch.setattr(self._db, "stream", self.stream)
        monkeypatch.setattr(self._db, "each", self.each)
        monkeypatch.setattr(self._db, "parts", self.parts)

    def stream(self, collection: Any, pipeline: Sequence[Stage], **more: Any) -> AsyncIterator[Row]:
        self.pipelines.append(pipeline)
        self._note(pipeline[0].get("$match", {}))
        return self._stream(collection, pipeline, **more)

    def each(self, collection: Any, query: Mapping[str, Any], *given: Any, **more: Any) -> AsyncIterator[Row]:
        self._note(query)
        return self._each(collection, query, *given, **more)

    def parts(self, collection: Any, query: Mapping[str, Any], *given: Any, **more: Any) -> AsyncIterator[list[Values]]:
        self._note(query)
        self.parts_of.append(query)
        return self._parts(collection, query, *given, **more)

    def _note(self, query: Mapping[str, Any]) -> None:
        """Note how many learners a question names, if any."""
        if "user_id" in query:
            condition = query["user_id"]
            self.learners.append(len(condition["$in"]) if isinstance(condition, Mapping) else 1)

    def has_run(self, name: str) -> bool:
        """Whether a pipeline of the report was run: its last stage, which nothing narrows, tells it."""
        question = questions()[name]
        whole = [[*question.pipeline, *question.then]]
        whole += [source.pipeline for source in (question.ever, question.days) if source is not None]
        ends = [filled(pipeline, {})[-1] for pipeline in whole]
        return any(pipeline[-1] in ends for pipeline in self.pipelines)


@pytest.fixture
def asked_of_engine(world: World, monkeypatch: pytest.MonkeyPatch) -> Asked:
    return Asked(world, monkeypatch)


def narrowings(world: World) -> list[dict[str, Any]]:
    """Of those of a period each has three quarters of the sessions: of half of them a class may have no second tries,
    depending on the hour at which days begin.
    """
    begins = sorted(row["start_timestamp"] for row in world.sessions)
    early, late = (begins[len(begins) * quarter // 4].date() for quarter in (1, 3))
    facility, room = {"facility": world.school.facility}, {"classroom": world.school.places["A1"]}
    return [{}, facility, room, facility | room, facility | {"since": f"{early}"}, room | {"until": f"{late}"}]


async def told(world: World, name: str, narrowed: dict[str, Any]) -> list[Any]:
    answer = await world.api.answer("GET", f"/api/reports/{name}", ROOT, params=narrowed)
    rows: list[Any] = answer["results"]
    return rows


async def by_nobody(*_: Any) -> None:
    """Nothing is counted here."""


@pytest.mark.parametrize("name", COUNTED)
async def test_it_is_what_the_engine_answers(world: World, asked_of_engine: Asked, name: str) -> None:
    found = [await told(world, name, narrowed) for narrowed in narrowings(world)]
    assert any(found)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service, "counted", by_nobody)
        expected = []
        for narrowed in narrowings(world):
            asked_of_engine.pipelines.clear()
            expected.append(await told(world, name, narrowed))
            assert asked_of_engine.has_run(name), narrowed

    for here, there in zip(found, expected, strict=True):
        assert close(here, there), different(name, here, there)


async def test_what_changed_between_tries_is_what_the_engine_answers(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is found here who has several, some at once, and so in their order."""
    monkeypatch.setattr(parts, "ROWS", 2)
    found = [await told(world, "improvement", narrowed) for narrowed in narrowings(world)]
    assert all(found)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(improvement, "MOST_ROWS", 0)
        assert await told(world, "improvement", {}) == found[0]

    monkeypatch.setattr(service, "counted", by_nobody)
    assert found == [await told(world, "improvement", narrowed) for narrowed in narrowings(world)]


@pytest.mark.parametrize("name", [*COUNTED, "improvement"])
async def test_a_facility_among_others_is_found_by_its_indexes(
    world: World, asked_of_engine: Asked, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The only one there is is read as it lies, and what is others' left out."""
    facility = {"facility": world.school.facility}
    alone = await told(world, name, facility)
    assert any("facility_id" not in query for query in asked_of_engine.parts_of)
    asked_of_engine.parts_of.clear()

    twice: Sequence[Stage] = [{"$limit": 1}, {"$project": {"_id": [1, 2]}}, {"$unwind": "$_id"}]
    monkeypatch.setattr(choice, "_TWO", twice)
    assert await told(world, name, facility) == alone
    assert all(query.keys() & {"facility_id", "summary_id"} for query in asked_of_engine.parts_of)


@pytest.mark.parametrize("name", COUNTED)
async def test_what_is_counted_here_is_not_asked_of_the_engine(world: World, asked_of_engine: Asked, name: str) -> None:
    """Each narrowing by itself: tries and sessions tell of a period, and of a class, what summaries and days do not."""
    counted_here = []
    for narrowed in narrowings(world):
        asked_of_engine.pipelines.clear()
        await told(world, name, narrowed)
        counted_here.append(not asked_of_engine.has_run(name))

    assert counted_here == COUNTED[name]


@pytest.mark.parametrize("name", [name for name in COUNTED if name != "progress"])
async def test_what_is_too_much_to_be_held_is_asked_of_the_engine(
    world: World, asked_of_engine: Asked, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    everything = {"facility": world.school.facility}
    expected = await told(world, name, everything)
    assert not asked_of_engine.has_run(name)
    for holder in HOLDERS:
        monkeypatch.setattr(holder, "MOST_ROWS", 0)

    assert close(await told(world, name, everything), expected)
    assert asked_of_engine.has_run(name)


@pytest.mark.parametrize("whose", ["facility", "everybody"])
async def test_progress_of_more_than_is_held_is_read_some_hundred_learners_at_once(
    world: World, asked_of_engine: Asked, monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    narrowed = {"facility": world.school.facility} if whose == "facility" else {}
    expected = await told(world, "progress", narrowed)
    assert asked_of_engine.learners == []
    monkeypatch.setattr(progress, "MOST_ROWS", 0)

    assert await told(world, "progress", narrowed) == expected
    assert sum(asked_of_engine.learners) >= len({row["user_id"] for row in expected})


@pytest.mark.parametrize("name", [name for name in COUNTED if name not in ("retention", "time-on-task")])
async def test_learners_are_asked_for_some_hundred_at_once(
    world: World, asked_of_engine: Asked, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Who is in a class; a class's time on task is the engine's to tell."""
    in_class = {"classroom": world.school.places["A1"]}
    expected = await told(world, name, in_class)
    all_at_once = list(asked_of_engine.learners)
    asked_of_engine.learners.clear()
    for module, limit in ((asked, "LEARNERS_AT_ONCE"), (learner_contents, "LEARNERS_AT_ONCE")):
        monkeypatch.setattr(module, limit, 2)

    assert await told(world, name, in_class) == expected
    assert set(all_at_once) == {3}
    # Where the engine finds the keys of what is wanted first, the same are asked for twice.
    by_question = [many for many, _ in groupby(asked_of_engine.learners)]
    assert by_question == [2, 1] * (len(by_question) // 2)
    assert len(asked_of_engine.learners) == 2 * len(all_at_once)
