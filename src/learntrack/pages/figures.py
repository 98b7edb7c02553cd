"""What the pages show, of learners whom `viewer` has found; every figure comes from a report or a list of the API."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from learntrack.access.may_read import Readable
from learntrack.access.standing import Caller
from learntrack.logs.filters import LogFilters
from learntrack.logs.schemas import AttemptLogRow
from learntrack.logs.service import Logs
from learntrack.pages.presentation import Overview, overview
from learntrack.reports.filters import ReportFilters
from learntrack.reports.service import Reports
from learntrack.reports.titles import titles_of
from learntrack.storage import Database
from learntrack.storage.database import Row, Stage
from learntrack.web.paging import PageRequest

_ATTEMPTS_SHOWN = 200


class Figures:
    """Collects what a page shows.

    Args:
        db: Where everything is stored.

    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._reports = Reports(db)
        self._logs = Logs(db)

    async def report(self, name: str, learners: Sequence[Row], filters: ReportFilters) -> list[Row]:
        """The rows of a report about these learners."""
        answer = await self._reports.about(name, filters, _logs_of(learners))
        return [row async for row in answer.rows]

    async def overview(
        self, learners: Sequence[Row], filters: ReportFilters, *, lesson: str | None, sort: str
    ) -> Overview:
        """Learners by contents, narrowed to the contents of a lesson, sorted by name, mastered or time_spent."""
        rows = await self.report("progress", learners, filters)
        if lesson is not None:
            contents = await self._contents_used_in(lesson, learners)
            rows = [row for row in rows if row["content_id"] in contents]
        return overview(learners, rows, await self.titles({row["content_id"] for row in rows}), sort=sort)

    async def _contents_used_in(self, lesson: str, learners: Sequence[Row]) -> set[str]:
        stages: list[Stage] = [
            {"$match": {"user_id": {"$in": [learner["_id"] for learner in learners]}}},
            {"$match": {"context.lesson_id": lesson}},
            {"$group": {"_id": "$content_id"}},
        ]
        return {row["_id"] for row in await self._db.rows("content_sessions", stages)}

    async def titles(self, contents: set[str]) -> dict[str, str]:
        """What the contents are called; their whole ids where nobody has said it."""
        return {key: titled.shown for key, titled in (await titles_of(self._db, contents)).items()}

    async def assigned(self, kind: str, places: Sequence[str]) -> list[Row]:
        """Lessons or quizzes that are assigned to these places, by title."""
        rows = await self._db.find(kind, {"collection_ids": {"$in": list(places)}})
        return sorted(rows, key=lambda row: (row["title"], row["_id"]))

    async def groups(self, classroom: str) -> list[Row]:
        """The groups of a classroom, by name."""
        rows = await self._db.find("learner_groups", {"classroom_id": classroom})
        return sorted(rows, key=lambda row: (row["name"], row["_id"]))

    async def quiz_lines(self, content: str, learners: Sequence[Row]) -> list[Row]:
        """Each learner's latest try at an assessment, and what has become better,
        worse or stayed the same since the one before: one aggregation, however many learners.
        """
        tries = {row["user_id"]: row for row in await self._logs.latest_diffs(content, _logs_of(learners))}
        lines = []
        for learner in learners:
            line = {"user_id": learner["_id"], "name": learner["name"], "status": "not started"}
            latest = tries.get(learner["_id"])
            if latest is not None:
                line |= latest | {"status": "finished" if latest["complete"] else "started"}
            lines.append(line)
        return lines

    async def tries(self, user_id: str) -> list[Row]:
        """All tries of a learner, newest first, with their contents."""
        fields = (
            "content_id",
            "mastery_level",
            "mastery_criterion",
            "complete",
            "correct_sum",
            "attempt_count",
            "time_spent",
            "start_timestamp",
            "end_timestamp",
        )
        rows = await self._db.find("mastery_logs", {"user_id": user_id}, dict.fromkeys(fields, 1))
        return sorted(rows, key=lambda row: row["end_timestamp"], reverse=True)

    async def attempts(self, user_id: str, by: Caller) -> dict[str, list[AttemptLogRow]]:
        """The learner's newest attempts, with their histories, by try."""
        page: Any = await self._logs.attempts(LogFilters(user=user_id), PageRequest(1, _ATTEMPTS_SHOWN), by=by)
        by_try: dict[str, list[AttemptLogRow]] = defaultdict(list)
        for row in page.results:
            by_try[row.masterylog or "visits"].append(row)
        return by_try


def _logs_of(learners: Sequence[Row]) -> Readable:
    return Readable([learner["_id"] for learner in learners])
