"""What is counted in the service is what the engine's pipelines answer, row by row and in the same order."""

from typing import Any

import pytest

from learntrack.reports import service
from learntrack.reports.counted import asked, funnel, lessons, quizzes, struggling, time_on_task
from learntrack.reports.rollups import roll_up
from tests.reports.naive import close, different
from tests.reports.upkeep.test_upkeep import nobody
from tests.reports.world import World
from tests.support import ROOT, Api, School

pytestmark = pytest.mark.engines("embedded")

COUNTED = (
    *("lesson-completion", "mastery-funnel", "progress", "quiz-results"),
    *("struggling-learners", "time-on-task"),
)
HOLDERS = (funnel, lessons, quizzes, struggling, time_on_task)
"""What holds all rows before it tells the first."""


@pytest.fixture(scope="module")
async def world(api: Api) -> World:
    """A school whose learner-days are kept; it is only read."""
    world = await World(await School(api).open()).populate()
    await roll_up(api.db, nobody)
    return world


def narrowings(world: World) -> list[dict[str, Any]]:
    begins = sorted(row["start_timestamp"] for row in world.sessions)
    day = begins[len(begins) // 2].date()
    facility, room = {"facility": world.school.facility}, {"classroom": world.school.places["A1"]}
    return [{}, facility, room, facility | room, facility | {"since": f"{day}"}, room | {"until": f"{day}"}]


async def told(world: World, name: str, narrowed: dict[str, Any]) -> list[Any]:
    answer = await world.api.answer("GET", f"/api/reports/{name}", ROOT, params=narrowed)
    rows: list[Any] = answer["results"]
    return rows


@pytest.fixture
def counted_here(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each report that is asked for has been counted here."""
    seen: list[bool] = []
    counted = service.counted

    async def spy(*given: Any) -> Any:
        rows = await counted(*given)
        seen.append(rows is not None)
        return rows

    monkeypatch.setattr(service, "counted", spy)
    return seen


@pytest.mark.parametrize("name", COUNTED)
async def test_it_is_what_the_engine_answers(world: World, counted_here: list[bool], name: str) -> None:
    found = [await told(world, name, narrowed) for narrowed in narrowings(world)]
    assert any(counted_here)
    assert any(found)

    async def by_nobody(*_: Any) -> None:
        return None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service, "counted", by_nobody)
        expected = [await told(world, name, narrowed) for narrowed in narrowings(world)]

    for here, there in zip(found, expected, strict=True):
        assert close(here, there), different(name, here, there)


@pytest.mark.parametrize("name", [name for name in COUNTED if name != "progress"])
async def test_what_is_too_much_to_be_held_is_asked_of_the_engine(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    everything = {"facility": world.school.facility}
    expected = await told(world, name, everything)
    for holder in HOLDERS:
        monkeypatch.setattr(holder, "MOST_ROWS", 0)

    assert close(await told(world, name, everything), expected)


async def test_learners_are_asked_for_some_hundred_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    in_class = {"classroom": world.school.places["A1"]}
    expected = {name: await told(world, name, in_class) for name in COUNTED}
    monkeypatch.setattr(asked, "LEARNERS_AT_ONCE", 2)

    assert {name: await told(world, name, in_class) for name in COUNTED} == expected
