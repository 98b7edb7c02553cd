"""Answers to starts and updates have a size at the most."""

import msgspec

from learntrack.domain import moments
from learntrack.domain.any_json import stored_json
from learntrack.domain.attempts import Attempt, Interaction
from learntrack.tracking.batch_schemas import BatchResult
from learntrack.tracking.views import (
    ANSWER_MOST,
    LARGE,
    LARGE_ANSWERS_MOST,
    RoomForResults,
    attempt_views,
    past_attempts,
)

NOW = moments.now()


def attempt(size: int, item: str = "q") -> Attempt:
    new = Interaction(item, 1.0, 1.0, answer={"text": "x" * size})
    return Attempt.begin(new, session_id="s" * 32, number=0, now=NOW)


def test_ordinary_answers_are_shown_as_they_are() -> None:
    attempts = [attempt(10), attempt(LARGE + 1)]

    views = attempt_views(attempts)

    assert [view.answer for view in views] == [each.answer for each in attempts]
    assert b"answer_omitted" not in stored_json(views)


def test_of_many_large_answers_some_are_left_out_and_said_to_be() -> None:
    attempts = [attempt(10), *[attempt(2 * LARGE)] * 1000, attempt(20)]

    views = attempt_views(attempts)

    shown = [view for view in views if view.answer is not None]
    assert len(views) == 1002
    assert views[-1].answer == {"text": "x" * 20}
    assert all(view.answer_omitted is True for view in views if view.answer is None)
    assert LARGE_ANSWERS_MOST <= len(stored_json(shown)) < LARGE_ANSWERS_MOST + 3 * LARGE


def test_small_answers_are_left_out_where_there_are_too_many() -> None:
    views = attempt_views([attempt(LARGE - 100, "\x01" * 500)] * 1000)

    assert ANSWER_MOST // 2 < len(stored_json(views)) < ANSWER_MOST


def test_a_quiz_shows_every_answer_that_fits() -> None:
    attempts = [attempt(500_000) for _ in range(12)]

    shown = past_attempts(attempts, beside={}, every_answer=True)
    of_an_exercise = past_attempts(attempts, beside={}, every_answer=False)
    beside_much = past_attempts(attempts, beside={"state": "x" * 4 * 2**20}, every_answer=True)

    assert [view.answer is None for view in shown] == [False] * 12
    assert [view.answer is None for view in of_an_exercise] == [False] * 9 + [True] * 3
    assert sum(view.answer is not None for view in beside_much) == 8


def test_the_oldest_attempts_are_left_out_where_there_are_too_many_without_their_answers() -> None:
    views = past_attempts([attempt(10)] * 60_000, beside={}, every_answer=True)

    assert 20_000 < len(views) < 60_000
    assert len(stored_json(views)) < ANSWER_MOST


def test_a_batch_is_answered_within_the_same_bounds() -> None:
    body = msgspec.Raw(stored_json({"extra_fields": {"state": "x" * 2**20}}))
    results = [BatchResult(f"{number}", 200, False, body) for number in range(2000)]
    results.append(BatchResult("last", 200, False, msgspec.Raw(b"{}")))

    room = RoomForResults(len(results))
    bounded = [room.bounded(result) for result in results]

    assert ANSWER_MOST // 2 < len(msgspec.json.encode(bounded)) < ANSWER_MOST
    assert [result.status for result in bounded] == [200] * 2001
    assert {result.body_omitted for result in bounded if result.body is None} == {True}
    assert bounded[-1].body is not None
