"""How far a learner is in a content, over all visits."""

from datetime import timedelta
from typing import Any

import pytest

from learntrack.documents import ContentSummary, MasteryLog
from learntrack.documents.content_summaries import CurrentTry
from learntrack.documents.logged import Imported
from learntrack.documents.try_numbers import figures_of
from learntrack.domain import moments
from learntrack.domain.ids import new_id
from learntrack.domain.progress import Advance

NOW = moments.now()
HOUR = timedelta(hours=1)
USER, CONTENT = new_id(), new_id()
DONE = Advance(reached=1.0)


def summary(**fields: Any) -> ContentSummary:
    """One as it is read."""
    begun = ContentSummary.begin(user_id=USER, content_id=CONTENT, channel_id="old", kind="exercise", at=NOW)
    begun.change(**fields)
    return ContentSummary.read(begun.row())


def log(level: int = 1) -> MasteryLog:
    begun = MasteryLog.begin(
        summary().id, user_id=USER, content_id=CONTENT, level=level, criterion={"type": "do_all"}, at=NOW
    )
    return MasteryLog.read(begun.row())


def test_completions_are_remembered_by_the_latest_and_the_first() -> None:
    document = summary()
    document.advance(DONE, NOW + HOUR)
    assert (document.completion_timestamp, document.first_completed_at) == (NOW + HOUR, None)

    for day in (2, 3):
        document.visit(None, NOW + day * HOUR, repeat=True, with_try=False)
        document.advance(DONE, NOW + day * HOUR)

    assert (document.completion_timestamp, document.first_completed_at) == (NOW + 3 * HOUR, NOW + HOUR)


def test_a_completion_that_comes_late_is_the_first_and_not_the_latest() -> None:
    document = summary()
    document.advance(DONE, NOW + 2 * HOUR)
    document.visit(None, NOW + HOUR, NOW + 3 * HOUR, repeat=True, with_try=False)
    document.advance(DONE, NOW + HOUR, NOW + 3 * HOUR)

    assert (document.completion_timestamp, document.first_completed_at) == (NOW + 2 * HOUR, NOW + HOUR)


def test_what_was_done_offline_before_it_began_completes_it_where_it_began() -> None:
    document = summary()
    document.advance(DONE, NOW - HOUR, NOW)

    assert (document.completion_timestamp, document.end_timestamp) == (NOW, NOW)


def test_what_is_done_is_not_completed_again_by_going_on() -> None:
    document = summary(progress=1.0, completion_timestamp=NOW)
    document.advance(Advance(delta=0.5, time_spent=3.0), NOW + HOUR)

    assert (document.progress, document.completion_timestamp, document.time_spent) == (1.0, NOW, 3.0)


def test_a_visit_starts_progress_anew_only_where_that_is_asked_for() -> None:
    document = summary(progress=0.5, has_tries=False)
    document.visit("new", NOW + HOUR, repeat=False, with_try=True)
    assert document.changes() == {"channel_id": "new", "end_timestamp": NOW + HOUR, "has_tries": True}

    document.visit("new", NOW + HOUR, repeat=True, with_try=False)
    assert (document.progress, document.has_tries) == (0.0, True)


def test_a_finished_try_is_counted_once() -> None:
    document, one = summary(), log()
    document.count_new_try(one)
    for finish in (False, True, True):
        before = figures_of(one)
        one.advance(1.0, NOW + HOUR, finish=finish)
        document.count_try(one, before)

    assert document.finished_tries == 1
    assert document.of_tries["exercise"].finished == 1
    assert not document.recount


def test_numbers_that_are_not_sure_any_more_ask_to_be_counted_anew() -> None:
    """A completion that lies before the start of another try: whose time counts is not known without looking."""
    first, second = log(1), log(2)
    second.change(start_timestamp=NOW + 2 * HOUR, end_timestamp=NOW + 2 * HOUR)
    document = summary()
    document.count_tries([first, second])
    before = figures_of(first)
    first.advance(1.0, NOW + HOUR, NOW + 3 * HOUR, finish=True)

    document.count_try(first, before)
    assert document.recount

    document.count_tries([first, second])
    assert (document.recount, document.finished_tries) == (None, 1)


@pytest.mark.parametrize(
    ("moved", "finished", "others_end", "end", "kept"),
    [
        ("it", False, NOW + HOUR, NOW, True),  # an unfinished one comes first, whenever it ended
        ("it", True, None, NOW, True),  # there is no other
        ("it", True, NOW, NOW + HOUR, True),  # of finished ones the latest
        ("it", True, NOW, NOW, False),  # at the same moment another may come first
        ("it", True, NOW + HOUR, NOW, False),
        ("another", False, None, NOW, False),
        ("another", True, None, NOW, False),
    ],
)
def test_which_try_to_go_on_with_is_remembered_only_while_it_is_sure(
    moved: str, finished: bool, others_end: Any, end: Any, kept: bool
) -> None:
    current = CurrentTry(try_id="it", highest_level=1, others_end=others_end)
    document = summary(current={"exercise": current, "quiz": current})

    document.try_moved("exercise", moved, finished=finished, end=end)
    document.try_moved("coach_quiz", moved, finished=finished, end=end)  # none is remembered

    assert set(document.current) == ({"exercise", "quiz"} if kept else {"quiz"})


@pytest.mark.parametrize(("ended", "newer"), [(NOW + HOUR, True), (NOW, False), (NOW - HOUR, False)])
def test_an_import_says_what_the_app_keeps_only_where_it_is_newer(ended: Any, newer: bool) -> None:
    document = summary(extra_fields={"from": "here"}, completion_timestamp=NOW, progress=1.0)
    source = summary(
        channel_id="new", extra_fields={"from": "there"}, end_timestamp=ended, completion_timestamp=NOW - HOUR
    )

    document.take_over(source, Imported(id="s", digest="d", time_spent=0.0, progress=0.0))

    expected = ("new", {"from": "there"}) if newer else ("old", {"from": "here"})
    assert (document.channel_id, document.extra_fields) == expected
    assert (document.progress, document.completion_timestamp) == (1.0, NOW)


def test_one_that_is_joined_says_only_that_it_may_have_begun_before() -> None:
    document = summary(progress=0.5)
    document.join(summary(start_timestamp=NOW - HOUR, progress=0.2))

    assert document.changes() == {"start_timestamp": NOW - HOUR}
