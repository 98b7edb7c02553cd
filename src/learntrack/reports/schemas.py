"""Shapes of reports, for the API's description; rows go out as they come from the aggregation."""

from datetime import datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from learntrack.reports.questions import Column


class ReportName(Struct):
    """A report that can be asked for."""

    name: str
    title: str
    description: str
    columns: list[Column]


REPORT_NAMES_EXAMPLE = [
    {
        "name": "daily-activity",
        "title": "Activity by day",
        "description": "Learners, sessions and time on each day.",
        "columns": [{"name": "day", "kind": "date", "description": "The day."}],
    }
]


_AS_OF = (
    "What had been recorded by then is in it: now, or, of a rollup, when the oldest change was stored that it lacks. "
    "An answer is stored some moments after its own time."
)


class Report(Struct):
    """A report."""

    report: str
    title: str
    description: str
    as_of: Annotated[datetime, Meta(description=_AS_OF)]
    timezone: Annotated[str, Meta(description="In which time zone its days begin (an IANA name).")]
    columns: list[Column]
    results: list[dict[str, Any]]
    page: Annotated[int, Meta(description="With page_size: the number of this page, from 1.")] | UnsetType = UNSET
    count: Annotated[int, Meta(description="With page_size: how many rows the whole report has.")] | UnsetType = UNSET
    total_pages: Annotated[int, Meta(description="With page_size: how many pages it has.")] | UnsetType = UNSET


_DAY = {"day": "2026-03-02", "learners": 24, "sessions": 61, "time_spent": 40260.5}
REPORT_EXAMPLE = {
    "report": "daily-activity",
    "title": "Activity by day",
    "description": "Learners, sessions and time on each day.",
    "as_of": "2026-03-09T10:00:00Z",
    "timezone": "Africa/Nairobi",
    "columns": [{"name": name, "kind": "date" if name == "day" else "number", "description": ""} for name in _DAY],
    "results": [_DAY],
}
