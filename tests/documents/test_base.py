"""Documents know what of them has changed, and say it as a `$set` by position."""

from datetime import timedelta
from typing import Any

import pytest
from pymongo import InsertOne, UpdateOne

from learntrack.documents import AttemptOverflow, ContentSession, ContentSummary, MasteryLog, User
from learntrack.documents.roster import Role
from learntrack.domain import moments
from learntrack.domain.attempt_limits import AttemptLimits
from learntrack.domain.attempt_places import EMBEDDED_MOST
from learntrack.domain.attempts import Interaction
from learntrack.domain.ids import new_id, summary_id
from learntrack.domain.progress import Advance

NOW = moments.now()
LATER = NOW + timedelta(days=365)
LIMITS = AttemptLimits()
USER, CONTENT = new_id(), new_id()


def summary() -> ContentSummary:
    begun = ContentSummary.begin(user_id=USER, content_id=CONTENT, channel_id=None, kind="exercise", at=NOW)
    return ContentSummary.read(begun.row())  # as it is read


def log() -> MasteryLog:
    begun = MasteryLog.begin(
        summary_id(USER, CONTENT), user_id=USER, content_id=CONTENT, level=1, criterion={"type": "do_all"}, at=NOW
    )
    return MasteryLog.read(begun.row())


def answered(document: MasteryLog, *items: str) -> MasteryLog:
    book = document.book(LIMITS)
    book.record([Interaction(item, 1.0, 1.0, answer={}) for item in items], session_id=new_id(), now=NOW)
    document.keep(book)
    return document


def test_what_was_read_has_not_changed() -> None:
    assert summary().changes() == {}
    assert summary().write() is None


def test_what_is_new_is_inserted_whole() -> None:
    session = ContentSession.begin(
        new_id(), user_id=None, visitor_id=None, content_id=CONTENT, channel_id=None, kind="video", context={}, at=NOW
    )

    assert isinstance(session.write(), InsertOne)
    assert session.row()["attempts"] == []
    assert "imported" not in session.row()


def test_only_what_differs_is_written() -> None:
    document = summary()
    document.advance(Advance(time_spent=5.0), NOW)

    assert document.changes() == {"time_spent": 5.0}
    assert isinstance(document.write(), UpdateOne)


def test_a_write_names_the_owner_where_the_data_is_sharded() -> None:
    document = summary()

    assert document.key() == {"_id": document.id}
    assert document.key(sharded=True) == {"_id": document.id, "user_id": USER}


def test_reaching_one_from_below_completes_a_summary_once() -> None:
    document = summary()
    document.advance(Advance(delta=1.0), NOW)
    document.advance(Advance(reached=1.0), LATER)

    assert document.completion_timestamp == NOW
    assert document.changes()["progress"] == 1.0


@pytest.mark.parametrize(("before", "after"), [(1, True), (0, False), (1, 1.0)])
def test_extra_fields_that_are_equal_to_python_but_not_as_json_are_replaced(before: Any, after: Any) -> None:
    begun = ContentSummary.begin(user_id=USER, content_id=CONTENT, channel_id=None, kind="video", at=NOW)
    begun.keep_extra_fields({"seen": before})
    document = ContentSummary.read(begun.row())
    document.keep_extra_fields({"seen": after})

    assert repr(document.changes()) == repr({"extra_fields": {"seen": after}})


def test_a_try_ends_later_only_with_time_or_completion() -> None:
    document = log()
    document.advance(0.0, LATER, finish=False)
    assert document.changes() == {}

    document.advance(0.0, LATER, finish=True)
    assert document.changes() == {"complete": True, "completion_timestamp": LATER, "end_timestamp": LATER}


def test_attempts_are_written_by_their_positions() -> None:
    document = answered(log(), "q1", "q2")
    again = MasteryLog.read(document.row())

    changes = answered(again, "q3").changes()

    assert sorted(changes) == ["attempt_count", "attempts.2", "correct_sum"]
    assert changes["attempts.2"]["item"] == "q3"


def test_attempts_that_move_out_are_written_as_what_is_left_and_a_chunk() -> None:
    document = answered(log(), *(f"q{number}" for number in range(EMBEDDED_MOST)))
    book = document.book(LIMITS)
    book.record([Interaction("last", 1.0, 1.0, answer={})], session_id=new_id(), now=NOW)
    document.keep(book)
    [chunk] = [AttemptOverflow.begin(document, USER, chunk) for chunk in book.new_chunks]

    changes = document.changes()

    assert len(changes["attempts"]) + len(chunk.attempts) == EMBEDDED_MOST + 1
    assert changes["overflow"]["attempt_count"] == len(chunk.attempts)
    assert not [path for path in changes if path.startswith("attempts.")]
    assert chunk.row()["_id"] == f"{document.id}:0"


def test_a_refusal_half_way_changes_nothing() -> None:
    document = answered(log(), "q1")
    before = document.row()

    document.book(LIMITS).record([Interaction("q1", 0.0, 9.0, answer={}, replace=True)], session_id="s", now=NOW)

    assert document.row() == before


def test_a_member_of_a_group_is_a_member_of_its_classroom() -> None:
    facility, classroom, group = new_id(), new_id(), new_id()
    user = User.begin(USER, username="ada", facility_id=facility)
    user.join(group)
    user.take_role(Role(collection_id=classroom, kind="coach"))

    user.settle({group: classroom}, NOW)
    assert (user.collections, user.places) == ([group, classroom], [facility, group, classroom])
    assert user.role_places == [classroom]

    user.leave({group, classroom}, NOW)
    user.settle({}, NOW)
    assert (user.collections, user.roles, user.role_places) == ([], [], [])


def test_a_document_carries_no_notes_of_beanies() -> None:
    """Pydantic would make them anew for each, which took thirty calls."""
    assert [log().__pydantic_private__, answered(log(), "a").__pydantic_private__] == [None, None]
    begun = log()
    assert begun.model_copy() == begun
