"""The numbers that a summary carries of its tries are what counting the tries says."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from learntrack.documents import ContentSummary, MasteryLog
from learntrack.documents.try_numbers import TryNumbers, figures_of
from learntrack.domain.ids import new_id

BEGAN = datetime(2026, 3, 2, 8, tzinfo=UTC)
COACH_QUIZ = {"type": "quiz", "coach_assigned": True}


def summary() -> ContentSummary:
    return ContentSummary.begin(user_id=new_id(), content_id=new_id(), channel_id=None, kind="exercise", at=BEGAN)


def new_try(of: ContentSummary, level: int, at: datetime, criterion: dict | None = None) -> MasteryLog:
    begun = MasteryLog.begin(
        of.id, user_id=of.user_id, content_id=of.content_id, level=level, criterion=criterion or {}, at=at
    )
    of.count_new_try(begun)
    return begun


def go_on(
    of: ContentSummary,
    log: MasteryLog,
    at: datetime,
    clock: datetime | None = None,
    *,
    seconds: float,
    correct: float,
    finish: bool,
) -> None:
    before = figures_of(log)
    log.advance(seconds, at, clock, finish=finish)
    log.change(
        attempt_count=log.attempt_count + 1,
        correct_sum=log.correct_sum + correct,
        not_right=log.not_right + (correct <= 0),
    )
    of.count_try(log, before)


@pytest.mark.parametrize("moments", ["in order", "late", "clock jumps back"])
@pytest.mark.parametrize("seed", range(20))
def test_whatever_happens_to_the_tries(seed: int, moments: str) -> None:
    chance, one, tries, at, clock = random.Random(seed), summary(), [], BEGAN, BEGAN
    for _ in range(30):
        at += timedelta(minutes=chance.randrange(0 if moments == "in order" else -30, 60))
        clock = max(at, clock) if moments == "late" else at
        if not tries or chance.random() < 0.2:
            tries.append(new_try(one, len(tries) + 1, at))
        go_on(
            one,
            chance.choice(tries),
            at,
            clock,
            seconds=chance.randrange(3),
            correct=chance.choice([-1, 0, 1]),
            finish=chance.random() < 0.2,
        )
        expected, found = TryNumbers.of(tries), one.of_tries["exercise"]
        assert moments != "in order" or not one.recount or not expected.finished
        if one.recount and moments == "in order":  # several tries, none finished: the latest may have no attempts
            one.count_tries(tries)
            found = one.of_tries["exercise"]
        if one.recount:
            unsure = {name: getattr(expected, name) for name in ("seconds_to_done", "last_end", "not_right")}
            found = found.model_copy(update=unsure)
        assert found == expected
    one.count_tries(tries)
    assert one.of_tries == {"exercise": TryNumbers.of(tries)}
    assert not one.recount


def test_tries_of_different_kinds_are_counted_apart() -> None:
    one = summary()
    exercise, quiz = new_try(one, 1, BEGAN), new_try(one, -7, BEGAN, COACH_QUIZ)
    go_on(one, quiz, BEGAN, seconds=5, correct=1, finish=True)

    assert one.finished_tries == 1
    assert one.of_tries == {"exercise": TryNumbers.of([exercise]), "coach_quiz": TryNumbers.of([quiz])}


def test_only_the_numbers_of_the_kind_are_written() -> None:
    one = summary()
    new_try(one, 1, BEGAN)
    log = new_try(one, -7, BEGAN, COACH_QUIZ)
    read = ContentSummary.read(one.row())
    go_on(read, log, BEGAN, seconds=5, correct=1, finish=False)

    changes = read.changes()

    assert list(changes) == ["of_tries.coach_quiz"]
    assert changes["of_tries.coach_quiz"]["attempts"] == 1
    assert read.row()["of_tries"]["coach_quiz"] == changes["of_tries.coach_quiz"]
