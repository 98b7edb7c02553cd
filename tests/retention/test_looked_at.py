"""What a run looks at: all that is old, also what has come since the run before, and nothing that is young."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from learntrack.documents import AttemptOverflow, ContentSession, ContentSummary, MasteryLog, Retained
from learntrack.domain import moments
from learntrack.domain.fading import FadingKind
from learntrack.retention.service import Retention
from learntrack.storage import DatabaseUnavailable, patience
from learntrack.storage.errors import DiskNearlyFull
from tests.retention.exports import Nowhere
from tests.support import Api, Person, School, exercise, right

ATTEMPTS = FadingKind.attempts
LONG_AGO = timedelta(days=400)
OLD = timedelta(days=100)


@pytest.fixture(autouse=True)
async def fresh(api: Api) -> AsyncIterator[None]:
    """What other tests have left has faded, and is looked at again by others."""
    await Retention(api.db, dict.fromkeys(FadingKind, moments.now() + OLD), everything=True).run(Nowhere())  # type: ignore[arg-type]
    await api.db.collection(Retained).delete_many({})
    yield
    await api.db.collection(Retained).delete_many({})


async def run(api: Api, kind: FadingKind = ATTEMPTS, **options: Any) -> int:
    """How many fade of what ended some time ago."""
    before = {kind: moments.now() - OLD}
    return (await Retention(api.db, before, **options).run(Nowhere()))[kind]  # type: ignore[arg-type]


async def tried(api: Api, school: School, answers: int = 1) -> tuple[Person, dict[str, Any]]:
    learner = await school.learner()
    session = await api.start(learner, **exercise())
    await api.update(learner, session, interactions=[right(f"q{number}") for number in range(answers)])
    return learner, session


async def make_old(api: Api, learner: Person) -> None:
    """As if everything had been long ago."""
    then = moments.now() - LONG_AGO
    for kind in (MasteryLog, ContentSession, AttemptOverflow):
        for row in await api.db.find(kind, {"user_id": learner.id}):
            attempts = [attempt | {"end_timestamp": then} for attempt in row["attempts"]]
            ends = {} if kind is AttemptOverflow else {"end_timestamp": then}
            await api.db.collection(kind).update_one({"_id": row["_id"]}, {"$set": {"attempts": attempts} | ends})


async def test_what_comes_later_than_a_run_fades_in_the_next_as_far_as_it_may_come_late(
    api: Api, school: School
) -> None:
    late = LONG_AGO + timedelta(days=1)
    assert await run(api, late=late) == 0
    learner, _ = await tried(api, school)
    await make_old(api, learner)

    assert await run(api, late=late) == 1
    assert await run(api, late=late) == 0


async def test_a_young_attempt_does_not_fade_in_a_try_whose_end_is_old(api: Api, school: School) -> None:
    """A try's end moves only with time spent, or completion."""
    learner, session = await tried(api, school)
    await make_old(api, learner)
    then = moments.now() - LONG_AGO
    await api.update(learner, session, interactions=[right("today")])
    await api.db.collection(MasteryLog).update_one({"user_id": learner.id}, {"$set": {"end_timestamp": then}})

    assert await run(api) == 0
    assert len(await api.attempts(learner)) == 2

    await make_old(api, learner)
    assert await run(api) == 1


async def test_a_young_attempt_in_a_chunk_keeps_its_try(api: Api, school: School) -> None:
    learner, _ = await tried(api, school, 40)
    await make_old(api, learner)
    [chunk, *_] = await api.db.find(AttemptOverflow, {"user_id": learner.id})
    chunk["attempts"][0]["end_timestamp"] = moments.now()
    await api.db.collection(AttemptOverflow).replace_one({"_id": chunk["_id"]}, chunk)

    assert await run(api) == 0


async def test_a_run_that_an_import_has_come_into_says_of_nothing_that_it_was_looked_at(
    api: Api, school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have stored what is older than where the run was."""
    await make_old(api, (await tried(api, school))[0])
    transaction = api.db.transaction

    async def meanwhile(work: Any) -> Any:
        await api.db.collection(Retained).delete_many({})
        return await transaction(work)

    with monkeypatch.context() as patch:
        patch.setattr(api.db, "transaction", meanwhile)
        assert await run(api) == 1
    assert await api.db.find(Retained, {}) == []

    await make_old(api, (await tried(api, school))[0])
    assert await run(api) == 1


async def test_a_full_disk_ends_a_run_at_once(api: Api, school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        await make_old(api, (await tried(api, school))[0])
    tries = []

    async def full(work: Any) -> Any:
        tries.append(work)
        raise DiskNearlyFull("The disk is nearly full.")

    monkeypatch.setattr(api.db, "transaction", full)

    with pytest.raises(DiskNearlyFull):
        await run(api)
    assert len(tries) == 1


async def test_tries_fade_one_by_one_where_they_do_not_together(
    api: Api, school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where learners go on at other tries of the same summaries again and again."""
    monkeypatch.setattr(patience, "PAUSES", (0.0,) * 3)
    learners = [(await tried(api, school, answers))[0] for answers in (1, 40, 2)]
    for learner in learners:
        await make_old(api, learner)
    transaction, together = api.db.transaction, []

    async def disturbed(work: Any) -> Any:
        if len(work.__self__.olds) > 1:
            together.append(work)
            raise DatabaseUnavailable("The database did not answer in time.")
        return await transaction(work)

    monkeypatch.setattr(api.db, "transaction", disturbed)

    assert (await run(api), len(together)) == (3, 1)
    for learner, many in zip(learners, (1, 40, 2), strict=True):
        assert await api.attempts(learner) == []
        [summary] = await api.db.find(ContentSummary, {"user_id": learner.id})
        assert summary["faded_attempts"] == many


async def test_long_tries_of_a_step_are_read_and_removed_together(
    api: Api, school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A question and a removal for each took longer than a transaction may."""
    for _ in range(5):
        await make_old(api, (await tried(api, school, 40))[0])
    asked = []
    for name in ("load", "remove"):
        real = getattr(api.db, name)
        monkeypatch.setattr(
            api.db, name, lambda kind, *given, real=real, name=name: asked.append((name, kind)) or real(kind, *given)
        )

    assert await run(api) == 5

    assert [one for one in asked if one[1] is AttemptOverflow] == [
        ("load", AttemptOverflow),
        ("remove", AttemptOverflow),
    ]
    assert await api.db.find(AttemptOverflow, {"facility_id": school.facility}) == []
