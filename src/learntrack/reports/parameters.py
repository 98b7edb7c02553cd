"""Parameters that reports and exports take in their query strings."""

from typing import Annotated

from litestar.di import NamedDependency, Provide

from learntrack.errors import field_error
from learntrack.reports.filters import OBSERVATIONS
from learntrack.web.parameters import BOOLEAN, COUNT, TEXT, OnlyClassroom, OnlyContent, OnlyFacility, query

CSV = "text/csv"
"""Litestar adds the charset."""
JSON_LINES = "application/jsonl"

Since = Annotated[str | None, query("From this moment on (ISO 8601, UTC); a date alone is its whole day.")]
Until = Annotated[
    str | None, query("Before this moment, which is not included (ISO 8601, UTC); a date alone is, as its whole day.")
]
Timezone = Annotated[
    str | None, query("Where days begin: an IANA name such as Africa/Nairobi. Without it the facility's, else UTC.")
]
Attempts = Annotated[
    str | None, query("Item analysis: which answers to a question count.", **TEXT, enum=list(OBSERVATIONS))
]
Details = Annotated[str | None, query("Item analysis: who gave which wrong answer.", **BOOLEAN)]
Former = Annotated[
    str | None,
    query(
        "Also who has left the facility or classroom since the period began, or ever; needs one of the two.", **BOOLEAN
    ),
]
_FORMS = ("json", "csv", "jsonl")
ReportForm = Annotated[str | None, query("json, csv or jsonl.", **TEXT, enum=list(_FORMS))]
ReportPageSize = Annotated[str | None, query("Answer with a page of this many rows (JSON only).", **COUNT)]
Bom = Annotated[
    str | None,
    query("CSV: whether it begins with a byte-order mark, as spreadsheets want (yes unless false).", **BOOLEAN),
]


def report_form(text: str | None) -> str:
    """The form of an answer, json where none is asked for.

    Raises:
        InvalidFields: there is no such form.

    """
    if text is None:
        return _FORMS[0]
    if text not in _FORMS:
        raise field_error("format", f"Must be one of {', '.join(_FORMS)}.")
    return text


def _narrowed(
    since: Since = None,
    until: Until = None,
    facility: OnlyFacility = None,
    classroom: OnlyClassroom = None,
    content: OnlyContent = None,
    timezone: Timezone = None,
    former: Former = None,
) -> dict[str, str | None]:
    return {
        "since": since,
        "until": until,
        "facility": facility,
        "classroom": classroom,
        "content": content,
        "timezone": timezone,
        "former": former,
    }


NARROWED = {"narrowed": Provide(_narrowed, sync_to_thread=False)}
"""The dependency of routes that take what narrows reports and exports alike."""
Narrowed = NamedDependency[dict[str, str | None]]
"""What narrows a report or an export, as it was sent: `filters.report_filters` reads it."""
