"""A small demo school with a few days of history, to try the service with."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from learntrack.access.actor import Actor
from learntrack.domain import moments
from learntrack.roster.schemas import (
    ClassroomRecord,
    FacilityRecord,
    LearnerGroupRecord,
    LessonRecord,
    MembershipRecord,
    QuizRecord,
    RoleRecord,
    Roster,
    UserRecord,
)
from learntrack.roster.service import RosterService
from learntrack.settings import Settings
from learntrack.storage import Database
from learntrack.tracking.schemas import Interaction, MasteryModel, SessionStart, SessionStarted, SessionUpdate
from learntrack.tracking.service import Tracking

_SPACE = UUID("6c656172-6e74-5261-836b-0000000000de")
_DAYS = 4
_ITEMS = 5


def _id(name: str) -> str:
    return uuid5(_SPACE, name).hex


_LEARNERS = {"A": ("Ada", "Ben", "Cleo", "Dan"), "B": ("Eve", "Finn", "Gita", "Hugo")}
CHANNEL, VIDEO, EXERCISE, QUIZ, LESSON = (_id(name) for name in ("channel", "video", "exercise", "quiz", "lesson"))
PEOPLE = {name: _id(name) for name in ("Ada", "Carla", "Adam")}
"""Those whose tokens are printed: a learner of class A, its coach, and the facility's admin."""


async def load(db: Database, settings: Settings) -> None:
    """Load the demo school, unless it is there already."""
    if await db.find_one("facilities", {"_id": _id("school")}) is not None:
        return
    await RosterService(db, settings.max_roster_records).write(_roster())
    start = moments.now() - timedelta(days=_DAYS)
    chance = random.Random(2026)  # noqa: S311 - a school that is the same every time
    for day in range(_DAYS):
        for number, learner in enumerate(name for names in _LEARNERS.values() for name in names):
            if chance.random() < 0.8:
                await _study(db, settings, learner, start + timedelta(days=day, minutes=17 * number), day, chance)


def _roster() -> Roster:
    learners = [(name, room) for room, names in _LEARNERS.items() for name in names]
    staff = ("Carla", "Adam")
    return Roster(
        facilities=[FacilityRecord(_id("school"), "Demo school")],
        classrooms=[ClassroomRecord(_id(room), f"Class {room}", _id("school")) for room in _LEARNERS],
        learner_groups=[LearnerGroupRecord(_id("red"), "Red group", _id("A"))],
        users=[
            UserRecord(_id(name), name.lower(), _id("school"), name)
            for name in (*(name for name, _ in learners), *staff)
        ],
        memberships=[MembershipRecord(_id(name), _id(room)) for name, room in learners]
        + [MembershipRecord(_id("Ada"), _id("red"))],
        roles=[RoleRecord(_id("Carla"), _id("A"), "coach"), RoleRecord(_id("Adam"), _id("school"), "admin")],
        lessons=[LessonRecord(LESSON, "Fractions", [_id("A")])],
        quizzes=[QuizRecord(QUIZ, "Fractions quiz", True, [_id("A")])],
    )


async def _study(
    db: Database, settings: Settings, learner: str, when: datetime, day: int, chance: random.Random
) -> None:
    """A learner's day: a video, an exercise, and on the third day the quiz."""
    clock = _Clock(when)
    tracking = Tracking(db, settings, clock)
    by = Actor(_id(learner))
    skill = 0.35 + 0.15 * day + 0.2 * chance.random()
    watched = await _started(
        tracking, SessionStart(node_id=_id("video node"), content_id=VIDEO, channel_id=CHANNEL, kind="video"), by
    )
    clock.tick(300)
    await tracking.update(watched, SessionUpdate(progress_delta=0.4, time_spent_delta=300), by=by)
    exercise = SessionStart(
        node_id=_id("exercise node"),
        content_id=EXERCISE,
        channel_id=CHANNEL,
        kind="exercise",
        mastery_model=MasteryModel("m_of_n", 3, 5),
        repeat=True,
    )
    await _answer(
        tracking, clock, await _started(tracking, exercise, by), by, skill, chance, finish=chance.random() < skill
    )
    if day == 2 and learner in _LEARNERS["A"]:
        await _answer(
            tracking, clock, await _started(tracking, SessionStart(quiz_id=QUIZ), by), by, skill, chance, finish=True
        )


async def _started(tracking: Tracking, start: SessionStart, by: Actor) -> str:
    started = (await tracking.start(start, by=by)).body
    assert isinstance(started, SessionStarted)
    return started.session_id


async def _answer(
    tracking: Tracking, clock: "_Clock", session: str, by: Actor, skill: float, chance: random.Random, *, finish: bool
) -> None:
    for number, interaction in enumerate(_interactions(skill, chance), start=1):
        clock.tick(interaction.time_spent)
        progress = number / _ITEMS if finish else 0.15 * number
        await tracking.update(
            session,
            SessionUpdate(progress=progress, time_spent_delta=interaction.time_spent, interactions=[interaction]),
            by=by,
        )


def _interactions(skill: float, chance: random.Random) -> Iterator[Interaction]:
    for number in range(1, _ITEMS + 1):
        correct = chance.random() < skill
        answer = "3/4" if correct else chance.choice(("4/3", "1/2", "7"))
        yield Interaction(
            item=f"question {number}",
            correct=float(correct),
            time_spent=float(chance.randint(8, 60)),
            answer={"value": answer},
            simple_answer=answer,
            complete=True,
        )


class _Clock:
    """The demo's own time."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def __call__(self) -> datetime:
        return self._moment

    def tick(self, seconds: float) -> None:
        self._moment += timedelta(seconds=seconds)


def tour(address: str, tokens: dict[str, str]) -> str:
    """Commands that show what the service does, ready to paste."""
    return f"""
The demo school is loaded. Try (tokens hold for a day):

export ADA='{tokens["Ada"]}'
export CARLA='{tokens["Carla"]}'

# Ada, a learner, goes on with the video where she left off
ANSWER=$(curl -s {address}/api/logger/contentsession -H "Authorization: Bearer $ADA" \\
  -H 'Content-Type: application/json' -d '{{"node_id": "{_id("video node")}", "content_id": "{VIDEO}",
       "channel_id": "{CHANNEL}", "kind": "video"}}')
echo "$ANSWER"

# … and watches five more minutes
SESSION=$(echo "$ANSWER" | sed 's/.*"session_id":"\\([0-9a-f]*\\)".*/\\1/')
curl -s -X PUT "{address}/api/logger/contentsession/$SESSION" -H "Authorization: Bearer $ADA" \\
  -H 'Content-Type: application/json' -d '{{"progress_delta": 0.2, "time_spent_delta": 300}}'

# Carla, the coach of class A, asks for her learners' newest tries
curl -s '{address}/api/logger/masterylog?classroom={_id("A")}&page_size=3' -H "Authorization: Bearer $CARLA"

# … and for what has changed between Ada's last two tries at the exercise
curl -s '{address}/api/logger/masterylog/0/diff?content={EXERCISE}&user={PEOPLE["Ada"]}' \\
  -H "Authorization: Bearer $CARLA"
"""
