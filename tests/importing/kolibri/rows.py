"""Rows as a Kolibri has them."""

from datetime import UTC, datetime
from typing import Any

from learntrack.importing.dividing import Converted
from learntrack.importing.kolibri.learners import converted
from learntrack.importing.kolibri.logs import Circumstances
from learntrack.importing.kolibri.source import LearnerRows
from learntrack.importing.report import ImportReport

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
"""The moment of the import."""
LEARNER, CONTENT, CHANNEL = "a0" * 16, "c0" * 16, "c1" * 16
SESSION, SUMMARY, TRY = "50" * 16, "51" * 16, "52" * 16


def id_of(number: int) -> str:
    return f"{number:032x}"


def stamp(minute: int, zone: str = "Africa/Nairobi") -> str:
    return f"2026-05-01 10:{minute:02}:00.123456({zone})"


def moment(minute: int) -> datetime:
    return datetime(2026, 5, 1, 10, minute, 0, 123000, tzinfo=UTC)


def _log(**values: Any) -> dict[str, Any]:
    times = {"start_timestamp": stamp(0), "end_timestamp": stamp(10), "completion_timestamp": None}
    return {"user_id": LEARNER, "time_spent": 60.0, **times, **values}


def session(**values: Any) -> dict[str, Any]:
    extra = '{"context": {"node_id": "' + CONTENT + '", "mastery_level": 1}}'
    log = _log(id=SESSION, content_id=CONTENT, channel_id=CHANNEL, kind="exercise", progress=0.5, visitor_id=None)
    return log | {"extra_fields": extra} | values


def summary(**values: Any) -> dict[str, Any]:
    log = _log(id=SUMMARY, content_id=CONTENT, channel_id=CHANNEL, kind="exercise", progress=0.5, extra_fields="{}")
    return log | values


def log(**values: Any) -> dict[str, Any]:
    criterion = '{"type": "m_of_n", "m": 3, "n": 5}'
    made = _log(id=TRY, summarylog_id=SUMMARY, mastery_criterion=criterion, mastery_level=1, complete=0)
    return made | values


def attempt(number: int, **values: Any) -> dict[str, Any]:
    times = {"start_timestamp": stamp(number), "end_timestamp": stamp(number + 1), "completion_timestamp": None}
    made = {"id": id_of(number), "user_id": LEARNER, "item": f"q{number}", **times, "time_spent": 5.0, "complete": 1}
    made |= {"correct": 1.0, "hinted": 0, "error": 0, "answer": '{"choice": 1}', "simple_answer": "1"}
    made |= {"interaction_history": "[]", "masterylog_id": TRY, "sessionlog_id": SESSION}
    return made | values


def convert(
    report: ImportReport | None = None,
    *,
    at: datetime = AT,
    moves_ends_of_tries: bool = True,
    user: str | None = LEARNER,
    **rows: Any,
) -> dict[str, Converted]:
    """What rows become, by collection and id."""
    circumstances = Circumstances(at=at, moves_ends_of_tries=moves_ends_of_tries)
    found = converted(LearnerRows(user, **rows), report or ImportReport(), circumstances)
    return {f"{one.document.collection()} {one.document.id}": one for one in found}


def whole_learner(**rows: Any) -> dict[str, Any]:
    """A session, a summary and a try, with two attempts."""
    return {
        "sessions": [session()],
        "summaries": [summary()],
        "tries": [log()],
        "attempts": [attempt(1), attempt(2)],
    } | rows
