"""How long ago, in months."""

from datetime import UTC, datetime

import pytest

from learntrack.domain.fading import months_before


@pytest.mark.parametrize(
    ("now", "months", "then"),
    [
        ("2026-11-26T10:00", 6, "2026-05-26"),
        ("2026-01-15T10:00", 2, "2025-11-15"),
        ("2026-08-31T10:00", 6, "2026-02-28"),
        ("2024-03-31T10:00", 13, "2023-02-28"),
        ("2024-04-30T00:00", 2, "2024-02-29"),
        ("2026-12-31T23:59", 12, "2025-12-31"),
    ],
)
def test_the_same_day_of_an_earlier_month_or_its_last(now: str, months: int, then: str) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)

    assert months_before(moment, months) == datetime.fromisoformat(then).replace(tzinfo=UTC)
