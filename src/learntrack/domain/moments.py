"""Moments in time: UTC, to the millisecond, because that is what a BSON date holds."""

from datetime import UTC, datetime, timedelta

LONGEST_SECONDS = 1e9
"""The most seconds that one request may claim, some 31 years; more is a mistake and would leave the calendar."""

FIRST = datetime.min.replace(tzinfo=UTC)
"""The first moment that there is."""

MOST_AHEAD = timedelta(minutes=5)
"""How far ahead of the clock an end may be stored, since clocks of several hosts differ. Further ahead: one of them
jumped back.
"""


def now() -> datetime:
    """The present moment."""
    return to_milliseconds(datetime.now(UTC))


def to_milliseconds(moment: datetime) -> datetime:
    """`moment` without what is finer than a millisecond."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def before(moment: datetime, seconds: float) -> datetime:
    """The moment `seconds` (0 to `LONGEST_SECONDS`) before `moment`."""
    return to_milliseconds(moment - timedelta(seconds=seconds))


def later_end(end: datetime, at: datetime, clock: datetime | None = None) -> datetime:
    """The end of what ended and went on at a moment: what is delivered late never moves it backwards. An end that lies
    ahead of the clock counts for nothing (contract, *What happened when*).

    Args:
        end: When it ended so far.
        at: When it went on.
        clock: What time it is; unset: it went on just now.

    """
    if end <= at or end > (clock or at) + MOST_AHEAD:
        return at
    return end


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def milliseconds(moment: datetime) -> int:
    """A moment as whole milliseconds since 1970, as BSON holds it."""
    return (moment - _EPOCH) // _MILLISECOND


def at_milliseconds(milliseconds: int) -> datetime:
    """The moment so many milliseconds after 1970 began."""
    return _EPOCH + milliseconds * _MILLISECOND
