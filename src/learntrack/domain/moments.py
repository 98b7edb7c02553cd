"""Moments in time: UTC, to the millisecond, because that is what a BSON date holds."""

from datetime import UTC, datetime, timedelta

LONGEST_SECONDS = 1e9
"""The most seconds that one request may claim, some 31 years; more is a mistake and would leave the calendar."""


def now() -> datetime:
    """The present moment."""
    return to_milliseconds(datetime.now(UTC))


def to_milliseconds(moment: datetime) -> datetime:
    """`moment` without what is finer than a millisecond."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def before(moment: datetime, seconds: float) -> datetime:
    """The moment `seconds` (0 to `LONGEST_SECONDS`) before `moment`."""
    return to_milliseconds(moment - timedelta(seconds=seconds))
