"""What an import adds to what is stored, and where somebody's logs belong."""

from datetime import timedelta
from typing import Any

import pytest

from learntrack.documents import ContentSession
from learntrack.documents.logged import Imported, progress_taken_over
from learntrack.domain import moments
from learntrack.domain.ids import new_id

NOW = moments.now()
HOUR = timedelta(hours=1)
ID = new_id()


def session(**fields: Any) -> ContentSession:
    """One as it is read."""
    begun = ContentSession.begin(
        ID, user_id=ID, visitor_id=None, content_id=ID, channel_id=None, kind="video", context={"a": "here"}, at=NOW
    )
    begun.change(**fields)
    return ContentSession.read(begun.row())


def imported(seconds: float, progress: float | None = None) -> Imported:
    return Imported(id="1", digest="d", time_spent=seconds, progress=progress)


@pytest.mark.parametrize(
    ("stored", "known", "source", "expected"),
    [
        (0.0, None, 60.0, 60.0),  # the first import
        (60.0, 60.0, 60.0, 60.0),  # nothing new
        (75.0, 60.0, 70.0, 85.0),  # 15 seconds were recorded here meanwhile
        (75.0, 60.0, 50.0, 65.0),  # the source has corrected itself
        (10.0, 60.0, 0.0, 0.0),  # but never to less than nothing
    ],
)
def test_time_grows_by_what_the_sources_has_grown_by(
    stored: float, known: float | None, source: float, expected: float
) -> None:
    document = session(time_spent=stored, imported=None if known is None else imported(known))
    now = imported(source)

    document.take_over(session(time_spent=source), now)

    assert (document.time_spent, document.imported) == (expected, now)


def test_a_visit_is_as_long_as_both_say() -> None:
    document = session(context={"a": "here"}, mastery_log_id=None)
    source = session(start_timestamp=NOW - HOUR, end_timestamp=NOW + HOUR, context={"a": "there", "b": "there"})
    source.goes_on_with("try", 1)

    document.take_over(source, imported(0.0))

    assert (document.start_timestamp, document.end_timestamp) == (NOW - HOUR, NOW + HOUR)
    assert document.context == {"a": "here", "b": "there", "mastery_level": 1}
    assert document.mastery_log_id == "try"


@pytest.mark.parametrize(
    ("stored", "known", "source", "expected"),
    [
        (0.0, None, 0.4, 0.4),
        (0.4, 0.4, 0.2, 0.2),  # nothing was made here: the source's, even if it is less
        (0.6, 0.4, 0.5, 0.6),  # more was made here
        (0.6, 0.4, 0.9, 0.9),
    ],
)
def test_progress_is_the_sources_unless_more_was_made_here(
    stored: float, known: float | None, source: float, expected: float
) -> None:
    last = None if known is None else imported(0.0, known)

    assert progress_taken_over(stored, last, source) == expected


def test_where_somebody_is_is_written_only_where_it_is_news() -> None:
    document = session(facility_id=ID)
    document.belongs_to(ID)
    assert not document.has_changed

    document.belongs_to(None)
    assert document.changes() == {"facility_id": None}
