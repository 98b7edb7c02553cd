"""What is derived is right after an election in the middle of deriving it."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from learntrack.documents import AttemptOverflow, Retained, Touched
from learntrack.domain import moments
from learntrack.domain.fading import FadingKind
from learntrack.reports.rollups import check_derived, roll_up
from learntrack.retention.export import new_export
from learntrack.retention.service import Retention
from learntrack.storage import patience
from learntrack.storage.patience import patiently
from tests.reports.upkeep.test_upkeep import nobody, rolled_up, study
from tests.support import ROOT, Api, School, exercise
from tests.wire import Rule, Wire, error, held, in_transaction


@pytest.mark.parametrize("command", ["commitTransaction", "aggregate"])
async def test_a_rollup_goes_on_after_an_election(
    wire: Wire, wired: Api, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr(patience, "PAUSES", (0.0,) * 20)
    school, body = await School(wired).open(), exercise()
    learner, never = await school.learner(), asyncio.Event()
    await study(wired, learner, body, "a", "b")

    met = wire.on(command, do=held(never), times=1, where=in_transaction if command != "aggregate" else is_report)
    await roll_up_through_an_election(wire, wired, met)

    assert await rolled_up(wired, school.facility, body["content_id"]) == 2
    assert await wired.db.find(Touched, {"logs": f"{learner.id}:{body['content_id']}"}) == []
    assert sum((await check_derived(wired.db, nobody)).differed.values()) == 0


async def roll_up_through_an_election(wire: Wire, wired: Api, met: Rule) -> None:
    """Roll everything up, with an election when `met` happens."""
    rolling = asyncio.create_task(patiently(lambda: roll_up(wired.db, nobody)))
    await met.happens()
    with wire.election() as noticed:
        wire.break_connections()
        await noticed.happens()
    await rolling


def is_report(command: dict[str, object]) -> bool:
    return command["aggregate"] == "mastery_logs"


async def test_logs_that_follow_their_learner_go_on_after_an_election(
    wire: Wire, wired: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "PAUSES", (0.0,) * 20)
    school, other, body = await School(wired).open(), await School(wired).open(), exercise()
    learner, never = await school.learner(), asyncio.Event()
    await study(wired, learner, body, "a", "b")
    await wired.roster(ROOT, users=[{"id": learner.id, "username": "ada", "facility_id": other.facility}])

    met = wire.on("update", do=held(never), times=1, where=lambda command: not in_transaction(command))
    await roll_up_through_an_election(wire, wired, met)

    assert await rolled_up(wired, other.facility, body["content_id"]) == 2
    assert await rolled_up(wired, school.facility, body["content_id"]) == 0
    assert sum((await check_derived(wired.db, nobody)).differed.values()) == 0


async def test_what_fades_is_remembered_after_an_election(wire: Wire, wired: Api, tmp_path: Path) -> None:
    met = wire.on("update", do=error(189, name="PrimarySteppedDown"), times=1, where=is_of_retention)

    with new_export(tmp_path / "faded.jsonl.gz") as export:
        await Retention(wired.db, {FadingKind.answers: moments.now() - timedelta(days=4000)}).run(export)

    assert met.met == 1
    assert len(await wired.db.find(Retained, {})) == 1
    await wired.db.collection(Retained).delete_many({})


async def test_long_tries_that_fade_are_read_through_an_election(wire: Wire, wired: Api, tmp_path: Path) -> None:
    school, body = await School(wired).open(), exercise()
    learner = await school.learner()
    await study(wired, learner, body, *(f"q{number}" for number in range(40)))
    met = wire.on("find", do=error(189, name="PrimarySteppedDown"), times=1, where=is_of_chunks)

    with new_export(tmp_path / "faded.jsonl.gz") as export:
        before = {FadingKind.answers: moments.now() + timedelta(days=1)}
        faded = await Retention(wired.db, before, everything=True).run(export)

    assert (met.met, faded[FadingKind.answers] >= 1) == (1, True)
    await wired.db.collection(Retained).delete_many({})


def is_of_chunks(command: dict[str, object]) -> bool:
    return command["find"] == AttemptOverflow.collection()


def is_of_retention(command: dict[str, object]) -> bool:
    return command["update"] == Retained.collection()
