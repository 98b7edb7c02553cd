"""On the embedded engine items are counted here: as its pipeline would, and from tries of those who have gone on."""

import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from learntrack.documents import AttemptOverflow, ItemRollup, MasteryLog
from learntrack.domain import moments
from learntrack.domain.attempt_places import Chunk
from learntrack.domain.attempts import Attempt
from learntrack.domain.fading import FadingKind
from learntrack.domain.ids import summary_id
from learntrack.reports.upkeep import items
from learntrack.reports.upkeep.checking import differing
from learntrack.reports.upkeep.item_keeping import ItemKeeping
from learntrack.reports.upkeep.remembered import Remembered
from learntrack.reports.upkeep.worker import Upkeep
from learntrack.storage.leases import Holding, outdate
from tests.reports.upkeep.test_upkeep import nobody
from tests.retention.test_service import fade
from tests.support import ROOT, Api, Person, School, exercise, new_id, right, wrong

pytestmark = pytest.mark.engines("embedded")
NOW = moments.now()
ANSWERS = ["", "a", "b", "\U0001f600" * 600, "\U0001f600" * 500, "é", *(f"wrong {number}" for number in range(14))]


def attempt(chance: random.Random, number: int) -> Attempt:
    """One of an imported try: few moments, so that many are the same."""
    at = NOW - timedelta(seconds=chance.randrange(3))
    return Attempt(
        id=new_id(),
        number=number,
        item=chance.choice("abcde"),
        session_id=new_id(),
        start_timestamp=at,
        end_timestamp=at,
        completion_timestamp=chance.choice([None, at]),
        time_spent=1.0,
        complete=chance.random() < 0.5,
        correct=chance.choice([0.0, 1.0, 0.5, 1 / 3]),
        hinted=chance.random() < 0.2,
        error=chance.random() < 0.2,
        answer={"value": "x" * chance.randrange(50)},
        simple_answer=chance.choice(ANSWERS),
        interaction_history=[],
    )


def tries(chance: random.Random, facility: str, user: str, content: str) -> list[MasteryLog | AttemptOverflow]:
    """Some tries of a learner, quizzes or not, with older attempts elsewhere or none."""
    found: list[MasteryLog | AttemptOverflow] = []
    for number in range(chance.randrange(4)):
        level = chance.choice([1, -1]) * (number + 1)
        log = MasteryLog.begin(
            summary_id(user, content),
            user_id=user,
            content_id=content,
            level=level,
            criterion={"type": "do_all"},
            at=NOW,
            facility_id=facility,
        )
        attempts = [attempt(chance, each) for each in range(chance.randrange(12))]
        log.change(attempts=attempts, attempt_count=len(attempts))
        found.append(log)
        if attempts and chance.random() < 0.4:
            older = [attempt(chance, 12 + each) for each in range(chance.randrange(1, 9))]
            totals = {"chunk_count": 1, "attempt_count": len(older), "completed_attempts": 0, "newest_start": NOW}
            log.overflow = MasteryLog.model_validate({**log.row(), "overflow": {**totals, "correct_sum": 0.0}}).overflow
            found.append(AttemptOverflow.begin(log, user, Chunk(0, older)))
    return found


@pytest.fixture
async def keeping(api: Api) -> ItemKeeping:
    holding = Holding(api.db, new_id())
    assert await holding.take()
    return ItemKeeping(api.db, holding)


async def is_right(api: Api, item: tuple[str, str]) -> bool:
    return await differing(api.db, [item], nobody) == []


@pytest.mark.parametrize("seed", range(12))
async def test_what_is_counted_is_what_the_pipeline_says(api: Api, keeping: ItemKeeping, seed: int) -> None:
    chance, item = random.Random(seed), (new_id(), new_id())
    for _ in range(chance.randrange(1, 5)):
        await api.db.write(tries(chance, item[0], new_id(), item[1]), None)
        await api.db.write(tries(chance, "elsewhere", new_id(), item[1]), None)

    await keeping.compute([(item, None)])

    assert await is_right(api, item)
    answered = await api.db.find(MasteryLog, {"facility_id": item[0], "attempt_count": {"$gt": 0}})
    assert bool(await items.kept(api.db, item)) is bool(answered)


