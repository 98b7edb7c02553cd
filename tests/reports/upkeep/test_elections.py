"""What is derived is right after an election in the middle of deriving it."""

import asyncio

import pytest

from learntrack.documents import Touched
from learntrack.reports.rollups import check_derived, roll_up
from learntrack.storage import patience
from learntrack.storage.patience import patiently
from tests.reports.upkeep.test_upkeep import nobody, rolled_up, study
from tests.support import Api, School, exercise
from tests.wire import Wire, held, in_transaction


@pytest.mark.parametrize("command", ["commitTransaction", "aggregate"])
async def test_a_rollup_goes_on_after_an_election(
    wire: Wire, wired: Api, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr(patience, "PAUSES", (0.0,) * 20)
    school, body = await School(wired).open(), exercise()
    learner, never = await school.learner(), asyncio.Event()
    await study(wired, learner, body, "a", "b")

    met = wire.on(command, do=held(never), times=1, where=in_transaction if command != "aggregate" else is_report)
    rolling = asyncio.create_task(patiently(lambda: roll_up(wired.db, nobody)))
    await met.happens()
    with wire.election() as noticed:
        wire.break_connections()
        await noticed.happens()
    await rolling

    assert await rolled_up(wired, school.facility, body["content_id"]) == 2
    assert await wired.db.find(Touched, {"logs": f"{learner.id}:{body['content_id']}"}) == []
    assert sum((await check_derived(wired.db, nobody)).differed.values()) == 0


def is_report(command: dict[str, object]) -> bool:
    return command["aggregate"] == "mastery_logs"
