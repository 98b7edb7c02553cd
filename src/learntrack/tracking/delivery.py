"""What happened offline and is delivered later: the moment that counts (contract, *What happened when*)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from learntrack.domain import moments
from learntrack.errors import field_error


@dataclass(slots=True, frozen=True)
class Delivery:
    """How what happened offline came here: when, and whether the moment that was sent with it had to be corrected."""

    at: datetime
    corrected: bool = False


@dataclass(slots=True, frozen=True)
class Clocks:
    """What time it was here when a queue came.

    Args:
        at: The service's clock.
        ahead: How far the device's clock was ahead of it (negative: behind).
        longest_ago: How long ago something may have happened.

    """

    at: datetime
    ahead: timedelta
    longest_ago: timedelta

    def moment(self, occurred_at: datetime) -> tuple[datetime, Delivery]:
        """The moment that counts for what the device says happened then.

        Raises:
            InvalidFields: it is too long ago.

        """
        sent = in_utc(occurred_at, "occurred_at")
        try:
            moment = min(sent - self.ahead, self.at)
        except OverflowError:
            raise field_error("occurred_at", _NO_MOMENT) from None
        if moment < self.at - self.longest_ago:
            days = self.longest_ago.total_seconds() / 86400
            raise field_error("occurred_at", f"Must be within the last {days:g} days.")
        return moment, Delivery(self.at, corrected=moment != sent)


_NO_MOMENT = "Must be a moment within the calendar."


def in_utc(moment: datetime, field: str) -> datetime:
    """A moment that was sent, in UTC, which it is in if it does not say.

    Raises:
        InvalidFields: there it is outside the calendar.

    """
    try:
        return moments.to_milliseconds(moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC))
    except OverflowError:
        raise field_error(field, _NO_MOMENT) from None
