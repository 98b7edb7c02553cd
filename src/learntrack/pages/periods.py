"""The period that a page is about: days of the class's own calendar, both included."""

from datetime import date, datetime, time, timedelta

from msgspec import Struct

from learntrack.errors import InvalidFields
from learntrack.pages.words import Words

PERIODS = {"1": 1, "7": 7, "30": 30}
"""Days that a period goes back, today included, by its name in the address."""


class Period(Struct, frozen=True):
    """From a day until another one, both included; open where it is None."""

    name: str = ""
    first: date | None = None
    last: date | None = None

    def __bool__(self) -> bool:
        return self.first is not None or self.last is not None

    def moments(self, words: Words) -> tuple[datetime | None, datetime | None]:
        """The moment at which it begins and the one at which it has ended."""
        since = None if self.first is None else datetime.combine(self.first, time(), words.zone)
        until = None if self.last is None else datetime.combine(self.last + timedelta(days=1), time(), words.zone)
        return since, until


def period_of(name: str | None, first: str | None, last: str | None, words: Words, *, default: str = "") -> Period:
    """The period that an address asks for.

    Raises:
        InvalidFields: a day is none.

    """
    name = name if name is not None else ("days" if first or last else default)
    if name in PERIODS:
        return Period(name, words.today - timedelta(days=PERIODS[name] - 1), words.today)
    if name != "days":
        return Period()
    since, until = _day("since", first), _day("until", last)
    if since is not None and until is not None and until < since:
        since, until = until, since  # whoever has taken one field for the other means the same days
    return Period("days", since, until)


def _day(field: str, text: str | None) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise InvalidFields({field: ["Must be a date."]}) from None
    if not 1970 <= day.year <= 9000:
        raise InvalidFields({field: ["Must be a date."]})
    return day
