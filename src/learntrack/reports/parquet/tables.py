"""The tables that are written: their columns, and what each document becomes in them.

`SCHEMA` is raised with any change of what a column means; it is the name of the folder that the files are in.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from learntrack.documents import (
    Classroom,
    Content,
    CourseSession,
    Facility,
    FormerEntry,
    LearnerGroup,
    Lesson,
    Quiz,
    User,
)
from learntrack.documents.base import Stored
from learntrack.domain.mastery import is_coach_assigned
from learntrack.reports.parquet.pseudonyms import Pseudonyms
from learntrack.storage.database import Row
from learntrack.web.answers import encoded

SCHEMA = 1
Columns = Mapping[str, str]
"""Columns by name, each with its type: text, texts, number, whole, flag or moment."""

_TIMES: Columns = {"start_timestamp": "moment", "end_timestamp": "moment"}
_CONTENT: Columns = {"content_id": "text", "channel_id": "text", "kind": "text"}
_CONTEXT = ("lesson_id", "quiz_id", "course_session_id", "unit_id")

SESSIONS: Columns = {
    "session_id": "text",
    "user_id": "text",
    **_CONTENT,
    **dict.fromkeys(_CONTEXT, "text"),
    "mastery_log_id": "text",
    **_TIMES,
    "time_spent": "number",
    "progress": "number",
}
SUMMARIES: Columns = {
    "user_id": "text",
    **_CONTENT,
    **_TIMES,
    "completion_timestamp": "moment",
    "first_completed_at": "moment",
    "time_spent": "number",
    "progress": "number",
    "has_tries": "flag",
    "finished_tries": "whole",
}
TRIES: Columns = {
    "mastery_log_id": "text",
    "user_id": "text",
    "content_id": "text",
    "mastery_level": "whole",
    "criterion": "text",
    "coach_assigned": "flag",
    "test_type": "text",
    **_TIMES,
    "completion_timestamp": "moment",
    "complete": "flag",
    "time_spent": "number",
    "attempt_count": "whole",
    "correct_sum": "number",
    "not_right": "whole",
    "faded_answered": "whole",
    "faded_correct": "number",
}
ATTEMPTS: Columns = {
    "attempt_id": "text",
    "mastery_log_id": "text",
    "session_id": "text",
    "user_id": "text",
    "content_id": "text",
    "number": "whole",
    "item": "text",
    **_TIMES,
    "completion_timestamp": "moment",
    "time_spent": "number",
    "complete": "flag",
    "correct": "number",
    "hinted": "flag",
    "error": "flag",
    "simple_answer": "text",
}
INTERACTIONS: Columns = {
    "attempt_id": "text",
    "mastery_log_id": "text",
    "user_id": "text",
    "content_id": "text",
    "item": "text",
    "number": "whole",
    "type": "text",
    "correct": "number",
    "answer": "text",
}


@dataclass(frozen=True, slots=True)
class RosterTable:
    """A table of the roster: which documents it has, which field is its id, and what it is called here."""

    kind: type[Stored]
    columns: Columns
    id_column: str


_NAMED: Columns = {"name": "text"}
_ASSIGNED: Columns = {"title": "text", "collection_ids": "texts"}
ROSTER: Mapping[str, RosterTable] = {
    "users": RosterTable(
        User,
        {
            "user_id": "text",
            "username": "text",
            "full_name": "text",
            "facility_id": "text",
            "is_superuser": "flag",
            "memberships": "texts",
            "places": "texts",
            "learns_in": "texts",
            "role_places": "texts",
        },
        "user_id",
    ),
    "facilities": RosterTable(Facility, {"facility_id": "text", **_NAMED, "timezone": "text"}, "facility_id"),
    "classrooms": RosterTable(Classroom, {"classroom_id": "text", **_NAMED, "facility_id": "text"}, "classroom_id"),
    "learner_groups": RosterTable(
        LearnerGroup, {"learner_group_id": "text", **_NAMED, "classroom_id": "text"}, "learner_group_id"
    ),
    "lessons": RosterTable(Lesson, {"lesson_id": "text", **_ASSIGNED, "content_ids": "texts"}, "lesson_id"),
    "quizzes": RosterTable(
        Quiz, {"quiz_id": "text", **_ASSIGNED, "active": "flag", "question_count": "whole"}, "quiz_id"
    ),
    "course_sessions": RosterTable(CourseSession, {"course_session_id": "text", **_ASSIGNED}, "course_session_id"),
    "contents": RosterTable(
        Content,
        {
            "content_id": "text",
            "title": "text",
            "kind": "text",
            "channel_id": "text",
            "channel_name": "text",
            "topics": "texts",
            "question_count": "whole",
        },
        "content_id",
    ),
    "former_entries": RosterTable(
        FormerEntry, {"entry_id": "text", "part": "text", "title": "text", "question_count": "whole"}, "entry_id"
    ),
}
LOGS: Mapping[str, Columns] = {
    "sessions": SESSIONS,
    "summaries": SUMMARIES,
    "tries": TRIES,
    "attempts": ATTEMPTS,
    "interactions": INTERACTIONS,
}
_PERSONAL = ("username", "full_name")


class Rows:
    """What documents become. `id_of` is what the id of a person, or of what they did, is in the files.

    Args:
        pseudonyms: By which ids are replaced, if they are.

    """

    def __init__(self, pseudonyms: Pseudonyms | None) -> None:
        self.id_of: Callable[[str | None], str | None] = pseudonyms.of if pseudonyms else lambda key: key
        self._are_named = pseudonyms is None

    def session(self, document: Row) -> Row:
        """A session."""
        context = document.get("context") or {}
        return (
            document
            | {name: context.get(name) for name in _CONTEXT}
            | {
                "session_id": self.id_of(document["_id"]),
                "user_id": self.id_of(document["user_id"]),
                "mastery_log_id": self.id_of(document.get("mastery_log_id")),
            }
        )

    def summary(self, document: Row) -> Row:
        """A summary."""
        return document | {"user_id": self.id_of(document["user_id"])}

    def tried(self, document: Row) -> Row:
        """A try."""
        criterion, gone = document["mastery_criterion"], document.get("faded") or {}
        return document | {
            "mastery_log_id": self.id_of(document["_id"]),
            "user_id": self.id_of(document["user_id"]),
            "criterion": _text_of(criterion.get("type")),
            "coach_assigned": is_coach_assigned(criterion),
            "test_type": _text_of(criterion.get("test_type")),
            "faded_answered": gone.get("answered", 0),
            "faded_correct": gone.get("correct", 0.0),
        }

    def attempt(self, holder: Row, attempt: Row) -> Row:
        """An attempt of a try, or of a session without one."""
        return attempt | {
            "attempt_id": self.id_of(attempt["id"]),
            "mastery_log_id": self.id_of(holder["_id"]) if "mastery_level" in holder else None,
            "session_id": self.id_of(attempt["session_id"]),
            "user_id": self.id_of(holder["user_id"]),
            "content_id": holder["content_id"],
        }

    def interactions(self, attempt: Row) -> Iterator[Row]:
        """The entries of an attempt's history, numbered from 1; the attempt is as it is written."""
        about = {name: attempt[name] for name in ("attempt_id", "mastery_log_id", "user_id", "content_id", "item")}
        for number, entry in enumerate(attempt["interaction_history"], start=1):
            answer = entry.get("answer")
            said = {"type": entry.get("type"), "correct": entry.get("correct"), "number": number}
            yield about | said | {"answer": None if answer is None else encoded(answer).decode()}

    def of_roster(self, table: RosterTable, document: Row) -> Row:
        """An entry of the roster; without names of persons where they are replaced."""
        row: dict[str, Any] = document | {table.id_column: document["_id"]}
        if table.kind is User:
            row["user_id"] = self.id_of(document["_id"])
            if not self._are_named:
                row |= dict.fromkeys(_PERSONAL)
        return row


def _text_of(value: object) -> str | None:
    """What a text column has of a value that an import has kept, whatever it is."""
    return value if isinstance(value, str) else None


def described() -> str:
    """The tables and their columns, as JSON for who reads the files."""
    tables = {**LOGS, **{name: table.columns for name, table in ROSTER.items()}}
    return json.dumps(tables, default=dict)
