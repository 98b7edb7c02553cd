"""What a report is narrowed to, and how its days and its attempts are counted."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from msgspec import Struct

from learntrack.domain.ids import parse_id
from learntrack.domain.time_zones import UTC_NAME, day_begins, time_zone
from learntrack.errors import field_error
from learntrack.web.parameters import read_boolean, read_filters

Observations = Literal["first", "latest", "all"]
OBSERVATIONS: tuple[Observations, ...] = ("first", "latest", "all")
_YEARS = range(1900, 9999)
_EVER = datetime(1900, 1, 1, tzinfo=UTC)


class ReportFilters(Struct, frozen=True):
    """Ids are those of `domain.ids`. `since` is included, `until` is not, unless it is a date: a date alone is its
    whole day, in `timezone` (an IANA name; None: as `reports.time_zone` finds it).

    `attempts` says which attempts at a question count (None: the first in quizzes, all in exercises); `details` asks
    for who gave which wrong answer. `former` counts who has left a place since the period began, too. `contents`
    narrows to any of these, where a page asks about the few that it shows.
    """

    since: datetime | date | None = None
    until: datetime | date | None = None
    facility: str | None = None
    classroom: str | None = None
    content: str | None = None
    timezone: str | None = None
    attempts: Observations | None = None
    details: bool = False
    former: bool = False
    contents: frozenset[str] | None = None

    @property
    def places(self) -> list[str]:
        """The places whose members are asked about: members of all of them."""
        return [place for place in (self.facility, self.classroom) if place is not None]

    @property
    def left_after(self) -> datetime | None:
        """Who has left the places after this moment is asked about too; None where only who is in them is."""
        return self.period.get("$gte", _EVER) if self.former else None

    @property
    def names_contents(self) -> bool:
        """Whether it is narrowed to one content or some."""
        return self.content is not None or self.contents is not None

    @property
    def has_period(self) -> bool:
        """Whether a period is asked for."""
        return self.since is not None or self.until is not None

    @property
    def is_backwards(self) -> bool:
        """Whether the period would end before it begins. A date and a moment are not compared: that takes a zone."""
        if self.since is None or self.until is None:
            return False
        if isinstance(self.since, datetime) and isinstance(self.until, datetime):
            return self.until < self.since
        return not isinstance(self.since, datetime) and not isinstance(self.until, datetime) and self.until < self.since

    @property
    def period(self) -> dict[str, datetime]:
        """The condition on a moment."""
        zone = self.timezone or UTC_NAME
        found: dict[str, datetime] = {}
        if self.since is not None:
            found["$gte"] = _beginning(self.since, zone)
        if self.until is not None:
            is_day = not isinstance(self.until, datetime)
            found["$lt"] = _beginning(self.until + timedelta(days=1) if is_day else self.until, zone)
        return found


def _beginning(moment: datetime | date, zone: str) -> datetime:
    """The moment, or of a date the moment when it begins."""
    if isinstance(moment, datetime):
        return moment
    return day_begins(moment, zone)


def _day(text: str) -> date:
    day = date.fromisoformat(text)
    if day.year not in _YEARS:
        raise ValueError(f"{day.year} is no year that anything can have happened in.")
    return day


def _moment(text: str) -> datetime | date:
    text = text.strip()
    try:
        if len(text) <= len("2026-03-02"):
            return _day(text)
        # A plus sign that a query string has made a space of.
        moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("Must be a date or a moment (ISO 8601).") from None


def _observations(text: str) -> str:
    if text not in OBSERVATIONS:
        raise ValueError(f"Must be one of {', '.join(OBSERVATIONS)}.")
    return text


_READERS: Mapping[str, Callable[[str], Any]] = {
    **dict.fromkeys(("since", "until"), _moment),
    **dict.fromkeys(("facility", "classroom", "content"), parse_id),
    "timezone": time_zone,
    "attempts": _observations,
    **dict.fromkeys(("details", "former"), read_boolean),
}


def read_flag(name: str, text: str | None, *, default: bool) -> bool:
    """A parameter that is true or false; absent or empty it is `default`.

    Raises:
        InvalidFields: it is neither.

    """
    if not text:
        return default
    try:
        return read_boolean(text)
    except ValueError as error:
        raise field_error(name, str(error)) from None


def report_filters(**sent: str | None) -> ReportFilters:
    """The filters that a query string or a command line asks for; empty ones count as absent.

    Raises:
        InvalidFields: one is malformed, the period ends before it begins, or who has left is asked for without where.

    """
    filters = read_filters(ReportFilters, _READERS, sent)
    if filters.former and not filters.places:
        raise field_error("former", "Needs a facility or a classroom.")
    if filters.is_backwards:
        raise field_error("until", "Must not be before since.")
    return filters
