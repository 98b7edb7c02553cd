"""Answers fade in the chunks of a long try some at a time, and what ends half way is done again."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from learntrack.documents import AttemptOverflow, MasteryLog, Retained, Touched
from learntrack.domain import moments
from learntrack.domain.fading import FadingKind
from learntrack.retention.export import new_export
from learntrack.retention.service import Retention
from learntrack.storage import in_portions
from tests.support import Api, Person, School, exercise, right

pytestmark = pytest.mark.engines("embedded", "mongoeco", "real")
MANY = 90


class Interrupted(Exception):
    """What ends a run."""


@pytest.fixture
async def learner(api: Api, school: School, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Person]:
    """A learner with one try, most of which is in chunks; a transaction may write one of these."""
    monkeypatch.setattr(in_portions, "MOST", 1)
    learner = await school.learner()
    session = await api.start(learner, **exercise())
    answers = [right(f"q{number}", answer={"a": 1}) for number in range(MANY)]
    await api.update(learner, session, interactions=answers)
    yield learner
    await api.db.collection(Retained).delete_many({})


def retention(api: Api) -> Retention:
    return Retention(api.db, {FadingKind.answers: moments.now() + timedelta(days=1)}, everything=True)


async def answers_left(api: Api, learner: Person) -> tuple[int, int]:
    """How many answers there are in chunks, and in the try itself."""
    chunks = await api.db.find(AttemptOverflow, {"user_id": learner.id})
    logs = await api.db.find(MasteryLog, {"user_id": learner.id})
    of_chunks, of_logs = ([a for each in rows for a in each["attempts"] if a.get("answer")] for rows in (chunks, logs))
    return len(of_chunks), len(of_logs)


async def marks(api: Api, learner: Person) -> int:
    """How often it was said that what is kept ready of a learner is to be computed anew."""
    return len(await api.db.find(Touched, {"owner": learner.id}, {"_id": 1}))


async def test_a_run_that_ends_between_two_chunks_is_done_by_the_next(
    api: Api, learner: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chunks, embedded = await answers_left(api, learner)
    transaction = api.db.transaction
    done: list[Any] = []

    async def one(work: Callable[[Any], Awaitable[Any]]) -> Any:
        if done:
            raise Interrupted
        done.append(work)
        return await transaction(work)

    marked = await marks(api, learner)
    with monkeypatch.context() as patch, new_export(tmp_path / "first") as export:
        patch.setattr(api.db, "transaction", one)
        with pytest.raises(Interrupted):
            await retention(api).run(export)
    some, same = await answers_left(api, learner)
    assert 0 < some < chunks
    assert same == embedded
    # What has faded is computed anew, whatever becomes of the rest.
    assert await marks(api, learner) == marked + 1
    assert await api.db.find(Retained, {}) == []

    with new_export(tmp_path / "second") as export:
        assert (await retention(api).run(export))[FadingKind.answers] >= 1

    assert await answers_left(api, learner) == (0, 0)
    assert len(await api.db.find(Retained, {})) == 1
    assert len(await api.attempts(learner)) == MANY


@pytest.mark.engines("embedded", "real")  # the others run in this very thread
async def test_a_chunk_that_has_changed_since_it_was_read_leaves_its_try_for_later(api: Api, learner: Person) -> None:
    chunks, embedded = await answers_left(api, learner)
    key = f"{(await api.db.find(MasteryLog, {'user_id': learner.id}, {'_id': 1}))[0]['_id']}:1"

    class Disturbing:
        def write(self, _: list[bytes]) -> None:
            rows = api.db.client.delegate[api.db.raw.name]["attempt_overflow"]
            rows.update_one({"_id": key}, {"$set": {"attempts.0.time_spent": 77.0}})

    await retention(api).run(Disturbing())  # type: ignore[arg-type]

    some, same = await answers_left(api, learner)
    assert 0 < some < chunks
    assert same == embedded
    assert await api.db.find(Retained, {}) == []
