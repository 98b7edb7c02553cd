"""Examples in the API's description: one learner's visit of one exercise, and what a coach sees of it."""

from typing import Any

from litestar.openapi.spec import Example

_NODE, _CONTENT, _CHANNEL = (
    "a77647df2b575e67b3cecf3701aed13d",
    "4c796e62e07e589eb931961dd0b3db4c",
    "ea7aecb4e8f05933a92f26f532db9fde",
)
_SESSION, _TRY, _USER, _ATTEMPT = (
    "0a4f4b8f0d9b4c57a3a0a1c2d3e4f506",
    "6f1ed002ab5595859014ebf0951522d9",
    "d3d31b2d75007eb0f60a0d6eafd6acbe",
    "9a2388290f2156c4b7b316538557bbab",
)
_CRITERION = {"type": "m_of_n", "m": 3, "n": 5}
_VIEW = {
    "id": _ATTEMPT,
    "correct": 1.0,
    "complete": True,
    "hinted": False,
    "error": False,
    "item": "question 1",
    "answer": {"value": "3/4"},
    "time_spent": 12.5,
}

START = {
    "node_id": _NODE,
    "content_id": _CONTENT,
    "channel_id": _CHANNEL,
    "kind": "exercise",
    "mastery_model": _CRITERION,
}
STARTED = {
    "session_id": _SESSION,
    "context": {"node_id": _NODE, "mastery_level": 1},
    "progress": 0.2,
    "time_spent": 12.5,
    "extra_fields": {},
    "complete": False,
    "mastery_criterion": _CRITERION,
    "pastattempts": [_VIEW],
    "totalattempts": 1,
}
UPDATE = {
    "progress_delta": 0.2,
    "time_spent_delta": 12.5,
    "interactions": [
        {
            "item": "question 1",
            "correct": 1,
            "time_spent": 12.5,
            "answer": {"value": "3/4"},
            "simple_answer": "3/4",
            "complete": True,
        }
    ],
}
UPDATED = {"complete": False, "attempts": [_VIEW]}
_QUEUED = "0d9b4c570a4f4b8fa3a0a1c2d3e4f507"
_REFUSAL = {"status": 404, "title": "Not Found", "detail": "There is no such content session."}
BATCH = {
    "items": [
        {"key": "7f2c-1", "occurred_at": "2026-03-02T09:14:05Z", "session_id": _QUEUED, "start": START},
        {"key": "7f2c-2", "occurred_at": "2026-03-02T09:14:18Z", "session_id": _QUEUED, "update": UPDATE},
        {
            "key": "7f2c-3",
            "occurred_at": "2026-03-02T09:15:00Z",
            "session_id": _USER,
            "update": {"time_spent_delta": 3},
        },
    ]
}
BATCH_RESULTS = {
    "results": [
        {"key": "7f2c-1", "status": 200, "replayed": False, "body": STARTED | {"session_id": _QUEUED}},
        {"key": "7f2c-2", "status": 200, "replayed": False, "body": UPDATED},
        {"key": "7f2c-3", "status": 404, "replayed": False, "body": _REFUSAL},
    ]
}
TOTAL = {"id": _USER, "progress": 7}
TRY = {
    "id": _TRY,
    "mastery_criterion": _CRITERION,
    "start_timestamp": "2026-03-02T09:14:05.120Z",
    "end_timestamp": "2026-03-02T09:16:40.003Z",
    "completion_timestamp": None,
    "complete": False,
    "correct": 1.0,
    "time_spent": 12.5,
}
ATTEMPT = {
    **_VIEW,
    "start_timestamp": "2026-03-02T09:16:27.503Z",
    "end_timestamp": "2026-03-02T09:16:40.003Z",
    "completion_timestamp": "2026-03-02T09:16:40.003Z",
    "simple_answer": "3/4",
    "interaction_history": [{"type": "answer", "answer": {"value": "3/4"}, "correct": 1.0}],
    "user": _USER,
    "masterylog": _TRY,
    "sessionlog": _SESSION,
}
DIFF = {**TRY, "diff": {"correct": 1.0, "time_spent": -3.5}, "attemptlogs": [{**ATTEMPT, "diff": {"correct": 1.0}}]}
ROSTER = {
    "facilities": [{"id": "aaf266cf97965d0ef1afe32dcf18d74d", "name": "Hill School"}],
    "classrooms": [
        {"id": "e67073f3db068b3a64aa8545acc4122e", "name": "A1", "facility_id": "aaf266cf97965d0ef1afe32dcf18d74d"}
    ],
    "users": [{"id": _USER, "username": "ada", "full_name": "Ada", "facility_id": "aaf266cf97965d0ef1afe32dcf18d74d"}],
    "memberships": [{"user_id": _USER, "collection_id": "e67073f3db068b3a64aa8545acc4122e"}],
}
EXPORT = f'{{"collection":"users","document":{{"_id":"{_USER}","username":"ada","full_name":"Ada"}}}}\n'
FORGOTTEN = {
    "complete": True,
    "removed": {
        "content_sessions": 12,
        "content_summaries": 5,
        "mastery_logs": 4,
        "attempt_overflow": 0,
        "idempotency_keys": 2,
        "users": 1,
    },
}
COUNTS = {
    "facilities": 1,
    "classrooms": 1,
    "learner_groups": 0,
    "users": 1,
    "memberships": 1,
    "roles": 0,
    "lessons": 0,
    "quizzes": 0,
    "course_sessions": 0,
    "removed": {},
}


def example(value: Any) -> list[Example]:
    """An example for the API's description."""
    return [Example(summary="Example", value=value)]


def page(row: Any) -> dict[str, Any]:
    """A page of one row."""
    return {"page": 1, "count": 1, "total_pages": 1, "results": [row]}


_DAY = {"day": "2026-03-02", "learners": 24, "sessions": 61, "time_spent": 40260.5}
REPORT_NAMES = [
    {
        "name": "daily-activity",
        "title": "Activity by day",
        "description": "Learners, sessions and time on each day (UTC).",
        "columns": [{"name": "day", "kind": "date", "description": "The day (UTC)."}],
    }
]
REPORT = {
    "report": "daily-activity",
    "title": "Activity by day",
    "description": "Learners, sessions and time on each day (UTC).",
    "as_of": "2026-03-09T10:00:00Z",
    "columns": [{"name": name, "kind": "number", "description": ""} for name in _DAY],
    "results": [_DAY],
}
CSV = {
    "sessions": "Facility name,Username,Channel id,Channel name,Content id,Content title,Time of first interaction,"
    "Time of last interaction,Time Spent (sec),Progress (0-1),Content kind\r\n",
    "summaries": "Facility name,Username,Channel id,Channel name,Content id,Content title,Time of first interaction,"
    "Time of last interaction,Time of completion,Time Spent (sec),Progress (0-1),Content kind\r\n",
}
