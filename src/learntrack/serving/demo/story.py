"""What happened in the demo school during six weeks: the jobs that the learners' apps would have sent, day by day."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from learntrack.domain.ids import new_id
from learntrack.domain.mastery import TestType
from learntrack.serving.demo.contents import (
    ADD_UNLIKE,
    COURSE,
    GROUP_QUIZ,
    LESSONS,
    UNIT,
    UNIT_TASKS,
    DemoLesson,
    Item,
    Task,
)
from learntrack.serving.demo.ids import demo_id
from learntrack.serving.demo.people import Person
from learntrack.serving.demo.school import CHANNEL
from learntrack.settings import Settings
from learntrack.tracking.jobs import Job
from learntrack.tracking.requests import start_job, update_job
from learntrack.tracking.schemas import Interaction, MasteryModel, SessionStart, SessionUpdate

WEEKS = 6
_ZONE = ZoneInfo("Africa/Nairobi")
_MOST_TRIES = 3
_ABSENT_SINCE = timedelta(weeks=3)


@dataclass
class Story:
    """What one learner does; `jobs` are in the order in which they happen.

    Args:
        person: Who.
        settings: The limits of what may be recorded.
        now: The present, which nothing comes after.

    """

    person: Person
    settings: Settings
    now: datetime
    jobs: list[Job] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Tell it."""
        self._chance = random.Random(f"2026 {self.person.key}")  # noqa: S311 - a school that is the same every time
        self._at = self.now
        self._went = True
        if self.person.pace != "nothing":
            self._tell()

    def _tell(self) -> None:
        steps = self._steps()
        for morning in self._mornings():
            self._at = morning
            for _ in range(self._chance.choice((1, 1, 2))):
                step = next(steps, None)
                if step is None:
                    return
                lesson, item = step
                self._learn(lesson, item)
                if self._at >= self.now:
                    return

    def _mornings(self) -> Iterator[datetime]:
        """The days on which they work, weekends left out; the last is today, some minutes ago."""
        share = {"steady": 0.7, "struggling": 0.75, "absent": 0.8, "slow": 0.5, "nothing": 0.0}[self.person.pace]
        share *= {"A": 1.0, "B": 0.4, "C": 0.25}[self.person.room]
        today = self.now.astimezone(_ZONE).date()
        for back in range(7 * WEEKS, 0, -1):
            day = today - timedelta(days=back)
            here = self.person.pace != "absent" or back > _ABSENT_SINCE.days
            if day.weekday() < 5 and here and self._chance.random() < share:
                start = datetime.combine(day, time(8), _ZONE)
                yield start + timedelta(minutes=self._chance.randrange(180))
        if self.person.pace == "struggling" or (self.person.pace == "steady" and self._chance.random() < 0.6):
            yield self.now - timedelta(minutes=self._chance.randrange(12, 55))

    def _steps(self) -> Iterator[tuple[DemoLesson, Item | TestType]]:
        """What they do in order: lesson by lesson, an exercise again while it is too hard, and the unit's tests."""
        for number, lesson in enumerate(LESSONS[self.person.room]):
            if self.person.room == "A" and number == 2:
                yield lesson, "pre"
            for item in lesson.items:
                if item == GROUP_QUIZ and not self.person.in_group:
                    continue
                yield from self._until_it_goes(lesson, item)
            if self.person.room == "A" and number == 2:
                yield lesson, "post"

    def _until_it_goes(self, lesson: DemoLesson, item: Item) -> Iterator[tuple[DemoLesson, Item | TestType]]:
        for _ in range(_MOST_TRIES):
            yield lesson, item
            if self._went or self._chance.random() < 0.3:
                break
        if item == ADD_UNLIKE or (item.kind == "exercise" and self._chance.random() < 0.25):
            yield lesson, item  # once more: another try where the one before is finished

    def _learn(self, lesson: DemoLesson, item: Item | TestType) -> None:
        self._went = True
        if isinstance(item, str):
            start = SessionStart(unit_id=UNIT, course_session_id=COURSE, test_type=item)
            self._answer(self._start(start), UNIT_TASKS, 0.7 if item == "pre" else 0.4, ends=True)
        elif item.kind == "quiz":
            self._answer(self._start(SessionStart(quiz_id=item.id)), item.tasks, item.hard, ends=True)
        elif item.kind == "exercise":
            self._went = self._exercise(lesson, item)
            self._at += timedelta(minutes=2 if self._went else 6)
        else:
            self._look(lesson, item)

    def _look(self, lesson: DemoLesson, item: Item) -> None:
        """Watch, listen or read, most of the time to the end."""
        session = self._start(self._node(lesson, item))
        parts = (0.5, 0.5) if self._chance.random() < 0.55 + self.person.skill / 2 else (0.5, 0.25)
        for part in parts:
            seconds = float(self._chance.randrange(90, 240))
            self._update(session, SessionUpdate(progress_delta=part, time_spent_delta=seconds), seconds)

    def _exercise(self, lesson: DemoLesson, item: Item) -> bool:
        start = self._node(lesson, item)
        start.mastery_model, start.repeat = MasteryModel("m_of_n", 4, 5), True
        return self._answer(self._start(start), item.tasks, item.hard, ends=False)

    def _node(self, lesson: DemoLesson, item: Item) -> SessionStart:
        return SessionStart(
            node_id=demo_id(f"{item.name} node"),
            content_id=item.id,
            channel_id=CHANNEL,
            kind=item.kind,
            lesson_id=lesson.id,
        )

    def _answer(self, session: str, tasks: tuple[Task, ...], hard: float, *, ends: bool) -> bool:
        """Answer the tasks; an exercise is mastered by four right of the last five. Returns whether it is finished."""
        done: list[bool] = []
        for number, task in enumerate(tasks, start=1):
            likely = min(0.95, max(0.08, 0.55 + self.person.skill - hard - 0.1 * (self.person.pace == "struggling")))
            right = self._chance.random() < likely
            sent = list(self._interactions(f"question {number}", task, right=right, may_repeat=not ends))
            done.append(right)
            mastered = sum(done[-5:]) >= 4
            progress = number / len(tasks) if ends else 1.0 if mastered else min(0.9, sum(done) / 5)
            seconds = sent[-1].time_spent
            change = SessionUpdate(progress=progress, time_spent_delta=seconds, interactions=sent)
            self._update(session, change, seconds)
            if mastered and not ends:
                return True
        return ends

    def _interactions(self, name: str, task: Task, *, right: bool, may_repeat: bool) -> Iterator[Interaction]:
        """Perhaps a hint or a second answer after a wrong one."""
        seconds = float(self._chance.randrange(12, 75))
        if right:
            yield _answered(name, task.right, 1.0, seconds)
            return
        given = task.wrong[0] if self._chance.random() < 0.65 else self._chance.choice(task.wrong)
        yield _answered(name, given, 0.0, seconds)
        if may_repeat and self._chance.random() < 0.4:
            yield Interaction(item=name, correct=0.0, time_spent=seconds + 15, answer={}, hinted=True)
            yield _answered(name, task.right if self._chance.random() < 0.6 else given, 0.0, seconds + 40)

    def _start(self, start: SessionStart) -> str:
        session = new_id()
        job = start_job(
            start, session_id=session, user_id=demo_id(self.person.key), visitor_id=None, at=self._at, key=None
        )
        self.jobs.append(job)
        return session

    def _update(self, session: str, change: SessionUpdate, seconds: float) -> None:
        self._at = min(self.now, self._at + timedelta(seconds=seconds))
        user = demo_id(self.person.key)
        self.jobs.append(update_job(session, change, self.settings, user_id=user, at=self._at, key=None))


def _answered(name: str, answer: str, correct: float, seconds: float) -> Interaction:
    return Interaction(
        item=name,
        correct=correct,
        time_spent=seconds,
        answer={"value": answer},
        simple_answer=answer,
        complete=correct == 1,
    )
