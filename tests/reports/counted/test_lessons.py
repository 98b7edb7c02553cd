"""What of lessons is held at once has a bound, which is looked at while reading."""

from typing import Any

import pytest

from learntrack.access.may_read import EVERYBODY
from learntrack.documents import ContentSession, ContentSummary, Lesson, User
from learntrack.reports.counted import lessons
from learntrack.reports.counted.asked import CountedAbout, TooMany
from learntrack.reports.counted.lessons import lesson_completion
from tests.reports.counted.shelves import Shelves

MOST = 5
MANY = 40
ABOUT = CountedAbout(EVERYBODY, "school", {})


class Contents(list[str]):
    """The contents of a lesson, of which `taken` have been gone through."""

    taken = 0

    def __iter__(self) -> Any:
        for content in super().__iter__():
            self.taken += 1
            yield content


@pytest.fixture(autouse=True)
def few_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lessons, "MOST_ROWS", MOST)


async def test_no_more_visits_are_read_than_are_held() -> None:
    visit = {"user_id": "learner", "context": {"lesson_id": "lesson"}, "time_spent": 1.0, "facility_id": "school"}
    rows = [visit | {"content_id": f"content {number}"} for number in range(MANY)]
    db = Shelves({ContentSession: rows})

    with pytest.raises(TooMany):
        await anext(lesson_completion(db, ABOUT))
    assert db.taken == {ContentSession: MOST + 1}


async def test_no_more_is_assigned_than_is_held() -> None:
    """Also where one lesson has many contents: it is not gone through to its end."""
    contents = Contents(f"content {number}" for number in range(MANY))
    lesson = {"_id": "lesson", "collection_ids": ["class"], "content_ids": contents}
    db = Shelves({User: [{"_id": "learner", "learns_in": ["class"]}], Lesson: [lesson]})

    with pytest.raises(TooMany):
        await anext(lesson_completion(db, ABOUT))
    assert contents.taken == MOST + 1
    assert ContentSummary not in db.taken
