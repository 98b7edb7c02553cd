"""The difference that is counted here is the one that the pipeline answers."""

import random
from datetime import timedelta
from typing import Any

import pytest

from learntrack.access.may_read import Readable
from learntrack.documents import AttemptOverflow, MasteryLog
from learntrack.documents.base import Row
from learntrack.domain import moments
from learntrack.domain.attempt_limits import AttemptLimits
from learntrack.domain.attempts import Interaction
from learntrack.domain.ids import new_id
from learntrack.logs import differences, differences_by_find
from learntrack.logs.filters import LogFilters
from learntrack.storage import Database

NOW = moments.now()
LEARNER, CONTENT = new_id(), new_id()
THEIRS = Readable([LEARNER])
OF_LEARNER = LogFilters(user=LEARNER, content=CONTENT)


async def a_try(db: Database, chance: random.Random, length: int, level: int = 1) -> MasteryLog:
    """A stored try of so many attempts at few items, many of them at one moment and some out of order."""
    about = {"user_id": LEARNER, "content_id": CONTENT, "level": level, "criterion": {"type": "do_all"}}
    log = MasteryLog.begin(new_id(), **about, at=NOW - timedelta(hours=chance.randrange(3)))
    await go_on(db, log, chance, length)
    return log


async def go_on(db: Database, log: MasteryLog, chance: random.Random, length: int) -> None:
    """So many attempts more."""
    chunks: list[AttemptOverflow] = []
    for _ in range(length):
        interaction = Interaction(f"item{chance.randrange(5)}", chance.random(), float(chance.randrange(9)))
        book = log.book(AttemptLimits())
        book.record([interaction], session_id=new_id(), now=NOW - timedelta(seconds=chance.randrange(20)))
        log.keep(book)
        chunks += [AttemptOverflow.begin(log, LEARNER, chunk) for chunk in book.new_chunks]
    await db.write([log, *chunks], None)


@pytest.mark.parametrize("seed", range(8))
async def test_it_is_what_the_pipeline_answers(db: Database, seed: int) -> None:
    chance = random.Random(seed)
    lengths = [chance.choice([0, 1, 5, 24, 25, 80]) for _ in range(3)]
    for level, length in enumerate(lengths, start=1):
        await a_try(db, chance, length, level)
    filters = LogFilters(user=LEARNER, content=CONTENT, include=("mastery_level", "user"))

    for index in range(4):
        asked = await db.rows(MasteryLog, differences.diff(THEIRS, filters, index))
        assert in_parts(await differences_by_find.diff(db, THEIRS, filters, index)) == in_parts(asked)


def in_parts(rows: list[Row]) -> tuple[Any, ...]:
    """The head, and the attempts in their order with their differences."""
    heads = [row["head"] for row in rows if row["head"]]
    return heads, [(row["attempt"], row["diff"]) for row in rows if row.get("attempt")]


async def test_a_try_that_goes_on_meanwhile_is_told_as_it_was(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(1)
    await a_try(db, chance, 30)
    find = db.find

    async def meanwhile(*asked: Any, **more: Any) -> Any:
        await go_on(db, MasteryLog.read(await db.find_one(MasteryLog, {})), chance, 30)
        return await find(*asked, **more)

    monkeypatch.setattr(db, "find", meanwhile)
    told, *rows = await differences_by_find.diff(db, THEIRS, OF_LEARNER, 0)

    assert sorted(row["attempt"]["number"] for row in rows) == list(range(30))
    assert sum(row["attempt"]["correct"] for row in rows) == pytest.approx(told["head"]["correct"])
