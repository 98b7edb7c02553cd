"""The SQL of a Kolibri's logs, and of its people: which tables and columns are read, and in which order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SourceRow = dict[str, Any]
"""A row as another database has it: a value a column, of whatever type."""

_TIMES = ("start_timestamp", "end_timestamp")
_LOG = ("id", "user_id", "content_id", "channel_id", "kind", *_TIMES, "time_spent", "progress", "extra_fields")
_TRY = ("id", "user_id", "summarylog_id", "mastery_criterion", "mastery_level", *_TIMES)
_ATTEMPT = (
    *("id", "user_id", "item", *_TIMES, "completion_timestamp", "time_spent", "complete", "correct", "hinted"),
    *("answer", "simple_answer", "interaction_history"),
)

REQUIRED: Mapping[str, Sequence[str]] = {
    "kolibriauth_collection": ("id", "name", "kind", "parent_id"),
    "kolibriauth_facilityuser": ("id", "username", "full_name", "facility_id"),
    "kolibriauth_membership": ("user_id", "collection_id"),
    "kolibriauth_role": ("user_id", "collection_id", "kind"),
    "logger_contentsessionlog": _LOG,
    "logger_contentsummarylog": (*_LOG, "completion_timestamp"),
    "logger_masterylog": (*_TRY, "completion_timestamp", "complete"),
    "logger_attemptlog": (*_ATTEMPT, "masterylog_id", "sessionlog_id"),
}
"""Tables and columns without which a database is not a Kolibri's."""
OPTIONAL: Mapping[str, Sequence[str]] = {
    "kolibriauth_facilityuser": ("date_deleted",),
    "device_devicepermissions": ("user_id", "is_superuser"),
    "lessons_lesson": ("id", "title", "collection_id", "resources"),
    "lessons_lessonassignment": ("lesson_id", "collection_id"),
    "exams_exam": ("id", "title", "active", "collection_id", "question_count", "question_sources"),
    "exams_examassignment": ("exam_id", "collection_id"),
    "courses_coursesession": ("id", "title", "collection_id"),
    "courses_coursesessionassignment": ("course_session_id", "collection_id"),
    "content_contentnode": ("id", "title", "content_id", "channel_id", "kind", "available", "parent_id"),
    "content_channelmetadata": ("id", "name"),
    "content_assessmentmetadata": ("contentnode_id", "number_of_assessments"),
    "logger_contentsessionlog": ("visitor_id",),
    "logger_masterylog": ("time_spent",),
    "logger_attemptlog": ("error",),
    "logger_examlog": ("id", "user_id", "exam_id", "closed", "completion_timestamp"),
    "logger_examattemptlog": (*_ATTEMPT, "examlog_id", "content_id", "error"),
}
"""What not every version has, or not every installation."""


@dataclass(slots=True, frozen=True)
class Share:
    """Those learners whose ids, as texts, are not before `first` and before `end`; what is None bounds nothing."""

    first: str | None = None
    end: str | None = None


EVERYBODY = Share()
_DIGITS = "123456789abcdef"
SHARES = tuple(map(Share, (None, *_DIGITS), (*_DIGITS, None)))
"""All learners in about equal shares: ids are hex digits by chance. So many that the last one, which one process
converts while the others have nothing to do, is soon done; and no more, because PostgreSQL walks through all for each.
"""

LOGS = {
    "sessions": "logger_contentsessionlog",
    "summaries": "logger_contentsummarylog",
    "tries": "logger_masterylog",
    "attempts": "logger_attemptlog",
    "exams": "logger_examlog",
    "exam_attempts": "logger_examattemptlog",
}
"""The tables of the logs, by what their rows are."""

SINCE_0_18 = ("exams_exam", "instant_report_visibility")
"""A table and column that every Kolibri has since 0.18, in which the end of a try moves; before, it never did."""


def whole_table(table: str, columns: Sequence[str]) -> str:
    """The rows of a table, in the order of their first column, then the others."""
    listed = ", ".join(columns)
    return f"SELECT {listed} FROM {table} ORDER BY {listed}"  # noqa: S608 - all of it is spelled above


def used_contents() -> str:
    """The contents that learners have used, as `content_id`."""
    return f"SELECT DISTINCT content_id FROM {LOGS['summaries']}"  # noqa: S608


def zones() -> str:
    """In which time zone how many (`many`) of the sessions of each facility's learners were, in brackets as Kolibri
    writes it behind a moment (`2026-11-03 22:13:42.165163(Africa/Nairobi)`); what is written otherwise has none.
    """
    zone = "SUBSTR(CAST(log.start_timestamp AS TEXT), 27)"
    return (
        f"SELECT person.facility_id AS facility_id, {zone} AS zone, COUNT(*) AS many FROM {LOGS['sessions']} log "  # noqa: S608
        f"JOIN kolibriauth_facilityuser person ON person.id = log.user_id GROUP BY person.facility_id, {zone}"
    )


def logs(table: str, columns: Sequence[str], *, share: Share | None, by: str, collation: str) -> str:
    """The logs of a share of the learners, or those of nobody, in the order of the column `by`.

    Args:
        table: A table of `LOGS`.
        columns: Those of its columns that this Kolibri has.
        share: Which learners' are read; None: anonymous ones.
        by: The column by which they are grouped.
        collation: How this kind of database orders a text by its bytes.

    """
    whose = "user_id IS NULL" if share is None else "user_id IS NOT NULL"
    if share is not None and share.first is not None:
        whose += f" AND user_id{collation} >= '{share.first}'"
    if share is not None and share.end is not None:
        whose += f" AND user_id{collation} < '{share.end}'"
    return f"SELECT {', '.join(columns)} FROM {table} WHERE {whose} ORDER BY {by}{collation}"  # noqa: S608


def count(table: str) -> str:
    """How many rows a table has, as `many`."""
    return f"SELECT COUNT(*) AS many FROM {table}"  # noqa: S608
