"""A school's history, written into the database as the service would have stored it."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from pymongo import MongoClient

from learntrack.documents.base import SCHEMA_VERSION, as_stored
from learntrack.documents.try_numbers import TrySight, numbers_by_kind
from learntrack.domain.ids import summary_id, try_id

from school import CRITERION, School

BEGAN = datetime(2026, 1, 5, 8, tzinfo=UTC)


def write_history(uri: str, school: School, *, attempts: int, database: str = "learntrack") -> int:
    """Give every learner a session, a summary and a try at every content; returns how many attempts that makes."""
    found: dict[str, list[Any]] = {"content_sessions": [], "content_summaries": [], "mastery_logs": []}
    client: MongoClient[dict[str, Any]] = MongoClient(uri, w=1, journal=False)
    total = 0
    for session, summary, tried in visits(school, attempts):
        for name, document in zip(found, (session, summary, tried), strict=True):
            found[name].append(document)
        total += tried["attempt_count"]
        if len(found["mastery_logs"]) == 500:
            _flush(client[database], found)
    _flush(client[database], found)
    return total


def _flush(database: Any, found: dict[str, list[Any]]) -> None:
    for name, documents in found.items():
        if documents:
            database[name].insert_many(documents, ordered=False)
            documents.clear()


def visits(school: School, attempts: int) -> Iterator[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    """A session, a summary and a try of some so many attempts, as they are stored, of each learner at each content."""
    chance = random.Random(school.facility)
    for number, content in enumerate(school.contents):
        for room in school.learners:
            for user in room:
                skill = chance.random()
                at = BEGAN + timedelta(
                    days=number * 2, minutes=chance.randrange(360), milliseconds=chance.randrange(1000)
                )
                yield _visit(school, user, content, at, skill, chance.randint(attempts - 4, attempts + 4), chance)


def _visit(
    school: School, user: str, content: str, at: datetime, skill: float, attempts: int, chance: random.Random
) -> Any:
    session, summary = _new_id(chance), summary_id(user, content)
    rows = [_attempt(session, number, at, skill, chance) for number in range(attempts)]
    end = at + timedelta(seconds=30 * attempts)
    correct = sum(row["correct"] for row in rows)
    done = correct >= CRITERION["m"]
    common = {
        "user_id": user,
        "content_id": content,
        "facility_id": school.facility,
        "schema_version": SCHEMA_VERSION,
        "start_timestamp": at,
        "end_timestamp": end,
        "time_spent": 30.0 * attempts,
    }
    tried = {
        "_id": try_id(summary, 1),
        **common,
        "summary_id": summary,
        "mastery_level": 1,
        "mastery_criterion": CRITERION,
        "complete": done,
        "completion_timestamp": end if done else None,
        "attempts": rows,
        "attempt_count": attempts,
        "correct_sum": correct,
        "not_right": sum(not row["correct"] for row in rows),
        "completed_attempts": sum(row["complete"] for row in rows),
    }
    progress = min(1.0, round(correct / CRITERION["m"], 3))
    visit = common | {"channel_id": school.channel, "kind": "exercise", "progress": progress}
    return _session_row(session, visit, summary, tried), _summary_row(summary, visit, tried), tried


def _session_row(session: str, visit: dict[str, Any], summary: str, tried: dict[str, Any]) -> dict[str, Any]:
    return {
        "_id": session,
        **visit,
        "visitor_id": None,
        "summary_id": summary,
        "mastery_log_id": tried["_id"],
        "context": {"node_id": visit["content_id"], "mastery_level": 1},
        "attempts": [],
        "attempt_count": 0,
        "correct_sum": 0.0,
        "completed_attempts": 0,
    }


def _summary_row(summary: str, visit: dict[str, Any], tried: dict[str, Any]) -> dict[str, Any]:
    return {
        "_id": summary,
        **visit,
        "completion_timestamp": tried["completion_timestamp"],
        "extra_fields": {},
        "has_tries": True,
        "finished_tries": int(tried["complete"]),
        "of_tries": as_stored(numbers_by_kind([TrySight.of(tried)])),
    }


def _attempt(session: str, number: int, at: datetime, skill: float, chance: random.Random) -> dict[str, Any]:
    correct = float(chance.random() < skill)
    began = at + timedelta(seconds=30 * number)
    answer = {"answers": [{"radio": {"choice": chance.randrange(4)}}]}
    return {
        "id": _new_id(chance),
        "number": number,
        "item": f"item{number % 12}",
        "session_id": session,
        "start_timestamp": began,
        "end_timestamp": began + timedelta(seconds=25),
        "completion_timestamp": began + timedelta(seconds=25),
        "time_spent": 25.0,
        "complete": True,
        "correct": correct,
        "hinted": not correct and chance.random() < 0.2,
        "error": False,
        "answer": answer,
        "simple_answer": "",
        "interaction_history": [{"type": "answer", "answer": answer, "correct": correct}],
    }


def _new_id(chance: random.Random) -> str:
    return UUID(int=chance.getrandbits(128)).hex
