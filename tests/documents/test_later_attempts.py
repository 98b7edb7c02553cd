"""Attempts that are decoded only where somebody looks at them: nothing of what is recorded depends on it."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import bson
import pytest
from bson.codec_options import CodecOptions

from learntrack.documents import MasteryLog
from learntrack.documents.later_attempts import LaterAttempts
from learntrack.domain.attempt_limits import AttemptLimits
from learntrack.domain.attempt_places import EMBEDDED_MOST, LARGE
from learntrack.domain.attempts import Interaction
from learntrack.domain.ids import new_id

OPTIONS: CodecOptions[Any] = CodecOptions(tz_aware=True)
BEGAN = datetime(2026, 1, 5, 8, tzinfo=UTC)


def a_try(attempts: int) -> dict[str, Any]:
    """A stored try of so many attempts."""
    log = MasteryLog.begin(new_id(), user_id=new_id(), content_id=new_id(), level=1, criterion={}, at=BEGAN)
    for number in range(attempts):
        record(log, [Interaction(f"q{number % 7}", (number % 3) / 3, 5.0, complete=number % 2 == 0)], number)
    return log.row()


def record(log: MasteryLog, interactions: list[Interaction], at: int) -> None:
    """Record interactions at this minute."""
    book = log.book(AttemptLimits())
    book.record(interactions, session_id="5" * 32, now=BEGAN + timedelta(minutes=at))
    log.keep(book)


def anything(chance: random.Random, ids: list[str]) -> Interaction:
    """An interaction: new, about an attempt, or in the place of one; now and then a large one."""
    text = "x" * LARGE if chance.random() < 0.05 else "x"
    chosen = chance.choice(ids) if ids and chance.random() < 0.2 else None
    return Interaction(
        f"q{chance.randrange(9)}", chance.random(), 5.0, chosen, {"a": text}, replace=chance.random() < 0.2
    )


@pytest.mark.parametrize("seed", range(20))
def test_what_is_written_is_the_same(seed: int) -> None:
    chance = random.Random(seed)
    row = a_try(chance.randrange(EMBEDDED_MOST))
    read, later = (
        MasteryLog.read(bson.decode(bson.encode(row), OPTIONS)),
        MasteryLog.from_bson(bson.encode(row), OPTIONS),
    )
    for minute in range(3):
        ids = [attempt["id"] for attempt in row["attempts"]]
        interactions = [anything(chance, ids) for _ in range(chance.randrange(1, 4))]
        for log in (read, later):
            record(log, interactions, 100 + minute)

    mine, theirs = later.changes(), read.changes()

    assert mine.keys() == theirs.keys()
    assert mine["attempt_count"] == theirs["attempt_count"]
    assert mine["correct_sum"] == pytest.approx(theirs["correct_sum"])
    assert [(each.number, each.item, each.correct) for each in later.attempts] == [
        (each.number, each.item, each.correct) for each in read.attempts
    ]


def test_a_first_answer_needs_none_of_the_others() -> None:
    row = a_try(5)
    row["attempts"][0] = {"of": "another release"}
    log = MasteryLog.from_bson(bson.encode(row), OPTIONS)

    record(log, [Interaction("q", 1.0, 5.0)], 100)

    assert log.changes()["attempts.5"]["number"] == 5
    assert log.attempt_count == 6
    assert isinstance(log.attempts, LaterAttempts)


def test_a_document_that_counts_otherwise_is_read_at_once() -> None:
    row = a_try(5) | {"attempt_count": 4}

    assert isinstance(MasteryLog.from_bson(bson.encode(row), OPTIONS).attempts, list)


def test_later_attempts_are_a_list_to_whoever_looks() -> None:
    row = a_try(5)
    log = MasteryLog.from_bson(bson.encode(row), OPTIONS)

    record(log, [Interaction("q", 1.0, 5.0)], 100)

    assert len(log.attempts) == 6
    assert [attempt.number for attempt in log.attempts] == [*range(6)]
    assert [log.attempts[position].number for position in (0, 5)] == [0, 5]
    assert log.attempts[4:][1].item == "q"
