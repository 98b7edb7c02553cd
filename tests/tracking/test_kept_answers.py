"""What is kept of an answer is small, however large it is, and says what of it is left out."""

import msgspec
import pytest

from learntrack.domain.any_json import kept
from learntrack.tracking.kept_answers import KEPT_MOST, KEPT_OF_ITEM, answered_again, kept_of
from learntrack.tracking.schemas import AttemptView, SessionContext, SessionStarted, SessionUpdated
from learntrack.web.answers import encoded
from tests.support import new_id

ODD = kept({"$ref": 1, "\uff04": {"$date": "x"}}, depth=9)


def view(size: int, item: str = "q") -> AttemptView:
    return AttemptView(new_id(), 1.0, True, False, False, item, {"text": "x" * size}, 1.0)


def started(**more: object) -> SessionStarted:
    fields = {"extra_fields": {}, "pastattempts": [view(10)], "totalattempts": 1} | more
    return SessionStarted(new_id(), SessionContext(), progress=0.5, time_spent=2.0, complete=False, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("answer", [SessionUpdated(True), SessionUpdated(False, [view(900_000)]), started()])
def test_an_ordinary_answer_is_kept_as_it_is(answer: SessionStarted | SessionUpdated) -> None:
    assert kept_of(answer, encoded(answer)) == encoded(answer)
    assert answered_again(encoded(answer), ODD if isinstance(answer, SessionStarted) else None) == encoded(answer)


def test_of_a_large_answer_the_large_answers_in_it_are_left_out() -> None:
    answer = SessionUpdated(True, [view(700_000), view(20), view(700_000)])

    found = msgspec.json.decode(kept_of(answer, encoded(answer)))

    assert [each["answer"] for each in found["attempts"]] == [None, {"text": "x" * 20}, None]
    assert [each.get("answer_omitted") for each in found["attempts"]] == [True, None, True]
    assert found["complete"] is True


def test_nothing_more_than_that_is_ever_kept() -> None:
    answer = SessionUpdated(True, [view(20, "\x01" * 1000)] * 1000)

    assert len(encoded(answer)) > KEPT_MOST
    assert msgspec.json.decode(kept_of(answer, encoded(answer))) == {"complete": True, "attempts": []}


@pytest.mark.parametrize("sizes", [[20] * 10, [2000] * 100, [900] * 100])
def test_a_bound_is_kept_whatever_is_in_an_answer(sizes: list[int]) -> None:
    answer = SessionUpdated(True, [view(size) for size in sizes])

    assert len(kept_of(answer, encoded(answer), KEPT_OF_ITEM)) <= KEPT_OF_ITEM


def test_a_start_is_answered_again_with_what_is_stored_of_the_content() -> None:
    answer = started(extra_fields={"state": "x" * KEPT_MOST}, pastattempts=[view(10)])

    found = kept_of(answer, encoded(answer))
    again = msgspec.json.decode(answered_again(found, ODD))

    assert len(found) < 1000
    assert again == msgspec.json.decode(encoded(started(extra_fields=ODD))) | {
        "session_id": answer.session_id,
        "pastattempts": msgspec.to_builtins(answer.pastattempts),
    }
    assert again["extra_fields"] == {"$ref": 1, "\uff04": {"$date": "x"}}
