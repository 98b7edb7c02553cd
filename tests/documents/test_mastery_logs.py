"""A try: its end, its completion, and what an import adds."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from learntrack.documents import MasteryLog
from learntrack.documents.logged import Imported
from learntrack.domain import moments
from learntrack.domain.attempt_limits import AttemptLimits
from learntrack.domain.attempts import Interaction
from learntrack.domain.fading import FadingKind
from learntrack.domain.ids import new_id, try_id

NOW = moments.now()
HOUR = timedelta(hours=1)
USER = CONTENT = SUMMARY = new_id()


def log(**fields: Any) -> MasteryLog:
    """One as it is read."""
    begun = MasteryLog.begin(SUMMARY, user_id=USER, content_id=CONTENT, level=1, criterion={"type": "do_all"}, at=NOW)
    begun.change(**fields)
    return MasteryLog.read(begun.row())


def answered(document: MasteryLog, *answers: tuple[str, float], at: datetime = NOW) -> MasteryLog:
    book = document.book(AttemptLimits())
    sent = [Interaction(item, correct, 1.0, answer={}, complete=True) for item, correct in answers]
    book.record(sent, session_id=new_id(), now=at)
    document.keep(book)
    return document


def test_an_imported_try_keeps_its_id_and_another_has_that_of_its_level() -> None:
    begun = {"user_id": USER, "content_id": CONTENT, "level": 3, "criterion": {"type": "do_all"}, "at": NOW}

    assert MasteryLog.begin(SUMMARY, **begun, log_id="imported").id == "imported"
    assert MasteryLog.begin(SUMMARY, **begun).id == try_id(SUMMARY, 3)


def test_a_finished_try_is_not_finished_again() -> None:
    document = log(complete=True, completion_timestamp=NOW)
    document.advance(0.0, NOW + HOUR, finish=True)
    assert not document.has_changed

    document.advance(2.0, NOW + HOUR, finish=True)
    assert document.changes() == {"time_spent": 2.0, "end_timestamp": NOW + HOUR}


def test_what_is_delivered_late_does_not_move_the_end_back() -> None:
    document = log(end_timestamp=NOW + HOUR)
    document.advance(2.0, NOW, NOW + 2 * HOUR, finish=True)

    assert (document.end_timestamp, document.completion_timestamp) == (NOW + HOUR, NOW)


def test_a_try_is_not_finished_before_it_began() -> None:
    document = log()
    document.advance(2.0, NOW - HOUR, NOW, finish=True)

    assert (document.start_timestamp, document.completion_timestamp) == (NOW, NOW)


@pytest.mark.parametrize(("here", "there"), [(True, False), (False, True), (True, True), (False, False)])
def test_finished_here_or_there_is_finished(here: bool, there: bool) -> None:
    document = log(complete=here, completion_timestamp=NOW if here else None)
    source = log(complete=there, completion_timestamp=NOW + HOUR if there else None, mastery_level=2)

    document.take_over(source, Imported(id="1", digest="d", time_spent=0.0))

    done = NOW if here else NOW + HOUR if there else None
    assert (document.complete, document.completion_timestamp, document.mastery_level) == (here or there, done, 2)


def test_what_was_not_right_stays_counted() -> None:
    document = answered(log(), ("a", 0.0), ("b", 1.0), ("a", 0.0))
    assert (document.not_right, document.attempt_count, document.correct_sum) == (2, 3, 1.0)

    document.fade(FadingKind.attempts, ())

    assert (document.not_right, document.attempt_count, document.attempts) == (2, 3, [])
    assert (document.has_attempts, document.faded_count) == (False, 3)


def test_what_fades_twice_is_counted_once() -> None:
    document = answered(log(), ("a", 1.0))
    document.fade(FadingKind.attempts, ())
    document.fade(FadingKind.attempts, ())
    assert document.faded is not None
    assert (document.faded.attempt_count, document.faded.answered, document.faded.correct) == (1, 1, 1.0)

    answered(document, ("b", 1.0), at=NOW + HOUR)
    document.fade(FadingKind.attempts, ())
    assert (document.faded.attempt_count, document.faded.answered, document.faded.correct) == (2, 2, 2.0)
    assert document.overflow is not None
    assert (document.overflow.attempt_count, document.overflow.chunk_count) == (2, 0)


def test_a_row_is_what_the_model_says_in_its_order() -> None:
    document = answered(log(), ("q", 1.0), ("r", 0.0))

    assert list(document.row().items()) == list(document.model_dump(by_alias=True, exclude_unset=True).items())


def test_as_it_began_a_try_has_nothing_that_came_later() -> None:
    begun = MasteryLog.begin(SUMMARY, user_id=USER, content_id=CONTENT, level=1, criterion={"type": "do_all"}, at=NOW)
    begun.went_on(until=NOW + HOUR, time_spent=5.0, completed=NOW, complete=True)
    before = begun.row()
    later = answered(begun, *[(f"q{number}", 0.0) for number in range(40)])
    later.came_from(Imported(id=new_id(), digest="d", time_spent=5.0))
    later.belongs_to(new_id())
    assert later.row() != before

    assert (later.as_it_began().row(), later.as_it_began().is_new) == (before, True)
