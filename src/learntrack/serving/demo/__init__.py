"""A small demo school with six weeks of history, to try the service with."""

from collections.abc import Mapping
from datetime import timedelta

from learntrack.documents import (
    Classroom,
    Content,
    CourseSession,
    DaysKept,
    Facility,
    FormerEntry,
    ItemRollup,
    LearnerGroup,
    Lesson,
    Quiz,
    RecordingPermit,
)
from learntrack.documents.base import Stored
from learntrack.domain import moments
from learntrack.domain.attempt_limits import AttemptLimits
from learntrack.privacy.service import Privacy
from learntrack.roster.schemas import Roster
from learntrack.roster.service import RosterService
from learntrack.serving.demo.contents import COURSE, LESSONS, UNIT
from learntrack.serving.demo.ids import demo_id
from learntrack.serving.demo.people import LEARNERS, ROOMS, STAFF
from learntrack.serving.demo.school import CHANNEL, GROUP, NOT_WHOLE, SCHOOL, TOUR, facility, items, roster
from learntrack.serving.demo.story import Story
from learntrack.settings import Settings
from learntrack.settings.limits import Limits
from learntrack.storage import Database
from learntrack.storage.transactions import Tx
from learntrack.tracking import recording
from learntrack.tracking.jobs import StartJob
from learntrack.tracking.unit_of_work import UnitOfWork

VIDEO, EXERCISE, QUIZ, LESSON, CLASS = (demo_id(name) for name in ("video", "exercise", "quiz", "lesson", "A"))
PEOPLE = {name: demo_id(name) for name in ("Ada", "Carla", "Adam")}
"""Those whose tokens are made: a learner of class A, its coach, and the facility's admin."""
_PATIENCE = 60.0


async def load(db: Database, settings: Settings) -> bool:
    """Load the demo school, unless it is there already. Returns whether it was not.

    Of the settings it leaves out what callers may send: the school is always the same.
    """
    there = await db.find_one(Facility, {"_id": SCHOOL})
    if there is not None:
        if there["name"] != NOT_WHOLE:
            return False
        await remove(db, settings)  # what somebody has begun to load, or to take away, and was killed
    settings = settings.model_copy(update={name: field.default for name, field in Limits.model_fields.items()})
    await _remember_no_removal(db)
    await RosterService(db, settings.max_roster_records).write(roster())
    now = moments.now() - timedelta(seconds=1)
    try:
        for person in LEARNERS:
            await _record(db, settings, Story(person, settings, now))
        await _say(db, settings, whole=True)
    except Exception:
        await remove(db, settings)  # half a school is of no use to anybody
        raise
    return True


async def _say(db: Database, settings: Settings, *, whole: bool) -> None:
    await RosterService(db, settings.max_roster_records).write(Roster(facilities=[facility(whole=whole)]))


async def _remember_no_removal(db: Database) -> None:
    """Let be recorded again what its people did before they were taken away: of somebody who has been forgotten it is
    not, and all that they did is long past. Who is being taken away still stays so.
    """
    own = [RecordingPermit.id_of(user) for user in _people()]

    async def work(tx: Tx) -> None:
        permits = await db.load(RecordingPermit, db.by_ids(RecordingPermit, own, []), tx)
        if ended := [permit.id for permit in permits if permit.user_id is None]:
            await db.remove(RecordingPermit, db.by_ids(RecordingPermit, ended, []), tx)

    await db.transaction(work)


def _people() -> list[str]:
    return [demo_id(name) for name in [*(person.key for person in LEARNERS), *STAFF]]


async def _record(db: Database, settings: Settings, story: Story) -> None:
    """Record what one learner did, all of it in one transaction: the rules are those of any recording."""
    limits = AttemptLimits(settings.max_attempt_interactions, settings.max_attempt_bytes)

    async def work(tx: Tx) -> None:
        unit = UnitOfWork(db, tx)
        await unit.load([job for job in story.jobs if isinstance(job, StartJob)])
        for job in story.jobs:
            if isinstance(job, StartJob):
                recording.start(job, unit)
            else:
                recording.update(job, unit, limits)
        await unit.store()

    if story.jobs:
        await db.transaction(work, patience=_PATIENCE)


async def remove(db: Database, settings: Settings) -> int:
    """Take the demo school away, with all that was recorded in it. Returns how many documents there were."""
    if await db.find_one(Facility, {"_id": SCHOOL}, {"_id": 1}) is not None:
        await _say(db, settings, whole=False)
    removed = 0
    privacy = Privacy(db, settings, patience=float("inf"))
    for user in _people():
        removed += sum((await privacy.remove(user)).removed.values())
    ids = {
        SCHOOL,
        GROUP,
        COURSE,
        UNIT,
        TOUR,
        *map(demo_id, ROOMS),
        *(item.id for _, item in items()),
        *(lesson.id for lessons in LESSONS.values() for lesson in lessons),
    }
    own = {"_id": {"$in": sorted(ids)}}
    parts: Mapping[type[Stored], Mapping[str, object]] = {
        ItemRollup: {"facility_id": SCHOOL},
        DaysKept: {"_id": SCHOOL},
        **dict.fromkeys((Lesson, Quiz, CourseSession, Content, FormerEntry, LearnerGroup, Classroom, Facility), own),
    }

    async def work(tx: Tx) -> int:
        return sum([await db.remove(kind, query, tx) for kind, query in parts.items()])

    return removed + await db.transaction(work)


def tour(address: str, tokens: dict[str, str]) -> str:
    """Commands that show what the service does, ready to paste."""
    return f"""
The demo school is loaded. Try (tokens hold for a day):

export ADA='{tokens["Ada"]}'
export CARLA='{tokens["Carla"]}'

# Ada, a learner, goes on with the video where she left off
ANSWER=$(curl -s {address}/api/logger/contentsession -H "Authorization: Bearer $ADA" \\
  -H 'Content-Type: application/json' -d '{{"node_id": "{demo_id("video node")}", "content_id": "{VIDEO}",
       "channel_id": "{CHANNEL}", "kind": "video"}}')
echo "$ANSWER"

# … and watches five more minutes
SESSION=$(echo "$ANSWER" | sed 's/.*"session_id":"\\([0-9a-f]*\\)".*/\\1/')
curl -s -X PUT "{address}/api/logger/contentsession/$SESSION" -H "Authorization: Bearer $ADA" \\
  -H 'Content-Type: application/json' -d '{{"progress_delta": 0.2, "time_spent_delta": 300}}'

# Carla, the coach of class A, asks for her learners' newest tries
curl -s '{address}/api/logger/masterylog?classroom={demo_id("A")}&page_size=3' -H "Authorization: Bearer $CARLA"

# … and for what has changed between Ada's last two tries at the exercise
curl -s '{address}/api/logger/masterylog/0/diff?content={EXERCISE}&user={PEOPLE["Ada"]}' \\
  -H "Authorization: Bearer $CARLA"
"""
