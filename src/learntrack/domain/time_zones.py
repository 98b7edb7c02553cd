"""Time zones by their IANA names, such as Africa/Nairobi."""

from datetime import UTC, date, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

UTC_NAME = "UTC"


_NO_PLACES = {"Factory", "localtime"}
"""Files that hosts keep beside the zones, of which no database knows."""


@cache
def _names() -> frozenset[str]:
    return frozenset(available_timezones() - _NO_PLACES)


def time_zone(name: str) -> str:
    """The name of a time zone that is there.

    Raises:
        ValueError: there is none of this name.

    """
    if name != UTC_NAME and name not in _names():
        raise ValueError("There is no such time zone: an IANA name such as Africa/Nairobi is needed.")
    return name


def is_place(name: str) -> bool:
    """Whether this is the IANA name of where people live, and no other name of UTC or of hours from it."""
    return name in _names() and "/" in name and not name.startswith("Etc/")


def zone_info(name: str) -> ZoneInfo:
    """The zone of a name that `time_zone` has taken."""
    return ZoneInfo(name)


def day_of(moment: datetime, zone: str) -> date:
    """The day of a zone in which a moment is."""
    return moment.astimezone(zone_info(zone)).date()


def day_begins(day: date, zone: str) -> datetime:
    """The moment when a day of a zone begins."""
    return datetime(day.year, day.month, day.day, tzinfo=zone_info(zone)).astimezone(UTC)
