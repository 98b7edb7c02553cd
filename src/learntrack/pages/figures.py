"""What the pages show, as plain values; every figure comes from a report or a list of the API."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from learntrack.access.actor import Actor
from learntrack.access.may_read import Readable, members_of, readable
from learntrack.errors import NotFound
from learntrack.logs.filters import LogFilters
from learntrack.logs.service import Logs
from learntrack.pages.viewer import Viewer
from learntrack.reports.filters import ReportFilters
from learntrack.reports.questions import questions
from learntrack.reports.service import Reports
from learntrack.storage import Database
from learntrack.storage.database import Row
from learntrack.web.paging import PageRequest

STATUSES = {"not started": "·", "started": "◐", "struggling": "▲", "mastered": "✓"}
"""Each status with its sign, so that nothing is told by colour alone."""
_ATTEMPTS_SHOWN = 200


class Cell(Struct):
    """A learner's state in a content."""

    status: str = "not started"
    progress: float = 0.0
    time_spent: float = 0.0
    attempts: int = 0
    correct_share: float | None = None

    @property
    def sign(self) -> str:
        """The status as a sign."""
        return STATUSES[self.status]

    @property
    def words(self) -> str:
        """All of it in words."""
        parts = [self.status]
        if self.status != "not started":
            parts += [f"{self.progress:.0%} done", f"{duration(self.time_spent)}"]
        if self.attempts and self.correct_share is not None:
            parts.append(f"{self.attempts} attempts, {self.correct_share:.0%} right")
        return ", ".join(parts)


class Line(Struct):
    """A learner's line in the overview."""

    user_id: str
    name: str
    cells: list[Cell]
    mastered: int
    time_spent: float


class Overview(Struct):
    """A class on one page: learners by contents."""

    contents: list[Row]
    lines: list[Line]
    rows: list[Row]


