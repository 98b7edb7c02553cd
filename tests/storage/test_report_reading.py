"""Of which servers reports are read."""

import pytest
from mongomock_motor import AsyncMongoMockClient

from learntrack.storage.report_reading import Preference, ReportReading


@pytest.mark.parametrize(
    ("preference", "most", "staleness", "behind"),
    [
        ("primary", None, -1, 0),
        ("primary", 120, -1, 0),  # the primary is never behind
        ("secondaryPreferred", None, -1, 0),
        ("secondaryPreferred", 120, 120, 120),
    ],
)
def test_an_answer_says_how_far_it_may_be_behind(
    preference: Preference, most: int | None, staleness: int, behind: int
) -> None:
    asked: dict[str, object] = {}

    class Client(AsyncMongoMockClient):
        def get_database(self, name: str, *, read_preference: object) -> object:
            asked["preference"] = read_preference
            return super().get_database(name)

    reading = ReportReading(preference, most).of(Client(), "x", 1.0)

    chosen = asked["preference"]
    assert type(chosen).__name__ == preference[0].upper() + preference[1:]
    assert getattr(chosen, "max_staleness", -1) == staleness
    assert reading.behind.total_seconds() == behind
