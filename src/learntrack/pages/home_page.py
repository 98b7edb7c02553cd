"""The classes of a viewer at a glance."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from learntrack.access.may_read import Readable
from learntrack.logs.service import Logs
from learntrack.pages.class_view import WEEK
from learntrack.pages.days import days_of, small_bars
from learntrack.pages.figures import Figures
from learntrack.pages.periods import Period
from learntrack.pages.school import ClassRoster, class_roster
from learntrack.pages.viewer import Viewer, members_by_room
from learntrack.pages.words import Words
from learntrack.reports.filters import ReportFilters
from learntrack.storage import Database
from learntrack.storage.database import Row

CLASSES = 24
"""Classes whose figures one page shows."""
_DAYS = 14


class RoomLine(Struct):
    """A class: how many learners it has, need help and have worked in the last seven days."""

    id: str
    name: str
    learners: int
    groups: int
    last: datetime | None
    worked: int
    needing: frozenset[str] = frozenset()
    bars: list[tuple[float, float, bool]] = []

    @property
    def help(self) -> int:
        """How many learners need help."""
        return len(self.needing)

    @property
    def days_with_work(self) -> int:
        """Of the days that the bars show."""
        return sum(not dash for _, _, dash in self.bars)


async def room_lines(db: Database, viewer: Viewer, rooms: Sequence[Row], words: Words, *, skip: int) -> list[RoomLine]:
    """The classes, last change first, those without work last; `CLASSES` of them with their figures."""
    members = await members_by_room(db, viewer, [room["_id"] for room in rooms])
    last = await Logs(db).last_activity(Readable(sorted({one for these in members.values() for one in these})))
    lines = [(_line(room, members[room["_id"]], last, words), room) for room in rooms]
    lines.sort(
        key=lambda each: (each[0].last is None, -(each[0].last or words.now).timestamp(), each[0].name.casefold())
    )
    shown = lines[skip : skip + CLASSES]
    for line, room in shown:
        school = await class_roster(db, viewer, room, contents=False)
        line.groups = len(school.groups)
        if line.last is not None:
            await _figures(db, line, school, words)
    return [line for line, _ in shown]


def _line(room: Row, learners: Sequence[str], last: Mapping[str, datetime], words: Words) -> RoomLine:
    times = [last[learner] for learner in learners if learner in last]
    worked = sum(words.now - time <= WEEK for time in times)
    return RoomLine(room["_id"], room["name"], len(learners), 0, max(times, default=None), worked)


async def _figures(db: Database, line: RoomLine, school: ClassRoster, words: Words) -> None:
    figures = Figures(db, school)
    states = await figures.states()
    line.needing = frozenset(learner for (learner, _), state in states.items() if state.word == "help")
    first = words.today - timedelta(days=_DAYS - 1)
    since, until = Period("days", first, words.today).moments(words)
    rows = await figures.report("daily-activity", ReportFilters(since=since, until=until))
    line.bars = small_bars(days_of(rows, first, words.today))


def part_in_words(skip: int, shown: int, all_: int, words: Words) -> str:
    """Which of the classes are shown, and so summed up; nothing where these are all."""
    if not 0 < shown < all_:
        return ""
    first, last = words.number(skip + 1), words.number(skip + shown)
    return words.say("Classes %(first)s to %(last)s of %(all)s", first=first, last=last, all=words.number(all_))


def sum_in_words(lines: Sequence[RoomLine], words: Words) -> str:
    """How many learners need help, in how many classes; who is in two of them counts once."""
    stuck = len(frozenset().union(*(line.needing for line in lines)))
    classes = sum(line.help > 0 for line in lines)
    if not stuck:
        return words.say("Nobody needs help at the moment.")
    return words.some(
        "%(count)s learner needs help now, in %(classes)s of %(all)s classes.",
        "%(count)s learners need help now, in %(classes)s of %(all)s classes.",
        stuck,
        classes=words.number(classes),
        all=words.number(len(lines)),
    )
