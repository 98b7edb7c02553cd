"""What contents, lessons and quizzes are called; where nobody has said it, by their whole id."""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any
from weakref import WeakKeyDictionary

from learntrack.documents import Content, ContentSession, CourseSession, FormerEntry, Lesson, Question, Quiz
from learntrack.domain.unit_tests import content_id
from learntrack.storage.database import Row, Stage
from learntrack.storage.reading import Reading


@dataclass(frozen=True, slots=True)
class Titled:
    """Something and what is known about it.

    `title` is empty where nobody has said it; `shown` is what to write then. `removed`: it is not in the roster any
    more. `question_count` is None where it is not known; `questions` may be fewer.
    """

    id: str
    title: str = ""
    kind: str = ""
    channel_id: str | None = None
    channel_name: str = ""
    topics: tuple[str, ...] = ()
    question_count: int | None = None
    questions: tuple[Question, ...] = ()
    removed: bool = False

    @property
    def shown(self) -> str:
        """The title, or the whole id where there is none."""
        return self.title or self.id

    def question(self, item: str) -> Question | None:
        """What is known of a question."""
        return next((each for each in self.questions if each.item == item), None)


_LEVELS: list[Stage] = [
    {"$match": {"topics.0": {"$exists": True}}},
    {"$group": {"_id": None, "most": {"$max": {"$size": "$topics"}}}},
]


async def topic_levels(db: Reading) -> int:
    """How many folders, one in another, the content has that has the most."""
    rows = await db.rows(Content, _LEVELS)
    return rows[0]["most"] if rows else 0


_BRIEF: Mapping[str, Any] = {"questions": 0}


async def titles_of(db: Reading, contents: Collection[str], *, questions: bool = False) -> dict[str, Titled]:
    """What these contents are called, quizzes among them; there is an entry for each. Index: the key.

    A quiz's own title comes before that of a content of the same id, and both before that of what is gone. A pre- or
    post-test that nobody has named is called by its unit.

    Args:
        db: Where the roster is.
        contents: Their ids.
        questions: Whether to read their questions too.

    """
    found = await _titled(db, (FormerEntry, Content, Quiz), contents, questions=questions)
    return found | await _tests_of_units(db, [key for key, titled in found.items() if not titled.title])


async def titles_of_assigned(db: Reading, assigned: Collection[str]) -> dict[str, Titled]:
    """What these lessons, quizzes and course sessions are called; there is an entry for each. Index: the key."""
    return await _titled(db, (FormerEntry, Lesson, Quiz, CourseSession), assigned, questions=False)


async def _titled(
    db: Reading, sources: Collection[type[Any]], ids: Collection[str], *, questions: bool
) -> dict[str, Titled]:
    found = {key: Titled(key) for key in ids}
    if not found:
        return found
    for source in sources:
        rows = await db.find(source, {"_id": {"$in": list(found)}}, None if questions else _BRIEF)
        found |= {row["_id"]: _read(source, row) for row in rows}
    return found


async def _tests_of_units(db: Reading, untitled: Collection[str]) -> dict[str, Titled]:
    """Those of these contents that are the test before or after a unit, named by their unit and course. Index: unit."""
    now = time.monotonic()
    others = _OTHERS.setdefault(db, {})
    asked = [content for content in untitled if others.get(content, -inf) < now - _ASKED_AGAIN_SECONDS]
    stages: list[Stage] = [
        {"$match": {"content_id": {"$in": asked}, **_OF_A_COURSE}},
        {"$group": {"_id": "$content_id", "context": {"$first": "$context"}}},
    ]
    rows = await db.rows(ContentSession, stages) if asked else []
    if len(others) > _MOST_OTHERS:
        others.clear()
    others |= dict.fromkeys(asked, now)
    for row in rows:
        del others[row["_id"]]
    pairs = {row["_id"]: (row["context"]["course_session_id"], row["context"]["unit_id"]) for row in rows}
    units = await _titled(db, (FormerEntry, Content), {unit for _, unit in pairs.values()}, questions=False)
    courses = await titles_of_assigned(db, {course for course, _ in pairs.values()})
    return {
        key: Titled(
            key, f"{_WHICH_TEST[key == content_id(course, unit, 'pre')]}: {_unit(courses[course], units[unit])}", "quiz"
        )
        for key, (course, unit) in pairs.items()
    }


_OF_A_COURSE = {"context.unit_id": {"$exists": True}, "context.course_session_id": {"$exists": True}}
_OTHERS: WeakKeyDictionary[Reading, dict[str, float]] = WeakKeyDictionary()
"""Untitled contents that were no unit's tests, and when that was asked: what is one is so from its first visit on, and
the embedded engine, which uses no index on a part of a collection, reads all sessions to answer.
"""
_ASKED_AGAIN_SECONDS = 600.0
_MOST_OTHERS = 100_000
_WHICH_TEST = {True: "Pre-test", False: "Post-test"}


def _unit(course: Titled, unit: Titled) -> str:
    return unit.title or f"{course.shown}, unit {unit.id}"


def _read(source: type[Any], row: Row) -> Titled:
    kinds = {Quiz: "quiz", Lesson: "lesson", CourseSession: "course_session"}
    return Titled(
        id=row["_id"],
        title=row["title"],
        kind=kinds.get(source) or row.get("kind") or "",
        channel_id=row.get("channel_id"),
        channel_name=row.get("channel_name") or "",
        topics=tuple(row.get("topics", ())),
        question_count=row.get("question_count"),
        questions=tuple(Question.model_validate(each) for each in row.get("questions", ())),
        removed=source is FormerEntry,
    )
