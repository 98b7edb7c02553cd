"""What a Kolibri's contents are called, what its lessons consist of, and which questions its quizzes ask."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

from learntrack.domain.any_json import read_patiently
from learntrack.domain.ids import is_id
from learntrack.importing.kolibri.source import Kolibri
from learntrack.importing.kolibri.sql import SourceRow
from learntrack.importing.report import ImportReport
from learntrack.roster.records import MOST_QUESTIONS, MOST_TOPICS

_TOPIC = "topic"
_LONGEST_TITLE = 500
_LONGEST_ITEM = 1000


class Contents:
    """The contents of a Kolibri, by the ids of their nodes.

    Args:
        source: The Kolibri.
        report: Is told what cannot be read.

    """

    def __init__(self, source: Kolibri, report: ImportReport) -> None:
        self._source = source
        self._report = report
        self._content_of: dict[str, str] = {}
        self._topics: dict[str, tuple[str, str | None]] = {}
        self._asked_for: set[str] = set()
        for row in source.of_contents("content_contentnode"):
            self._content_of.setdefault(row["id"], row["content_id"])
            if row["kind"] == _TOPIC:
                self._topics.setdefault(row["id"], (str(row["title"])[:_LONGEST_TITLE], row.get("parent_id")))

    def rows(self) -> Iterator[SourceRow]:
        """What is installed, what somebody has used, and what lessons and quizzes that were read have: one row a
        content, in the shape of the roster's `contents`.
        """
        channels = {row["id"]: row["name"] for row in self._source.of_contents("content_channelmetadata")}
        counts = {
            row["contentnode_id"]: row["number_of_assessments"]
            for row in self._source.of_contents("content_assessmentmetadata")
        }
        named, seen = self._source.used_contents() | self._asked_for, set()
        for row in self._source.of_contents("content_contentnode"):
            key = row["content_id"]
            if row["kind"] == _TOPIC or key in seen or not (row.get("available") or key in named):
                continue
            seen.add(key)
            yield {
                "id": key,
                "title": str(row["title"])[:_LONGEST_TITLE],
                "kind": row["kind"],
                "channel_id": row["channel_id"],
                "channel_name": channels.get(row["channel_id"]),
                "topics": self._topics_over(row.get("parent_id")),
                "question_count": counts.get(row["id"]) or None,
            }

    def _topics_over(self, node: str | None) -> list[str]:
        """The titles of the topics from the channel's own to that of this id, as Kolibri's export names them."""
        found: list[str] = []
        while node in self._topics and len(found) < MOST_TOPICS:
            title, node = self._topics[node]
            found.append(title)
        return found[::-1]

    def of_lesson(self, row: SourceRow) -> dict[str, Any]:
        """The contents of a lesson, in order."""
        resources = self._json("lessons", row, "resources")
        found = [each.get("content_id") for each in resources]
        ids = [key for key in found if _is_id(key)]
        self._asked_for.update(ids)
        return {"content_ids": ids} if ids else {}

    def of_quiz(self, row: SourceRow) -> dict[str, Any]:
        """The questions of a quiz, and how many there are.

        Sources are sections with questions (since 0.17), questions, or (before 0.10) exercises with so many of theirs;
        an item is the exercise's node and the question, as attempts name it.
        """
        sources = self._json("quizzes", row, "question_sources")
        questions: dict[str, dict[str, Any]] = {}
        for each in sources:
            listed = each.get("questions", [each])
            if not _are_objects(listed):
                self._report.note("quizzes", row["id"], "question_sources: not what was expected, left out")
                continue
            questions |= {item: self._question(item, one) for one in listed if (item := _item(one)) is not None}
        count = _count(row.get("question_count"))
        found: dict[str, Any] = {"questions": list(questions.values())} if questions else {}
        if questions or count:
            found["question_count"] = max(count, len(questions))
        return found

    def _question(self, item: str, source: Mapping[str, Any]) -> dict[str, Any]:
        title, content = source.get("title"), self._content_of.get(source["exercise_id"])
        if content is not None:
            self._asked_for.add(content)
        return {
            "item": item,
            "title": title[:_LONGEST_TITLE] if isinstance(title, str) and title else None,
            "content_id": content if _is_id(content) else None,
        }

    def _json(self, part: str, row: SourceRow, name: str) -> list[dict[str, Any]]:
        value = row.get(name)
        try:
            found = read_patiently(value) if isinstance(value, str) and value else value or []
        except (ValueError, RecursionError):
            found = None
        if not _are_objects(found):
            self._report.note(part, row["id"], f"{name}: not what was expected, left out")
            return []
        return found


def _item(source: Mapping[str, Any]) -> str | None:
    exercise, question = source.get("exercise_id"), source.get("question_id")
    if not (isinstance(exercise, str) and exercise and isinstance(question, str) and question):
        return None
    item = f"{exercise}:{question}".strip()
    return item if len(item) <= _LONGEST_ITEM else None


def _is_id(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and is_id(value)


def _are_objects(value: object) -> TypeGuard[list[dict[str, Any]]]:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def _count(value: object) -> int:
    """How many questions a column says there are; 0 where it says none that could be."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MOST_QUESTIONS else 0
