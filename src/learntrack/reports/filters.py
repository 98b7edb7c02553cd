"""What a report is narrowed to."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from msgspec import Struct

from learntrack.domain.ids import parse_id
from learntrack.web.parameters import read_filters


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


def _moment(text: str) -> datetime:
    try:
        # A plus sign that a query string has made a space of.
        moment = datetime.fromisoformat(text.strip().replace(" ", "+") if "T" in text else text.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("Must be a date or a moment (ISO 8601).") from None


_READERS: Mapping[str, Callable[[str], str | datetime]] = {
    **dict.fromkeys(("since", "until"), _moment),
    **dict.fromkeys(("facility", "classroom", "content"), parse_id),
}


def report_filters(**sent: str | None) -> ReportFilters:
    """The filters that a query string or a command line asks for; empty ones count as absent.

    Raises:
        InvalidFields: one is malformed.

    """
    return read_filters(ReportFilters, _READERS, sent)
