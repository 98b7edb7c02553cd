"""What a report is narrowed to."""

from datetime import UTC, datetime

from msgspec import Struct

from learntrack.domain.ids import parse_id
from learntrack.errors import InvalidFields

_IDS = ("facility", "classroom", "content")
_MOMENTS = ("since", "until")


class ReportFilters(Struct, frozen=True):
    """Ids are those of `domain.ids`; `since` is included, `until` is not."""

    since: datetime | None = None
    until: datetime | None = None
    facility: str | None = None
    classroom: str | None = None
    content: str | None = None

    @property
    def places(self) -> list[str]:
        """The places whose members are asked about: members of all of them."""
        return [place for place in (self.facility, self.classroom) if place is not None]

    @property
    def period(self) -> dict[str, datetime]:
        """The condition on a moment."""
        return {name: moment for name, moment in (("$gte", self.since), ("$lt", self.until)) if moment is not None}


def report_filters(**sent: str | None) -> ReportFilters:
    """The filters that a query string or a command line asks for; empty ones count as absent.

    Raises:
        InvalidFields: one is malformed.

    """
    errors: dict[str, list[str]] = {}
    found: dict[str, str | datetime] = {}
    for name, text in sent.items():
        if not text:
            continue
        try:
            found[name] = parse_id(text) if name in _IDS else _moment(text)
        except (ValueError, OverflowError) as error:
            errors[name] = [str(error) if name in _IDS else "Must be a date or a moment (ISO 8601)."]
    if errors:
        raise InvalidFields(errors)
    return ReportFilters(**found)  # type: ignore[arg-type]


def _moment(text: str) -> datetime:
    # A plus sign that a query string has made a space of.
    moment = datetime.fromisoformat(text.strip().replace(" ", "+") if "T" in text else text.strip())
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
