"""Lessons: the report `lesson-completion`, from sessions in lessons, who learns what, and summaries."""

from collections import defaultdict

from learntrack.documents import ContentSession, Lesson
from learntrack.domain.moments import milliseconds
from learntrack.domain.portions import in_parts
from learntrack.reports.counted.asked import BATCH, MOST_ROWS, CountedAbout, TooMany, summaries
from learntrack.reports.counted.assigned import assigned_in, learners_by_place, learners_of
from learntrack.reports.learner_contents import is_completed
from learntrack.reports.parts import ROWS, Parts
from learntrack.storage.reading import Reading
from learntrack.storage.some_fields import Values

_OF_SESSION = ("context.lesson_id", "user_id", "content_id", "time_spent", "start_timestamp")
_OF_SUMMARY = ("user_id", "content_id", "progress", "completion_timestamp", "finished_tries")
Key = tuple[str, str | None, str]
"""A lesson, a learner (nobody who is known: None) and a content."""
Standing = dict[tuple[str | None, str], tuple[bool, float]]
"""Of a learner at a content: whether it was ever completed, and the progress."""
Visits = dict[Key, tuple[int, float]]
"""How many sessions there were, and the seconds in them."""


async def lesson_completion(db: Reading, about: CountedAbout) -> Parts:
    """The rows of the report.

    Raises:
        TooMany: there are more than are held here.

    """
    found = await _visits(db, about)
    await _assign(db, about, found)
    standing = await _standing(db, about, found)
    order = sorted(found, key=lambda key: (key[0], key[1] or "", key[2]))
    for part in in_parts(order, ROWS):
        yield [_row(key, found[key], standing.get(key[1:])) for key in part]


def _row(key: Key, visits: tuple[int, float], standing: tuple[bool, float] | None) -> Values:
    done, progress = standing or (False, 0.0)
    status = "done" if done else "not started" if standing is None else "started"
    return *key, status, progress, *visits


async def _visits(db: Reading, about: CountedAbout) -> Visits:
    """What was done in lessons. Indexes: facility_start, owner_start_id."""
    found: Visits = {}
    some = about.logs(_OF_SESSION)
    since, until = (about.period.get(end) and milliseconds(about.period[end]) for end in ("$gte", "$lt"))
    for query in about.parts(where={"context.lesson_id": {"$exists": True}}, moment="start_timestamp"):
        async for part in db.parts(ContentSession, query, some, batch=BATCH):
            for lesson, user, content, seconds, began in part:
                if lesson is None or (since is not None and began < since) or (until is not None and began >= until):
                    continue
                sessions, time_spent = found.get((lesson, user, content), (0, 0.0))
                found[lesson, user, content] = sessions + 1, time_spent + seconds
            _check(found)
    return found


async def _assign(db: Reading, about: CountedAbout, found: Visits) -> None:
    """Add whom a lesson is assigned to, with each of its contents; of a lesson whose contents nobody has named, with
    those that somebody used in it. Indexes: the key, collection_ids.
    """
    places = await learners_by_place(db, about)
    used: dict[str, set[str]] = defaultdict(set)
    for lesson, _, content in found:
        used[lesson].add(content)
    for row in await assigned_in(db, Lesson, places, {"collection_ids": 1, "content_ids": 1}):
        lesson, learners = row["_id"], learners_of(row, places)
        for content in row.get("content_ids") or sorted(used[lesson]):
            for user in learners:
                found.setdefault((lesson, user, content), (0, 0.0))
            _check(found)


async def _standing(db: Reading, about: CountedAbout, found: Visits) -> Standing:
    """Whether each learner has ever completed a content of theirs, and their progress now."""
    wanted = {(user, content) for _, user, content in found}
    standing: Standing = {}
    if not wanted:
        return standing
    async for part in summaries(db, about, _OF_SUMMARY, {content for _, content in wanted}):
        for user, content, progress, completion, finished_tries in part:
            if (user, content) in wanted:
                standing[user, content] = is_completed(progress, completion, finished_tries), progress
    return standing


def _check(found: Visits) -> None:
    if len(found) > MOST_ROWS:
        raise TooMany
