"""A school with a history, of which every report can be asked."""

import copy
import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

from learntrack.domain import moments
from tests.support import ROOT, Person, School, new_id

ZONE = "Asia/Kolkata"


QUESTIONS = 5
"""Questions of the quiz, of which four are ever asked."""


BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


AFTER_ALL = datetime.max.replace(tzinfo=UTC)


ITEMS = [f"q{number}" for number in range(4)]


WRONG = ["1/2", "4/3", "7", "=1+1", ""]


class World:
    """A school with three weeks of history, recorded through the API as an offline client would."""

    def __init__(self, school: School, seed: int = 11) -> None:
        self.school, self.api = school, school.api
        self.chance = random.Random(seed)
        self.exercises, self.video, self.own_quiz = [new_id(), new_id()], new_id(), new_id()
        self.hard = new_id()
        self.completions: list[tuple[str, datetime]] = []
        self.since, self.until = BEFORE_ALL, AFTER_ALL

    async def populate(self) -> "World":
        school = self.school
        self.rooms = {name: [await school.learner(name) for _ in range(3)] for name in ("A1", "A2")}
        self.idle = await school.learner("A1")
        self.coach, self.admin = await school.coach("A1"), await school.coach("facility", "admin")
        self.quiz, self.lesson = await school.quiz("A1"), await school.lesson("A1")
        self.planned = await school.lesson("A2")
        await self.name_things()
        now = moments.now()
        for room, learners in self.rooms.items():
            for learner in learners:
                for number in range(8):
                    await self.study(
                        learner, room, now - timedelta(days=21 - 2.5 * number, minutes=self.chance.randrange(300))
                    )
        await self.struggle(now)
        await self.tests_of_units(now)
        self.learners = [*self.rooms["A1"], *self.rooms["A2"], self.idle]
        await self.leave_and_come_back()
        await self.look()
        return self

    async def leave_and_come_back(self) -> None:
        """One learner leaves A1 for good, one leaves A2 and comes back."""
        self.gone, back = self.rooms["A1"].pop(), self.rooms["A2"][0]
        for learner, room in ((self.gone, "A1"), (back, "A2")):
            place = {"user_id": learner.id, "collection_id": self.school.places[room]}
            await self.api.roster(ROOT, remove={"memberships": [place]})
        await self.api.roster(ROOT, memberships=[place])

    async def look(self) -> None:
        """Read what is stored of the learners, each try with all of its attempts."""
        theirs = {"user_id": {"$in": [learner.id for learner in self.learners]}}
        self.sessions = await self.api.db.find("content_sessions", theirs)
        self.summaries = await self.api.db.find("content_summaries", theirs)
        self.tries = await self.api.db.find("mastery_logs", theirs)
        chunks = await self.api.db.find("attempt_overflow", theirs)
        for tried in self.tries:
            older = [attempt for chunk in chunks if chunk["holder_id"] == tried["_id"] for attempt in chunk["attempts"]]
            tried["attempts"] = [*older, *tried["attempts"]]

    async def name_things(self) -> None:
        """One lesson has contents, one of which nobody uses; the quiz has more questions than are asked."""
        self.resources = [self.exercises[0], self.video, new_id()]
        await self.api.roster(
            ROOT,
            facilities=[{"id": self.school.facility, "name": "A school", "timezone": ZONE}],
            lessons=[{"id": self.planned, "title": "Planned", "content_ids": self.resources}],
            quizzes=[{"id": self.quiz, "title": "Quiz", "question_count": QUESTIONS}],
            contents=[{"id": self.video, "title": "A film", "kind": "video"}],
        )

    async def study(self, learner: Person, room: str, at: datetime) -> None:
        chance, session = self.chance, new_id()
        kind = chance.choice(["video", "exercise", "exercise", "exercise", "quiz", "own quiz"])
        ids = {"node_id": new_id(), "channel_id": new_id()}
        lesson = {"lesson_id": self.lesson} if room == "A1" and chance.random() < 0.5 else {}
        start: dict[str, Any]
        if kind == "quiz" and room == "A1":
            start = {"quiz_id": self.quiz}
        elif kind == "exercise":
            content = chance.choice(self.exercises)
            start = {
                **ids,
                "kind": kind,
                "content_id": content,
                "mastery_model": {"type": "do_all"},
                "repeat": True,
                **lesson,
            }
        elif kind == "own quiz":
            start = {**ids, "kind": "quiz", "content_id": self.own_quiz, "repeat": True, **lesson}
        else:
            start = {**ids, "kind": "video", "content_id": self.video, "repeat": chance.random() < 0.3, **lesson}
        items = [{"key": new_id(), "occurred_at": at.isoformat(), "session_id": session, "start": start}]
        for number in range(chance.randrange(1, 5)):
            moment = at + timedelta(seconds=40 * (number + 1))
            change: dict[str, Any] = {"time_spent_delta": chance.choice([7.5, 30, 61]), "progress_delta": 0.2}
            if start.get("kind") != "video":
                change["interactions"] = [self.interaction() for _ in range(chance.randrange(1, 4))]
            if chance.random() < 0.25:
                change |= {"progress": 1, "progress_delta": None}
            items.append({"key": new_id(), "occurred_at": moment.isoformat(), "session_id": session, "update": change})
        await self.deliver(learner, items)

    async def struggle(self, now: datetime) -> None:
        """Two learners make no way in an exercise, one after ten attempts, one after nine."""
        for learner, attempts in ((self.rooms["A2"][1], 10), (self.rooms["A2"][2], 9)):
            start = {"node_id": new_id(), "channel_id": new_id(), "kind": "exercise", "content_id": self.hard}
            start |= {"mastery_model": {"type": "do_all"}, "repeat": True}
            at, session = now - timedelta(days=12), new_id()
            answers = [self.interaction() | {"correct": number < 2, "replace": False} for number in range(attempts)]
            items = [{"key": new_id(), "occurred_at": at.isoformat(), "session_id": session, "start": start}]
            for number, answer in enumerate(answers):
                moment = at + timedelta(seconds=40 * (number + 1))
                update = {"interactions": [answer | {"item": f"h{number}"}], "time_spent_delta": 9.5}
                items.append(
                    {"key": new_id(), "occurred_at": moment.isoformat(), "session_id": session, "update": update}
                )
            await self.deliver(learner, items)

    async def deliver(self, learner: Person, items: list[dict[str, Any]]) -> None:
        """Send what was done, and note what the answers say was complete then."""
        answer = await self.api.answer("POST", "/api/logger/contentsession/batch", learner, json={"items": items})
        for item, result in zip(items, answer["results"], strict=True):
            if "update" in item and result["status"] == 200 and result["body"]["complete"]:
                self.completions.append((item["session_id"], datetime.fromisoformat(item["occurred_at"])))

    def within(self, since: datetime, until: datetime) -> "World":
        """The same, of which the naive answers take a period."""
        narrowed = copy.copy(self)
        narrowed.since, narrowed.until = since, until
        return narrowed

    def has(self, moment: datetime | None) -> bool:
        """Whether a moment is in the period that is asked about."""
        return moment is not None and self.since <= moment < self.until

    async def tests_of_units(self, now: datetime) -> None:
        """Two learners take tests of two units: both, one of them, one twice, and one that is not handed in."""
        course, units = await self.school.course_session("A1"), [new_id(), new_id()]
        first, second, _ = self.rooms["A1"]
        taken = [
            (first, units[0], "pre", 20, True),
            (first, units[0], "pre", 9, True),
            (first, units[0], "post", 2, True),
            (first, units[1], "post", 1, True),
            (second, units[0], "pre", 12, True),
            (second, units[0], "post", 3, False),
            (second, units[1], "pre", 8, True),
        ]
        for learner, unit, test, days, handed_in in taken:
            blank = (learner, unit) == (second, units[1])
            at, session = now - timedelta(days=days), new_id()
            start = {"unit_id": unit, "test_type": test, "course_session_id": course, "repeat": True}
            answers = {"interactions": [self.interaction() for _ in range(0 if blank else 5)]} | (
                {"progress": 1} if handed_in else {}
            )
            items = [
                {"key": new_id(), "occurred_at": moment.isoformat(), "session_id": session} | what
                for moment, what in ((at, {"start": start}), (at + timedelta(minutes=9), {"update": answers}))
            ]
            await self.deliver(learner, items)

    def interaction(self) -> dict[str, Any]:
        right = self.chance.random() < 0.4
        answer = "3/4" if right else self.chance.choice(WRONG)
        return {
            "item": self.chance.choice(ITEMS),
            "correct": 1 if right else self.chance.choice([0, 0, 0.5]),
            "time_spent": 5,
            "answer": {},
            "simple_answer": answer,
            "complete": True,
            "replace": self.chance.random() < 0.3,
            "hinted": not right and self.chance.random() < 0.3,
            "error": self.chance.random() < 0.1,
        }

    async def report(self, name: str, by: Person, **params: Any) -> list[dict[str, Any]]:
        answer = await self.api.answer("GET", f"/api/reports/{name}", by, params=params)
        assert answer["report"] == name
        assert [column["name"] for column in answer["columns"]] == list(
            answer["results"][0] if answer["results"] else []
        )[:] or not answer["results"]
        return nameless(answer["results"])


NAMES = {"username", "full_name", "lesson", "quiz", "course", "unit", "content", "question", "right_answer"}


def nameless(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows without the names beside ids."""
    return [{key: value for key, value in row.items() if key not in NAMES} for row in rows]


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def grouped(rows: Any, *key: str) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        found[tuple(row[name] for name in key)].append(row)
    return dict(sorted(found.items()))
