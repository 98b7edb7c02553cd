"""Logs to take away: sessions and summaries with the columns of Kolibri's own export, attempts and interactions."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, get_args

from learntrack.access.may_read import Readable
from learntrack.documents import ContentSession, ContentSummary
from learntrack.documents.base import Stored
from learntrack.domain.ids import summary_id
from learntrack.domain.shares import rounded_down
from learntrack.reports.attempt_exports import LEARNERS_AT_ONCE, attempts_of, interactions_of
from learntrack.reports.filters import ReportFilters
from learntrack.reports.names import ROWS
from learntrack.reports.people import Person, people_of
from learntrack.reports.questions import Column, ColumnKind
from learntrack.reports.titles import titles_of
from learntrack.storage.database import Row, Stage
from learntrack.storage.parts import in_parts_of
from learntrack.storage.reading import Reading

ExportKind = Literal["sessions", "summaries", "attempts", "interactions"]
KINDS: tuple[ExportKind, ...] = get_args(ExportKind)

_Columns = Mapping[str, tuple[str, ColumnKind]]
"""Columns by name, each with its title and what kind of values it has."""

_WHO: _Columns = {
    "facility_name": ("Facility name", "text"),
    "username": ("Username", "text"),
    "user_id": ("User id", "id"),
    "full_name": ("User full name", "text"),
    "user_type": ("User type", "text"),
}
_WHAT: _Columns = {
    "channel_id": ("Channel id", "text"),
    "channel_name": ("Channel name", "text"),
    "content_id": ("Content id", "text"),
    "content_title": ("Content title", "text"),
}
_LOG: _Columns = {
    "start_timestamp": ("Time of first interaction", "timestamp"),
    "end_timestamp": ("Time of last interaction", "timestamp"),
    "completion_timestamp": ("Time of completion", "timestamp"),
    "time_spent": ("Time Spent (sec)", "seconds"),
    "progress": ("Progress (0-1)", "share"),
    "kind": ("Content kind", "text"),
}
_QUESTION: _Columns = {
    "item": ("Question", "text"),
    "question_title": ("Question title", "text"),
    "right_answer": ("Right answer", "text"),
    "mastery_log_id": ("Try id", "id"),
    "mastery_level": ("Try level", "number"),
    "attempt_id": ("Attempt id", "id"),
    "session_id": ("Session id", "id"),
    "start_timestamp": ("Time of first interaction", "timestamp"),
    "end_timestamp": ("Time of last interaction", "timestamp"),
}
_ATTEMPT: _Columns = {
    "completion_timestamp": ("Time of completion", "timestamp"),
    "time_spent": ("Time Spent (sec)", "seconds"),
    "complete": ("Complete", "flag"),
    "correct": ("Correct (0-1)", "share"),
    "hinted": ("Hinted", "flag"),
    "error": ("Error", "flag"),
    "simple_answer": ("Answer", "text"),
}
_INTERACTION: _Columns = {
    "number": ("Number of the interaction", "number"),
    "type": ("Type", "text"),
    "correct": ("Correct (0-1)", "share"),
    "answer": ("Answer (JSON)", "list"),
}
_COLUMNS: Mapping[ExportKind, _Columns] = {
    "sessions": {**_WHO, **_WHAT, **{name: _LOG[name] for name in _LOG if name != "completion_timestamp"}},
    "summaries": {**_WHO, **_WHAT, **_LOG},
    "attempts": {**_WHO, **_WHAT, **_QUESTION, **_ATTEMPT},
    "interactions": {**_WHO, **_WHAT, **_QUESTION, **_INTERACTION},
}


@dataclass(frozen=True, slots=True)
class ExportColumn:
    """A column of an export, with its title in CSV."""

    column: Column
    title: str


def columns(kind: ExportKind, levels: int) -> list[ExportColumn]:
    """The columns of an export; sessions have no completion. The last are the folders that the content is in, the
    outermost first, as many `levels` as there are.
    """
    topics: _Columns = {f"topic_level_{each}": (f"Topic level {each}", "text") for each in range(1, levels + 1)}
    named = {**_COLUMNS[kind], **topics}
    return [ExportColumn(Column(name, form, title), title) for name, (title, form) in named.items()]


async def export(
    db: Reading, kind: ExportKind, filters: ReportFilters, members: Readable, levels: int
) -> AsyncIterator[Row]:
    """The logs of `members` that began in the period. Sessions and summaries, which leave quizzes out as Kolibri does,
    by learner and start; attempts and interactions try by try, in no order.
    """
    names = [each.column.name for each in columns(kind, levels)]
    async for part in in_parts_of(_SOURCES[kind](db, filters, members), ROWS):
        for each in await _named(db, part, names):
            yield each


async def _logs_of(kind: type[Stored], db: Reading, filters: ReportFilters, members: Readable) -> AsyncIterator[Row]:
    """In the order of the index owner_start_id, so that nothing is sorted before the first row; `members` name their
    users in order.
    """
    for part in members.in_parts(LEARNERS_AT_ONCE):
        async for row in db.stream(kind, _in_order(filters, part), batch=ROWS, long=True):
            row["time_spent"] = round(row["time_spent"], 1)
            row["progress"] = rounded_down(row["progress"], 4)
            yield row


def _in_order(filters: ReportFilters, members: Readable) -> list[Stage]:
    conditions: list[dict[str, Any]] = [members.query(), {"kind": {"$ne": "quiz"}}]
    if filters.has_period:
        conditions.append({"start_timestamp": filters.period})
    if filters.content is not None:
        conditions.append({"content_id": filters.content})
    stages: list[Stage] = [{"$match": condition} for condition in conditions if condition]
    stages.append({"$sort": {"user_id": 1, "start_timestamp": 1, "_id": 1}})
    stages.append({"$project": dict.fromkeys([*_LOG, "channel_id", "content_id", "user_id"], 1)})
    return stages


_SOURCES: Mapping[ExportKind, Callable[[Reading, ReportFilters, Readable], AsyncIterator[Row]]] = {
    "sessions": partial(_logs_of, ContentSession),
    "summaries": partial(_logs_of, ContentSummary),
    "attempts": attempts_of,
    "interactions": interactions_of,
}


async def channels_of(db: Reading, rows: Sequence[Row]) -> dict[tuple[str, str], str]:
    """The channel in which each learner visited each content last, of rows that do not say it: a try does not, the
    learner's summary does. Index: the key.
    """
    asked = {_visited(row) for row in rows if row["user_id"] is not None and not row.get("channel_id")}
    keys = [summary_id(*pair) for pair in asked]
    fields = {"user_id": 1, "content_id": 1, "channel_id": 1}
    found = await db.find(ContentSummary, {"_id": {"$in": keys}}, fields) if keys else []
    return {_visited(row): row["channel_id"] for row in found if row["channel_id"] is not None}


def _visited(row: Row) -> tuple[str, str]:
    return row["user_id"] or "", row["content_id"]


async def _named(db: Reading, rows: list[Row], names: Sequence[str]) -> list[Row]:
    """The rows with all columns: who, and what the content and the question are called."""
    people = await people_of(db, {row["user_id"] for row in rows if row["user_id"] is not None})
    titles = await titles_of(db, {row["content_id"] for row in rows}, questions="item" in names)
    channels = await channels_of(db, rows)
    found = []
    for row in rows:
        titled = titles[row["content_id"]]
        person = people.get(row["user_id"] or "", Person())
        question = titled.question(row.get("item", ""))
        channel = row.get("channel_id") or channels.get(_visited(row)) or titled.channel_id
        known = {
            "facility_name": person.facility_name,
            "username": person.username,
            "full_name": person.full_name,
            "user_type": person.user_type,
            "channel_id": channel,
            "channel_name": titled.channel_name if titled.channel_id in (None, channel) else "",
            "content_title": titled.title,
            "question_title": question.title if question else None,
            "right_answer": question.right_answer if question else None,
            **{f"topic_level_{level}": topic for level, topic in enumerate(titled.topics, start=1)},
        }
        found.append({name: known.get(name, row.get(name)) for name in names})
    return found
