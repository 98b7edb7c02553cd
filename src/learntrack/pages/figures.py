"""The figures of a class's pages: every one of them comes from a report or a list of the API."""

import statistics
from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from learntrack.access.may_read import Readable
from learntrack.domain.time_zones import UTC_NAME
from learntrack.logs.service import Logs
from learntrack.pages.help import Again
from learntrack.pages.school import ClassRoster, contents_of
from learntrack.pages.states import State, state_of
from learntrack.pages.units import Unit, units_of
from learntrack.pages.words import Words
from learntrack.reports.filters import ReportFilters
from learntrack.reports.service import Reports
from learntrack.storage import Database
from learntrack.storage.database import Row

Pair = tuple[str, str]
"""A learner and a content, by their ids."""


class Figures:
    """Asks reports and lists about the learners of a class.

    `used` is when each content was last used by one of them, once `states` has said it.

    Args:
        db: Where everything is stored.
        school: The class; its learners are those whose logs the viewer may read.

    """

    def __init__(self, db: Database, school: ClassRoster) -> None:
        self._db = db
        self._school = school
        self._reports = Reports(db)
        self.logs = Logs(db)
        self.used: dict[str, datetime] = {}

    @property
    def readable(self) -> Readable:
        """Whose logs the figures are about."""
        return self._school.readable

    async def tries_of(self, user_id: str) -> tuple[list[Row], dict[str, list[Row]]]:
        """All tries of a learner, newest first, and of the newest the attempts with their histories, by try."""
        return await self.logs.tries_of(Readable([user_id]))

    async def report(self, name: str, filters: ReportFilters | None = None) -> list[Row]:
        """The rows of a report about the learners of the class."""
        if self._school.readable.is_nobody:
            return []
        asked = replace(filters or ReportFilters(), timezone=getattr(self._school.zone, "key", UTC_NAME))
        answer = await self._reports.about(name, asked, self._school.readable, with_their_names=False)
        return [row async for row in answer.rows]

    async def states(self) -> dict[Pair, State]:
        """How far each learner is in each content."""
        rows = await self._reports.learner_contents(self._school.readable)
        for row in rows:
            content, last = row["content_id"], row["last_activity"]
            self.used[content] = max(last, self.used.get(content, last))
        quizzes = {row["content_id"] for row in rows if row["kind"] == "quiz"} - self._school.quizzes.keys()
        tests = await self.logs.unit_tests(self._school.readable, quizzes)  # which have pages of their own
        return {
            (row["user_id"], row["content_id"]): state_of(row, self._school.rule)
            for row in rows
            if row["content_id"] not in tests
        }

    async def quiz_scores(self, of: str | None = None) -> dict[Pair, Row]:
        """The result of each learner in each quiz of the class that is theirs, or in one of them."""
        quizzes = frozenset(quiz for quiz in self._school.quizzes if of in (None, quiz))
        rows = await self.report("quiz-results", ReportFilters(contents=quizzes)) if quizzes else []
        return {(row["user_id"], row["quiz_id"]): row for row in rows}

    async def units(self, words: Words) -> list[Unit]:
        """The units of the courses with their pre- and post-tests."""
        if not self._school.courses:
            return []
        rows = await self.report("learning-gain")
        titles = await contents_of(self._db, {row["unit_id"] for row in rows})
        return units_of(rows, self._school, titles, words)

    async def know_titles(self, states: Mapping[Pair, State]) -> None:
        """Learn what the contents are called that are in no lesson."""
        unknown = {content for _, content in states} - self._school.contents.keys()
        self._school.contents |= await contents_of(self._db, unknown)

    async def commonest_wrong(self, contents: Sequence[Again]) -> None:
        """Say of contents which wrong answer is the commonest, and how many learners gave it."""
        keys = [again.content.id for again in contents]
        found = await self._reports.commonest_wrong(self._school.readable, keys) if keys else {}
        for again in contents:
            if wrong := found.get(again.content.id):
                again.given_by, again.answer = wrong.learners, wrong.answer


async def last_work(db: Database, school: ClassRoster) -> datetime | None:
    """When somebody of the class last did something."""
    return max((await Logs(db).last_activity(school.readable)).values(), default=None)


def median(values: Sequence[float]) -> float | None:
    """The middle of these values; None of none."""
    return statistics.median(values) if values else None
