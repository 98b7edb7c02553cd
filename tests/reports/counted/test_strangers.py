"""What people of no facility did is in nothing that is told of one, also where its documents are read as they lie."""

from datetime import timedelta

import pytest

from learntrack.domain import moments
from learntrack.reports import service
from learntrack.reports.rollups import roll_up
from tests.reports.counted.test_choice import COUNTED, by_nobody, told
from tests.reports.naive import close
from tests.reports.upkeep.test_upkeep import nobody
from tests.reports.world import World
from tests.support import Api, Person, School, new_id

pytestmark = pytest.mark.engines("embedded")
EACH_FOUND_AS_IT_LIES = [*COUNTED, "improvement"]


@pytest.fixture(scope="module")
async def world(api: Api) -> World:
    """A learner of the only facility, and somebody of none."""
    world = World(await School(api).open())
    for learner in (await world.school.learner("A2"), Person(new_id())):
        for days in range(1, 12):
            await world.study(learner, "A2", moments.now() - timedelta(days=days))
    await roll_up(api.db, nobody)
    return world


@pytest.mark.parametrize("name", EACH_FOUND_AS_IT_LIES)
async def test_a_stranger_is_nobody_s_learner(world: World, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    facility = {"facility": world.school.facility}
    found = await told(world, name, facility)

    monkeypatch.setattr(service, "counted", by_nobody)
    assert close(found, await told(world, name, facility))