async def test_an_answer_that_nobody_knows_when_it_was_given_is_the_first(api: Api, keeping: ItemKeeping) -> None:
    chance, item, user = random.Random(1), (new_id(), new_id()), new_id()
    log = MasteryLog.begin(
        summary_id(user, item[1]),
        user_id=user,
        content_id=item[1],
        level=-1,
        criterion={"type": "do_all"},
        at=NOW,
        facility_id=item[0],
    )
    given = [{**attempt(chance, number).row(), "item": "a", "correct": float(number)} for number in range(2)]
    given[1]["start_timestamp"] = None
    await api.db.collection(MasteryLog).insert_one({**log.row(), "attempts": given, "attempt_count": 2})

    await keeping.compute([(item, None)])

    assert await is_right(api, item)
    [row] = await items.kept(api.db, item)
    assert [answer["x"] for answer in row["answers"]] == [1.0]
    await api.db.collection(MasteryLog).delete_many({"user_id": user})


class Asked:
    """Whose tries, and how many, a database is asked for."""

    def __init__(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        self.tries: list[str] = []
        self._parts = api.db.parts
        monkeypatch.setattr(api.db, "parts", self.parts)
        monkeypatch.setattr(api.db, "rows", self.rows)
        self._rows = type(api.db).rows.__get__(api.db)

    async def parts(self, kind: Any, query: Mapping[str, Any], *given: Any, **more: Any) -> AsyncIterator[list[Any]]:
        async for part in self._parts(kind, query, *given, **more):
            self.tries += [row["user_id"] for row, _ in part if kind is MasteryLog]
            yield part

    async def rows(self, kind: Any, pipeline: Any) -> list[Any]:
        assert kind is not MasteryLog, "everybody's tries are looked at"
        found: list[Any] = await self._rows(kind, pipeline)
        return found


@asynccontextmanager
async def working(upkeep: Upkeep) -> AsyncIterator[None]:
    """It holds the lease between two rounds, as in a service."""
    assert await upkeep._holding.take()
    async with upkeep._holding.beating():
        yield


async def practise(api: Api, learner: Person, body: dict[str, Any], *answers: dict[str, Any]) -> None:
    session = await api.start(learner, **body)
    await api.update(learner, session, time_spent_delta=1, interactions=list(answers))


async def test_a_round_reads_only_tries_of_who_has_gone_on(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    api, body = school.api, exercise()
    learners = [await school.learner() for _ in range(4)]
    for learner in learners:
        await practise(api, learner, body, wrong("a"), right("b"))
        await practise(api, learner, exercise(), wrong("a"))
    upkeep = Upkeep(api.db)
    await upkeep.catch_up()
    async with working(upkeep):
        await practise(api, learners[0], body, wrong("b"))
        await upkeep._work_off()

        asked = Asked(api, monkeypatch)
        await practise(api, learners[2], body, wrong("c", simple_answer="7"))
        await upkeep._work_off()
        monkeypatch.undo()

    assert set(asked.tries) == {learners[2].id}
    item = (school.facility, body["content_id"])
    assert await is_right(api, item)
    assert {row["item"] for row in await items.kept(api.db, item)} == {"a", "b", "c"}


@pytest.mark.parametrize("why", ["somebody was forgotten", "another did it meanwhile", "it was asked for", "it failed"])
async def test_what_may_be_wrong_is_not_remembered(school: School, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    api, body = school.api, exercise()
    ada, ben = await school.learner(), await school.learner()
    item = (school.facility, body["content_id"])
    for learner in (ada, ben):
        await practise(api, learner, body, wrong("a"))
    holding = Holding(api.db, new_id(), silent_seconds=0.0)
    assert await holding.take()
    keeping = ItemKeeping(api.db, holding)
    await keeping.compute([(item, None)])
    # As if nobody had said so: what is remembered is not looked at again.
    await api.db.collection(MasteryLog).update_one({"user_id": ben.id}, {"$set": {"attempts.0.correct": 1.0}})
    await keeping.compute([(item, {ada.id or ""})])
    assert not await is_right(api, item)

    if why == "somebody was forgotten":
        await outdate(api.db, holding._job)
    elif why == "another did it meanwhile":
        assert await Holding(api.db, holding._job, silent_seconds=0.0).take()
        assert await holding.take()
    elif why == "it was asked for":
        keeping.forget()
    else:
        with monkeypatch.context() as patch:
            Asked(api, patch)
            with pytest.raises(AssertionError):
                await keeping.compute([(item, None)])
    await keeping.compute([(item, {ada.id or ""})])

    assert await is_right(api, item)


async def test_what_cannot_be_remembered_is_read_anew(
    school: School, keeping: ItemKeeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, body = school.api, exercise()
    learners = [await school.learner() for _ in range(3)]
    item = (school.facility, body["content_id"])
    keeping._remembered = Remembered(most=4000)
    for number, learner in enumerate(learners):
        await practise(api, learner, body, *(wrong(f"q{number}", simple_answer=f"{number}") for number in range(5)))
        await keeping.compute([(item, {learner.id or ""})])
        assert await is_right(api, item)
        assert keeping._remembered.size <= 4000


class Story:
    """What happens to some learners, in any order."""

    def __init__(self, schools: list[School], seed: int, folder: Path) -> None:
        self.api, self.schools, self.chance, self.folder = schools[0].api, schools, random.Random(seed), folder
        self.contents = [exercise({"type": "do_all"}), exercise({"type": "m_of_n", "m": 8, "n": 10})]
        self.contents.append({**exercise(), "kind": "quiz"})
        del self.contents[2]["mastery_model"]
        self.learners: list[Person] = []

    async def begin(self) -> None:
        self.learners += [await school.learner() for school in self.schools for _ in range(2)]

    async def go_on(self) -> None:
        what = self.chance.choices(
            [self.answer, self.answer_much, self.move, self.forget, self.fade], [30, 2, 2, 1, 1], k=1
        )
        await what[0]()

    def _given(self, item: int) -> dict[str, Any]:
        answer = {"simple_answer": self.chance.choice(ANSWERS[:8])}
        more = self.chance.choice([{}, {}, {"replace": True}, {"hinted": True}, {"error": True}])
        make = self.chance.choice([right, wrong])
        return make(f"q{item}", **answer, **more)

    async def answer(self, many: int = 1) -> None:
        learner = self.chance.choice(self.learners)
        body = {**self.chance.choice(self.contents), "repeat": self.chance.random() < 0.2}
        session = await self.api.start(learner, **body)
        given = [self._given(self.chance.randrange(6)) for _ in range(many)]
        time = self.chance.choice([0, 2])
        await self.api.update(learner, session, time_spent_delta=time, interactions=given)

    async def answer_much(self) -> None:
        await self.answer(40)

    async def move(self) -> None:
        learner, school = self.chance.choice(self.learners), self.chance.choice(self.schools)
        user = {"id": learner.id, "username": "u", "facility_id": school.facility}
        await self.api.roster(ROOT, users=[user])

    async def forget(self) -> None:
        learner = self.learners.pop(self.chance.randrange(len(self.learners)))
        await self.api.answer("DELETE", f"/api/roster/users/{learner.id}", ROOT)
        self.learners.append(await self.chance.choice(self.schools).learner())

    async def fade(self) -> None:
        folder = self.folder / new_id()
        folder.mkdir()
        await fade(self.api, folder, self.chance.choice([FadingKind.answers, FadingKind.attempts]))


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_happens_it_is_what_the_logs_say(api: Api, tmp_path: Path, seed: int) -> None:
    story = Story([await School(api).open() for _ in range(2)], seed, tmp_path)
    await story.begin()
    upkeep = Upkeep(api.db)
    await upkeep.catch_up()
    everywhere = [(school.facility, body["content_id"]) for school in story.schools for body in story.contents]
    most = 0
    async with working(upkeep):
        for _ in range(12):
            for _ in range(6):
                await story.go_on()
            while await upkeep._work_off() is not None:
                pass
            assert await differing(api.db, everywhere, nobody) == []
            most = max(most, len(await api.db.find(ItemRollup, {})))
    assert most > 10
