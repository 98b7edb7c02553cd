"""Time on task: the report `time-on-task`, from learner-days and the sessions of days that are not among them yet."""

from collections.abc import AsyncIterator

from learntrack.documents import ContentSession, LearnerDay
from learntrack.reports.counted.asked import BATCH, MOST_ROWS, CountedAbout, TooMany
from learntrack.reports.learner_days import KeptDays
from learntrack.storage.database import Row
from learntrack.storage.reading import Reading

_OF_SESSION = ("content_id", "user_id", "time_spent", "start_timestamp", "end_timestamp")
_OF_DAY = ("user_id", "contents")


async def time_on_task(db: Reading, about: CountedAbout) -> AsyncIterator[Row]:
    """The rows of the report, where learner-days answer it.

    Raises:
        TooMany: there are more learners at contents than are held here.

    """
    assert about.days is not None, "else sessions are asked"
    found: dict[tuple[str, str], Row] = {}
    async for user, row in _visits(db, about.days):
        key = row["content_id"], user
        told = found.get(key)
        if told is None:
            if len(found) >= MOST_ROWS:
                raise TooMany
            found[key] = {
                "content_id": row["content_id"],
                "user_id": user,
                "sessions": row["sessions"],
                "time_spent": row["time_spent"],
                "first_activity": row["first"],
                "last_activity": row["last"],
            }
            continue
        told["sessions"] += row["sessions"]
        told["time_spent"] += row["time_spent"]
        told["first_activity"] = min(told["first_activity"], row["first"])
        told["last_activity"] = max(told["last_activity"], row["last"])
    for key in sorted(found):
        yield found.pop(key)


async def _visits(db: Reading, days: KeptDays) -> AsyncIterator[tuple[str, Row]]:
    """Each learner's visits to a content, those of a day together or one by one. Indexes: facility_day,
    facility_start.
    """
    async for day in db.each(LearnerDay, days.params["days"], fields=_OF_DAY, batch=BATCH):
        for content in day["contents"]:
            yield day["user_id"], content
    async for session in db.each(ContentSession, days.params["live"], fields=_OF_SESSION, batch=BATCH):
        if session["user_id"] is not None:
            yield session["user_id"], _as_a_day_s(session)


def _as_a_day_s(session: Row) -> Row:
    return {
        "content_id": session["content_id"],
        "sessions": 1,
        "time_spent": session["time_spent"],
        "first": session["start_timestamp"],
        "last": session["end_timestamp"],
    }
