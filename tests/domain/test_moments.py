"""Moments are UTC, to the millisecond."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learntrack.domain import moments
from learntrack.domain.moments import later_end

NOW = moments.now()
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


def test_now_is_utc_and_whole_milliseconds() -> None:
    now = moments.now()

    assert now.tzinfo is UTC
    assert now.microsecond % 1000 == 0


@given(MOMENTS)
def test_what_is_finer_than_a_millisecond_is_cut_off_never_rounded_up(moment: datetime) -> None:
    kept = moments.to_milliseconds(moment)

    assert timedelta(0) <= moment - kept < timedelta(milliseconds=1)
    assert kept.microsecond % 1000 == 0
    assert moments.to_milliseconds(kept) == kept


@given(MOMENTS, st.floats(0, 3600))
def test_a_moment_before_is_so_many_seconds_before(moment: datetime, seconds: float) -> None:
    earlier = moments.before(moment, seconds)

    assert abs((moment - earlier).total_seconds() - seconds) < 0.002


@pytest.mark.parametrize(
    ("end", "at", "clock", "found"),
    [
        (-5, 0, None, 0),
        (0, 0, None, 0),
        (5, 0, None, 5),  # clocks of several hosts differ
        (5.1, 0, None, 0),
        (1, -60, 0, 1),  # delivered late
        (-1, -60, 0, -1),
        (6, -60, 0, -60),
        (-90, -60, 0, -60),
    ],
)
def test_an_end_is_later_unless_it_lies_ahead(end: float, at: float, clock: float | None, found: float) -> None:
    """All in minutes from now."""
    told = None if clock is None else NOW + timedelta(minutes=clock)

    assert later_end(NOW + timedelta(minutes=end), NOW + timedelta(minutes=at), told) == NOW + timedelta(minutes=found)
