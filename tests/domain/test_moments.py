"""Moments are UTC, to the millisecond."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from learntrack.domain import moments

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
