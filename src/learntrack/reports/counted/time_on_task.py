"""Time on task: the report `time-on-task`, from learner-days and the sessions of days that are not among them yet."""

from collections.abc import AsyncGenerator

from learntrack.documents import ContentSession
from learntrack.reports.counted.asked import BATCH, MOST_ROWS, CountedAbout, TooMany, learner_days
from learntrack.reports.learner_days import KeptDays
from learntrack.reports.parts import Parts, in_order
from learntrack.storage.reading import Reading
from learntrack.storage.some_fields import SomeFields, Values

_OF_SESSION = ("content_id", "user_id", "time_spent", "start_timestamp", "end_timestamp")
_OF_DAY = (
    "contents.content_id",
    "user_id",
    *(f"contents.{name}" for name in ("sessions", "time_spent", "first", "last")),
)


async def time_on_task(db: Reading, about: CountedAbout) -> Parts:
    """The rows of the report, where learner-days answer it.

    Raises:
        TooMany: there are more learners at contents than are held here.

    """
    assert about.days is not None, "else sessions are asked"
    found: dict[tuple[str, str], Values] = {}
    async for visits in _visits(db, about, about.days):
        for visit in visits:
            key = visit[0], visit[1]
            told = found.get(key)
            found[key] = visit if told is None else _together(told, visit)
        if len(found) > MOST_ROWS:
            raise TooMany
    for part in in_order(found.values()):
        yield part


def _together(told: Values, visit: Values) -> Values:
    content, user, sessions, seconds, first, last = visit
    return content, user, told[2] + sessions, told[3] + seconds, min(told[4], first), max(told[5], last)


async def _visits(db: Reading, about: CountedAbout, days: KeptDays) -> AsyncGenerator[list[Values], None]:
    """Each learner's visits to a content, those of a day together or one by one. Indexes: facility_day,
    facility_start.
    """
    async for part in learner_days(db, about, days.params["days"], _OF_DAY, "contents"):
        yield part
    async for part in db.parts(ContentSession, days.params["live"], SomeFields(_OF_SESSION), batch=BATCH):
        yield [(content, user, 1, *rest) for content, user, *rest in part if user is not None]
