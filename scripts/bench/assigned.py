"""Lessons and quizzes of a school to measure with: assigned, and what has been done made theirs."""

from typing import Any

from pymongo import MongoClient

from client import Connection
from processes import token
from school import ROOT, School

IN_LESSONS, IN_QUIZZES = 10, 2
"""Contents of each class's lesson, and contents that are quizzes of all classes."""
_LEVEL = -77
_QUESTIONS = 12


async def assign(connection: Connection, uri: str, school: School, *, database: str = "learntrack") -> None:
    """Give each class a lesson of the first contents, and all of them quizzes, which are the last ones; what its
    history says of these was done there.
    """
    lessons = [f"{number:032x}" for number in range(1, 1 + len(school.classrooms))]
    quizzes, contents = school.contents[-IN_QUIZZES:], school.contents[:IN_LESSONS]
    roster: dict[str, Any] = {
        "lessons": [
            {"id": lesson, "title": f"Lesson {number}", "collection_ids": [room], "content_ids": list(contents)}
            for number, (lesson, room) in enumerate(zip(lessons, school.classrooms, strict=True))
        ],
        "quizzes": [
            {"id": quiz, "title": "A quiz", "collection_ids": list(school.classrooms), "question_count": _QUESTIONS}
            for quiz in quizzes
        ],
    }
    status, answer = await connection.send("PUT", "/api/roster", token(ROOT, superuser=True), roster)
    if status != 200:
        raise SystemExit(f"roster: {status} {answer}")
    with MongoClient[dict[str, Any]](uri) as client:
        stored = client[database]
        for lesson, users in zip(lessons, school.learners, strict=True):
            theirs = stored.content_sessions.find({"user_id": {"$in": list(users)}}, {"content_id": 1})
            keys = [row["_id"] for row in theirs if row["content_id"] in contents]
            stored.content_sessions.update_many({"_id": {"$in": keys}}, {"$set": {"context.lesson_id": lesson}})
        for quiz in quizzes:
            _make_quiz(stored, quiz)


def _make_quiz(stored: Any, quiz: str) -> None:
    """Let what was tried at a content have been tries of a quiz."""
    criterion = {"type": "quiz", "coach_assigned": True}
    keys = [row["_id"] for row in stored.mastery_logs.find({"content_id": quiz}, {"_id": 1})]
    tried = {"$set": {"mastery_level": _LEVEL, "mastery_criterion": criterion}}
    stored.mastery_logs.update_many({"_id": {"$in": keys}}, tried)
    for row in stored.content_summaries.find({"content_id": quiz}, {"of_tries": 1}):
        numbers = {"coach_quiz": row["of_tries"]["exercise"] | {"latest_level": _LEVEL, "highest_level": _LEVEL}}
        stored.content_summaries.update_one({"_id": row["_id"]}, {"$set": {"of_tries": numbers, "kind": "quiz"}})
