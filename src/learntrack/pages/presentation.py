"""How figures look on a page: signs, words, charts; plain values without a database."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from learntrack.domain.shares import per_cent
from learntrack.storage.database import Row

STATUSES = {"not started": "·", "started": "◐", "needs help": "▲", "mastered": "✓", "finished": "✓"}
"""Each status of the report progress with its sign, so that nothing is told by colour alone."""
DONE = ("mastered", "finished")

QUIZ_COLUMNS = {"user_id": "text", "name": "text", "status": "text"} | dict.fromkeys(
    ("correct", "answered", "time_spent", "correct_diff", "better", "worse", "same"), "number"
)
"""The columns of a quiz's results by learner, each with what kind of values it has."""


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
            parts += [f"{per_cent(self.progress)}% done", f"{duration(self.time_spent)}"]
        if self.attempts and self.correct_share is not None:
            parts.append(f"{self.attempts} attempts, {per_cent(self.correct_share)}% right")
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


def overview(learners: Sequence[Row], rows: list[Row], titles: dict[str, str], *, sort: str) -> Overview:
    """Learners by contents, of rows of the progress report; sorted by name, mastered or time_spent."""
    shown = {
        row["content_id"]: {"id": row["content_id"], "kind": row["kind"], "title": titles.get(row["content_id"])}
        for row in rows
    }
    contents = sorted(shown.values(), key=lambda content: (content["kind"], content["title"] or "", content["id"]))
    cells = {(row["user_id"], row["content_id"]): _cell(row) for row in rows}
    lines = [
        _line(learner, [cells.get((learner["_id"], content["id"]), Cell()) for content in contents])
        for learner in learners
    ]
    if sort in ("mastered", "time_spent"):
        lines.sort(key=lambda line: -getattr(line, sort))
    return Overview(contents, lines, rows)


def _line(learner: Row, cells: list[Cell]) -> Line:
    mastered = sum(cell.status in DONE for cell in cells)
    return Line(learner["_id"], learner["name"], cells, mastered, sum(cell.time_spent for cell in cells))


def _cell(row: Row) -> Cell:
    return Cell(row["status"], row["progress"], row["time_spent"], row["attempts"], row["correct_share"])


def percent(share: float) -> str:
    """A share in whole per cent, never more than it is."""
    return f"{per_cent(share)}\u00a0%"


def duration(seconds: float) -> str:
    """A time in words: `45 s`, `12 min`, `3 h 5 min`."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def what_next(rows: Sequence[Row]) -> list[Row]:
    """What to look at next: what the learner struggles with, then what was begun and left, the latest first."""
    oldest = datetime.min.replace(tzinfo=rows[0]["last_activity"].tzinfo) if rows else datetime.min
    unfinished = [row for row in rows if row["status"] not in DONE]
    return sorted(
        unfinished, key=lambda row: (row["status"] != "needs help", -(row["last_activity"] - oldest).total_seconds())
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
