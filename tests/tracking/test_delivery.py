"""The moment that counts for what happened offline (contract, What happened when)."""

from datetime import UTC, datetime, timedelta

import pytest

from learntrack.errors import InvalidFields
from learntrack.tracking.delivery import Clocks, in_utc

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def clocks(ahead: timedelta = timedelta()) -> Clocks:
    return Clocks(at=NOW, ahead=ahead, longest_ago=timedelta(days=30))


@pytest.mark.parametrize(
    ("ahead", "said", "counts", "corrected"),
    [
        (timedelta(), NOW - HOUR, NOW - HOUR, False),
        (HOUR, NOW, NOW - HOUR, True),  # the device's clock is an hour ahead
        (-HOUR, NOW - 2 * HOUR, NOW - HOUR, True),  # or behind
        (timedelta(), NOW + HOUR, NOW, True),  # what lies ahead is now
    ],
)
def test_a_moment_is_told_by_the_services_clock(
    ahead: timedelta, said: datetime, counts: datetime, corrected: bool
) -> None:
    moment, delivery = clocks(ahead).moment(said)

    assert (moment, delivery.at, delivery.corrected) == (counts, NOW, corrected)


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (timedelta(), NOW - timedelta(days=31)),
        (timedelta(days=2), datetime.min.replace(tzinfo=UTC)),
        (timedelta(days=-2), datetime.max.replace(tzinfo=UTC)),
    ],
)
def test_what_is_too_long_ago_or_outside_the_calendar_is_refused(ahead: timedelta, said: datetime) -> None:
    with pytest.raises(InvalidFields) as refused:
        clocks(ahead).moment(said)

    assert list(refused.value.errors) == ["occurred_at"]


def test_a_moment_without_a_zone_is_in_utc_and_has_milliseconds() -> None:
    assert in_utc(datetime(2026, 3, 2, 12, 0, 0, 123456), "sent_at") == NOW.replace(microsecond=123000)