def duration(seconds: float) -> str:
    """A time in words: `45 s`, `12 min`, `3 h 5 min`."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


class Figures:
    """Collects what a page shows.

    Args:
        db: Where everything is stored.

    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._reports = Reports(db)
        self._logs = Logs(db)

    async def learners(self, places: Sequence[str]) -> list[Row]:
        """Who is in all of these places, by name. Whoever may look at a class may look at all of its learners."""
        ids = [row["_id"] for row in await self._db.rows("users", members_of(places))]
        rows = await self._db.find("users", {"_id": {"$in": ids}}, {"username": 1, "full_name": 1})
        return sorted(
            (row | {"name": row["full_name"] or row["username"] or row["_id"][:8]} for row in rows), key=_by_name
        )

    async def report(self, name: str, learners: Sequence[Row], filters: ReportFilters) -> list[Row]:
        """The rows of a report about these learners."""
        members = Readable([row["_id"] for row in learners])
        answer = await self._reports.answer(name, questions()[name], filters, members)
        return [row async for row in answer.rows]

    async def overview(
        self, learners: Sequence[Row], filters: ReportFilters, *, lesson: str | None, sort: str
    ) -> Overview:
        """Learners by contents, narrowed to the contents of a lesson, sorted by name, mastered or time."""
        rows = await self.report("progress", learners, filters)
        if lesson is not None:
            used = await self._db.rows(
                "content_sessions",
                [
                    {"$match": {"user_id": {"$in": [row["_id"] for row in learners]}}},
                    {"$match": {"context.lesson_id": lesson}},
                    {"$group": {"_id": "$content_id"}},
                ],
            )
            of_lesson = {row["_id"] for row in used}
            rows = [row for row in rows if row["content_id"] in of_lesson]
        titles = await self.titles({row["content_id"] for row in rows})
        contents = sorted(
            ({"id": row["content_id"], "kind": row["kind"], "title": titles.get(row["content_id"])} for row in rows),
            key=lambda content: (content["kind"], content["title"] or "", content["id"]),
        )
        contents = list({content["id"]: content for content in contents}.values())
        cells = {(row["user_id"], row["content_id"]): _cell(row) for row in rows}
        lines = []
        for learner in learners:
            found = [cells.get((learner["_id"], content["id"]), Cell()) for content in contents]
            mastered = sum(cell.status == "mastered" for cell in found)
            lines.append(Line(learner["_id"], learner["name"], found, mastered, sum(cell.time_spent for cell in found)))
        if sort in ("mastered", "time_spent"):
            lines.sort(key=lambda line: -getattr(line, sort))
        return Overview(contents, lines, rows)

    async def titles(self, contents: set[str]) -> dict[str, str]:
        """The titles that are known: those of quizzes."""
        rows = await self._db.find("quizzes", {"_id": {"$in": list(contents)}}, {"title": 1}) if contents else []
        return {row["_id"]: row["title"] for row in rows}

    async def assigned(self, kind: str, places: Sequence[str]) -> list[Row]:
        """Lessons or quizzes that are assigned to these places."""
        return sorted(
            await self._db.find(kind, {"collection_ids": {"$in": list(places)}}),
            key=lambda row: (row["title"], row["_id"]),
        )

    async def groups(self, classroom: str) -> list[Row]:
        """The groups of a classroom."""
        return sorted(
            await self._db.find("learner_groups", {"classroom_id": classroom}),
            key=lambda row: (row["name"], row["_id"]),
        )

    async def quiz_lines(self, content: str, learners: Sequence[Row], by: Actor) -> list[Row]:
        """Each learner's latest try at an assessment, and what has become better, worse or stayed the same since the
        one before.
        """
        lines = []
        for learner in learners:
            try:
                found = await self._logs.diff("0", LogFilters(content=content, user=learner["_id"]), by=by)
            except NotFound:
                lines.append({"user_id": learner["_id"], "name": learner["name"], "status": "not started"})
                continue
            diffs = [row["diff"]["correct"] for row in found["attemptlogs"] if row["diff"]["correct"] is not None]
            lines.append(
                {
                    "user_id": learner["_id"],
                    "name": learner["name"],
                    "status": "finished" if found["complete"] else "started",
                    "correct": found["correct"],
                    "answered": len(found["attemptlogs"]),
                    "time_spent": found["time_spent"],
                    "correct_diff": found["diff"]["correct"] if found["diff"] else None,
                    "better": sum(diff > 0 for diff in diffs),
                    "worse": sum(diff < 0 for diff in diffs),
                    "same": sum(diff == 0 for diff in diffs),
                }
            )
        return lines

    async def learner(self, viewer: Viewer, user_id: str) -> Row:
        """A person whose logs the viewer may read.

        Raises:
            NotFound: there is none, or the viewer may not.

        """
        members = await readable(self._db, viewer.actor, user=user_id)
        if members.users is not None and user_id not in members.users:
            raise NotFound("There is no such learner.")
        found = await self._db.find_one("users", {"_id": user_id}, {"username": 1, "full_name": 1})
        if found is None and user_id != viewer.actor.user_id:
            raise NotFound("There is no such learner.")
        row: Row = found or {"_id": user_id, "username": "", "full_name": ""}
        return row | {"name": row["full_name"] or row["username"] or row["_id"][:8]}

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
        )
        rows = await self._db.find(
            "mastery_logs", {"user_id": user_id}, dict.fromkeys((*fields, "start_timestamp", "end_timestamp"), 1)
        )
        return sorted(rows, key=lambda row: row["end_timestamp"], reverse=True)

    async def attempts(self, user_id: str, by: Actor) -> dict[str, list[Row]]:
        """The learner's newest attempts, with their histories, by try."""
        page: Any = await self._logs.attempts(LogFilters(user=user_id), PageRequest(1, _ATTEMPTS_SHOWN), by=by)
        found: dict[str, list[Row]] = defaultdict(list)
        for row in page.results:
            found[row["masterylog"] or "visits"].append(row)
        return found


def what_next(rows: Sequence[Row]) -> list[Row]:
    """What to look at next: what the learner struggles with, then what was begun and left, the latest first."""
    oldest = datetime.min.replace(tzinfo=rows[0]["last_activity"].tzinfo) if rows else datetime.min
    open_ = [row for row in rows if row["status"] != "mastered"]
    return sorted(
        open_, key=lambda row: (row["status"] != "struggling", -(row["last_activity"] - oldest).total_seconds())
    )[:5]


def bars(rows: Sequence[Row], value: str, *, width: int = 600, height: int = 120) -> list[Row]:
    """Bars of a chart, as rectangles within `width` × `height`."""
    most = max((row[value] for row in rows), default=0) or 1
    step = width / max(1, len(rows))
    return [
        {
            "x": round(number * step, 1),
            "width": round(step * 0.8, 1),
            "height": round(height * row[value] / most, 1),
            "row": row,
        }
        for number, row in enumerate(rows)
    ]


def _by_name(row: Row) -> tuple[str, str]:
    return row["name"].casefold(), row["_id"]


def _cell(row: Row) -> Cell:
    return Cell(row["status"], row["progress"], row["time_spent"], row["attempts"], row["correct_share"])
