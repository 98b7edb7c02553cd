"""Each report equals a naive computation over a generated school."""

import copy
import csv
import io
import random
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from math import sqrt
from statistics import NormalDist, correlation, mean, median
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from learntrack.domain import moments
from learntrack.reports.questions import questions
from learntrack.reports.rollups import roll_up
from tests.support import ANONYMOUS, ROOT, Api, Person, School, new_id

MOCKED = {"struggling-learners", "time-on-task", "totals"}
"""What mongomock can answer: no $dateTrunc, $sortArray, $setWindowFields, nor $lookup by an array."""
ZONE = "Asia/Kolkata"
QUESTIONS = 5
"""Questions of the quiz, of which four are ever asked."""

BEFORE_ALL, AFTER_ALL = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
ITEMS = [f"q{number}" for number in range(4)]
WRONG = ["1/2", "4/3", "7", "=1+1", ""]


class World:
    """A school with three weeks of history, recorded through the API as an offline client would."""

    def __init__(self, school: School, seed: int = 11) -> None:
        self.school, self.api = school, school.api
        self.chance = random.Random(seed)
        self.exercises, self.video, self.own_quiz = [new_id(), new_id()], new_id(), new_id()
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


NAMES = {"username", "full_name", "lesson", "quiz", "course", "unit", "content"}


def nameless(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows without the names beside ids."""
    return [{key: value for key, value in row.items() if key not in NAMES} for row in rows]


@pytest.fixture(scope="module")
async def world(api: Api) -> World:
    """One that is only read."""
    return await World(await School(api).open()).populate()


@pytest.fixture
async def own_world(school: School) -> World:
    """One that a test may change."""
    return await World(school).populate()


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def grouped(rows: Any, *key: str) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        found[tuple(row[name] for name in key)].append(row)
    return dict(sorted(found.items()))


# The naive answers, over plain lists


def local_day(moment: datetime, zone: str = ZONE) -> date:
    return moment.astimezone(ZoneInfo(zone)).date()


def completed(world: World, user: str, content: str) -> bool:
    """Whether the learner has ever completed the content."""
    summaries = [row for row in world.summaries if (row["user_id"], row["content_id"]) == (user, content)]
    tries = [row for row in world.tries if (row["user_id"], row["content_id"]) == (user, content)]
    return any(row["progress"] >= 1 or row["completion_timestamp"] for row in summaries) or any(
        row["complete"] for row in tries
    )


def visits(world: World) -> list[Any]:
    """The sessions begun in the period."""
    return [row for row in world.sessions if world.has(row["start_timestamp"])]


def first_completion(world: World, user: str, content: str) -> datetime | None:
    """When the answer to an update said first that the learner has completed the content."""
    theirs = {row["_id"] for row in world.sessions if (row["user_id"], row["content_id"]) == (user, content)}
    return min((moment for session, moment in world.completions if session in theirs), default=None)


def latest_answers(tried: Any) -> list[float]:
    """How right the latest answer to each question of a try is."""
    ordered = sorted(tried["attempts"], key=lambda attempt: (attempt["end_timestamp"], attempt["number"]))
    return list({attempt["item"]: attempt["correct"] for attempt in ordered}.values())


def score_of(tried: Any, question_count: int | None) -> float | None:
    answers = latest_answers(tried)
    over = max(question_count or 0, len(answers))
    return sum(answers) / over if over else None


def daily_activity(world: World) -> Any:
    by_day: dict[str, list[Any]] = defaultdict(list)
    for row in visits(world):
        by_day[local_day(row["start_timestamp"]).isoformat()].append(row)
    return [
        {
            "day": day,
            "learners": len({row["user_id"] for row in rows}),
            "sessions": len(rows),
            "time_spent": sum(row["time_spent"] for row in rows),
        }
        for day, rows in sorted(by_day.items())
    ]


def time_on_task(world: World) -> Any:
    return [
        {
            "content_id": content,
            "user_id": user,
            "sessions": len(rows),
            "time_spent": sum(row["time_spent"] for row in rows),
            "first_activity": stamp(min(row["start_timestamp"] for row in rows)),
            "last_activity": stamp(max(row["end_timestamp"] for row in rows)),
        }
        for (content, user), rows in grouped(visits(world), "content_id", "user_id").items()
    ]


def mastery_funnel(world: World) -> Any:
    exercises = [row for row in world.tries if row["mastery_level"] > 0 and world.has(row["start_timestamp"])]
    found = []
    for (content,), rows in grouped(exercises, "content_id").items():
        learners = grouped(rows, "user_id").values()
        minutes = []
        for tries in learners:
            if done := [each["completion_timestamp"] for each in tries if each["complete"]]:
                minutes.append(sum(each["time_spent"] for each in tries if each["start_timestamp"] <= min(done)) / 60)
        found.append(
            {
                "content_id": content,
                "started": len(learners),
                "attempted": sum(any(each["attempt_count"] for each in tries) for tries in learners),
                "mastered": sum(completed(world, tries[0]["user_id"], content) for tries in learners),
                "median_tries": median(len(tries) for tries in learners),
                "median_minutes": median(minutes) if minutes else None,
            }
        )
    return found


def observations(world: World, counts: str | None) -> list[dict[str, Any]]:
    """Every answer that counts, each with how right the same learner (or try) was at the other questions."""
    answers = [
        {**attempt, "content_id": tried["content_id"], "user": tried["user_id"], "try": tried["_id"]}
        | {"counts": counts or ("first" if tried["mastery_level"] < 0 else "all"), "quiz": tried["mastery_level"] < 0}
        for tried in world.tries
        for attempt in tried["attempts"]
        if world.has(attempt["start_timestamp"])
    ]
    found = []
    for rows in grouped(answers, "content_id", "quiz", "user", "item").values():
        first = min(rows, key=lambda row: (row["start_timestamp"], row["number"]))
        latest = max(rows, key=lambda row: (row["end_timestamp"], row["number"]))
        found += {"all": rows, "first": [first], "latest": [latest]}[rows[0]["counts"]]
    for row in found:
        unit = "try" if row["counts"] == "all" else "user"
        others = [
            each["correct"]
            for each in found
            if all(each[name] == row[name] for name in ("content_id", "quiz", unit)) and each["item"] != row["item"]
        ]
        row["rest"] = mean(others) if others else None
    return found


def wilson(p: float, n: int) -> tuple[float, float]:
    z = NormalDist().inv_cdf(0.975)
    centre, half = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (centre - half) / (1 + z * z / n), (centre + half) / (1 + z * z / n)


def item_analysis(world: World, counts: str | None = None) -> Any:
    found = []
    for (content, item), rows in grouped(observations(world, counts), "content_id", "item").items():
        compared = [row for row in rows if row["rest"] is not None]
        x, y = [row["correct"] for row in compared], [row["rest"] for row in compared]
        varies = len(compared) > 1 and max(x) - min(x) > 1e-6 and max(y) - min(y) > 1e-6
        wrong = Counter(row["simple_answer"] for row in rows if row["correct"] < 1 and row["simple_answer"])
        commonest = sorted(wrong.items(), key=lambda entry: (-entry[1], entry[0]))[:3]
        p = mean(row["correct"] for row in rows)
        low, high = wilson(p, len(rows))
        found.append(
            {
                "content_id": content,
                "item": item,
                "attempts": len(rows),
                "difficulty": p,
                "difficulty_low": low,
                "difficulty_high": high,
                "discrimination": correlation(x, y) if varies else None,
                "hint_rate": mean(row["hinted"] for row in rows),
                "error_rate": mean(row["error"] for row in rows),
                "wrong_answers": [{"answer": answer, "attempts": many} for answer, many in commonest],
            }
        )
    return found


def struggling_learners(world: World) -> Any:
    found = []
    for (user, content), rows in grouped(
        [row for row in world.tries if row["mastery_level"] > 0 and world.has(row["start_timestamp"])],
        *("user_id", "content_id"),
    ).items():
        attempts, correct = sum(row["attempt_count"] for row in rows), sum(row["correct_sum"] for row in rows)
        if attempts >= 10 and correct / attempts < 0.5 and not completed(world, user, content):
            found.append(
                {
                    "user_id": user,
                    "content_id": content,
                    "tries": len(rows),
                    "attempts": attempts,
                    "correct_share": correct / attempts,
                    "time_spent": sum(row["time_spent"] for row in rows),
                    "last_activity": stamp(max(row["end_timestamp"] for row in rows)),
                }
            )
    return sorted(found, key=lambda row: (-row["attempts"], row["user_id"], row["content_id"]))


def lesson_completion(world: World) -> Any:
    mine = [row | {"lesson": row["context"]["lesson_id"]} for row in visits(world) if "lesson_id" in row["context"]]
    members = {world.lesson: [*world.rooms["A1"], world.idle], world.planned: world.rooms["A2"]}
    contents = {world.lesson: {row["content_id"] for row in mine}, world.planned: set(world.resources)}
    progress = {(row["user_id"], row["content_id"]): row["progress"] for row in world.summaries}
    found = []
    expected = {
        (key, person.id or "", content)
        for key, people in members.items()
        for person in people
        for content in contents[key]
    }
    used_in = {(row["lesson"], row["user_id"], row["content_id"]) for row in mine}
    for lesson, user in sorted({each[:2] for each in expected | used_in}):
        for content in sorted(each[2] for each in expected | used_in if each[:2] == (lesson, user)):
            rows = [
                row for row in mine if (row["lesson"], row["user_id"], row["content_id"]) == (lesson, user, content)
            ]
            used = (user, content) in progress
            found.append(
                {
                    "lesson_id": lesson,
                    "user_id": user,
                    "content_id": content,
                    "status": "done" if completed(world, user, content) else "started" if used else "not started",
                    "progress": progress.get((user, content), 0.0),
                    "sessions": len(rows),
                    "time_spent": sum(row["time_spent"] for row in rows),
                }
            )
    return found


def quiz_results(world: World) -> Any:
    found = []
    assigned = {learner.id or "" for learner in (*world.rooms["A1"], world.idle)}
    of_quiz = [row for row in world.tries if row["content_id"] == world.quiz and world.has(row["start_timestamp"])]
    for user in sorted(assigned | {row["user_id"] for row in of_quiz}):
        tried = next((row for row in world.tries if row["user_id"] == user and row["content_id"] == world.quiz), None)
        answers = latest_answers(tried) if tried else []
        finished = tried is not None and tried["complete"]
        in_progress = sum(answers) / len(answers) if answers else None
        score = score_of(tried, QUESTIONS) if finished else in_progress
        found.append(
            {
                "quiz_id": world.quiz,
                "user_id": user,
                "status": "not started" if tried is None else "finished" if finished else "started",
                "answered": len(answers),
                "question_count": QUESTIONS,
                "correct": sum(answers),
                "score": score,
                "score_of": None if score is None else "all" if finished else "answered",
                "time_spent": tried["time_spent"] if tried else 0,
                "completion_timestamp": stamp(tried["completion_timestamp"]) if tried and finished else None,
            }
        )
    return found


def improvement(world: World) -> Any:
    found = []
    for (user, content), rows in grouped(world.tries, "user_id", "content_id").items():
        ordered = sorted(rows, key=lambda row: row["_id"], reverse=True)
        ordered.sort(key=lambda row: row["end_timestamp"])
        for before, now in pairwise(ordered):
            if not world.has(now["end_timestamp"]):
                continue
            found.append(
                {
                    "user_id": user,
                    "content_id": content,
                    "mastery_log_id": now["_id"],
                    "end_timestamp": stamp(now["end_timestamp"]),
                    "correct": now["correct_sum"],
                    "correct_diff": now["correct_sum"] - before["correct_sum"],
                    "time_spent": now["time_spent"],
                    "time_spent_diff": now["time_spent"] - before["time_spent"],
                }
            )
    return found


def retention(world: World) -> Any:
    weeks: dict[str, set[Any]] = defaultdict(set)
    begun = {
        user: min(row["start_timestamp"] for row in rows)
        for (user,), rows in grouped(world.sessions, "user_id").items()
    }
    for row in world.sessions:
        if world.has(begun[row["user_id"]]):
            day = local_day(row["start_timestamp"])
            weeks[row["user_id"]].add(day - timedelta(days=day.weekday()))
    found = []
    for cohort in sorted({min(each) for each in weeks.values()}):
        members = [each for each in weeks.values() if min(each) == cohort]
        for week in sorted(set().union(*members)):
            came = sum(week in each for each in members)
            found.append(
                {
                    "cohort": cohort.isoformat(),
                    "weeks_later": (week - cohort).days // 7,
                    "learners": came,
                    "share": came / len(members),
                }
            )
    return found


def totals(world: World) -> Any:
    found = []
    for user in sorted(learner.id or "" for learner in world.learners):
        tries = sum(world.has(row["completion_timestamp"]) for row in world.tries if row["user_id"] == user)
        mine = [row for row in world.summaries if row["user_id"] == user]
        all_done = [row for row in mine if world.has(first_completion(world, user, row["content_id"]))]
        done = sum(not row["has_tries"] for row in all_done)
        if tries or all_done:
            numbers = {"finished_tries": tries, "contents_done": done, "progress": tries + done}
            found.append({"user_id": user} | numbers | {"contents_completed": len(all_done)})
    return found


def needs_help(tries: list[Any]) -> bool:
    """As Kolibri decides it, of tries at an exercise that was never completed."""
    latest = max(tries, key=lambda row: row["end_timestamp"])
    entries = [entry for attempt in latest["attempts"] for entry in attempt["interaction_history"]]
    return sum(not entry.get("correct") for entry in entries) >= 4


def progress(world: World) -> Any:
    found = []
    for summary in sorted(world.summaries, key=lambda row: (row["user_id"], row["content_id"])):
        if not world.has(summary["end_timestamp"]):
            continue
        tries = [row for row in world.tries if row["summary_id"] == summary["_id"]]
        attempts, correct = sum(row["attempt_count"] for row in tries), sum(row["correct_sum"] for row in tries)
        exercise = any(row["mastery_level"] > 0 for row in tries)
        done = completed(world, summary["user_id"], summary["content_id"])
        done_at = first_completion(world, summary["user_id"], summary["content_id"])
        helpless = exercise and not done and needs_help(tries)
        handed_in = [row for row in tries if row["mastery_level"] < 0 and row["complete"]]
        newest = max(handed_in, key=lambda row: row["end_timestamp"], default=None)
        count = QUESTIONS if summary["content_id"] == world.quiz else None
        found.append(
            {
                "user_id": summary["user_id"],
                "content_id": summary["content_id"],
                "kind": summary["kind"],
                "status": ("mastered" if exercise else "finished") if done else "needs help" if helpless else "started",
                "needs_help": helpless,
                "struggling": exercise and not done and attempts >= 10 and correct / attempts < 0.5,
                "progress": summary["progress"],
                "score": score_of(newest, count) if newest else None,
                "time_spent": summary["time_spent"],
                "tries": len(tries),
                "attempts": attempts,
                "correct_share": correct / attempts if attempts else None,
                "last_activity": stamp(summary["end_timestamp"]),
                "completed_at": stamp(done_at) if done_at else None,
            }
        )
    return found


def learning_gain(world: World) -> Any:
    tries = {row["_id"]: row for row in world.tries}
    taken: dict[Any, dict[str, Any]] = defaultdict(dict)
    for session in visits(world):
        context, log = session["context"], tries.get(session["mastery_log_id"])
        if "unit_id" in context and log is not None and log["complete"]:
            tests = taken[session["user_id"], context["course_session_id"], context["unit_id"]]
            kind = log["mastery_criterion"]["test_type"]
            tests[kind] = max(tests.get(kind, log), log, key=lambda each: each["end_timestamp"])
    found = []
    for (user, course, unit), tests in sorted(taken.items()):
        score = {kind: score_of(log, None) for kind, log in tests.items()}
        before, after = score.get("pre"), score.get("post")
        at = {kind: stamp(log["completion_timestamp"]) for kind, log in tests.items()}
        found.append(
            {
                "user_id": user,
                "course_session_id": course,
                "unit_id": unit,
                "pre_score": before,
                "post_score": after,
                "gain": None if None in (before, after) else after - before,
                "pre_timestamp": at.get("pre"),
                "post_timestamp": at.get("post"),
            }
        )
    return found


NAIVE = {
    function.__name__.replace("_", "-"): function
    for function in (
        *(
            daily_activity,
            time_on_task,
            mastery_funnel,
            item_analysis,
            struggling_learners,
            lesson_completion,
            quiz_results,
        ),
        *(improvement, retention, totals, progress, learning_gain),
    )
}


def close(found: Any, expected: Any) -> bool:
    if isinstance(expected, dict):
        return found.keys() == expected.keys() and all(close(found[key], expected[key]) for key in expected)
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(close, found, expected))
    if isinstance(expected, float) or isinstance(found, float):
        return (
            found is not None and expected is not None and abs(found - expected) < 1e-9 and not isinstance(found, str)
        )
    return found == expected


def different(name: str, found: list[Any], expected: list[Any]) -> str:
    """The first difference, in full."""
    pairs = [f"{one}\n{other}" for one, other in zip(found, expected, strict=False) if not close(one, other)]
    return f"{name}: {len(found)} rows, not {len(expected)}; {pairs[0] if pairs else ''}"


def test_every_question_has_a_naive_answer() -> None:
    assert set(NAIVE) == set(questions())


@pytest.mark.engines("embedded", "mongoeco")
async def test_every_report_of_a_period_equals_a_naive_computation(world: World) -> None:
    """Of the middle third, and of the rest of time: what began, ended or was completed at an edge is in one of them."""
    begins = sorted(row["start_timestamp"] for row in world.sessions)
    first, last = begins[len(begins) // 3], begins[2 * len(begins) // 3]
    for since, until in ((first, last), (BEFORE_ALL, first), (last, AFTER_ALL)):
        asked = {"since": since.isoformat()} if since != BEFORE_ALL else {}
        asked |= {"until": until.isoformat()} if until != AFTER_ALL else {}
        for name, naive in NAIVE.items():
            found, expected = await world.report(name, world.admin, **asked), naive(world.within(since, until))
            assert close(found, expected), (asked, different(name, found, expected))


@pytest.mark.engines("mongomock", "embedded", "mongoeco")
async def test_every_report_equals_a_naive_computation(world: World) -> None:
    for name, naive in NAIVE.items():
        if world.api.engine == "mongomock" and name not in MOCKED:
            continue
        found = await world.report(name, world.admin)
        expected = naive(world)
        assert close(found, expected), different(name, found, expected)
        assert found or name == "struggling-learners", name
    if world.api.engine != "mongomock":
        rows = {row["user_id"]: row for row in await world.report("totals", world.admin)}
        statuses = Counter(
            row["user_id"]
            for row in await world.report("progress", world.admin)
            if row["status"] in ("mastered", "finished")
        )
        for learner in world.learners:
            # Less by what has no tries and was started again.
            again = sum(
                row["progress"] < 1 and not row["has_tries"] and row["completion_timestamp"] is not None
                for row in world.summaries
                if row["user_id"] == learner.id
            )
            listed = rows.get(learner.id, {"progress": 0, "contents_completed": 0})
            assert await world.api.total(learner) == listed["progress"] - again
            assert listed["contents_completed"] == statuses[learner.id]


@pytest.mark.engines("embedded", "mongoeco")
async def test_what_summaries_answer_is_what_tries_answer(world: World) -> None:
    for name in (name for name, question in questions().items() if question.ever is not None):
        for narrowed in ({}, {"content": world.exercises[0]}, {"classroom": world.school.places["A1"]}):
            found = await world.report(name, world.admin, **narrowed)
            expected = await world.report(name, world.admin, **narrowed, since="1970-01-01")
            assert close(found, expected), different(name, found, expected)
            assert found or narrowed or name == "struggling-learners"


@pytest.mark.engines("embedded", "mongoeco")
async def test_a_whole_facility_is_its_learners_one_by_one(world: World) -> None:
    for name in questions():
        found = await world.report(name, ROOT, facility=world.school.facility)
        assert close(found, await world.report(name, world.admin)), name


@pytest.mark.engines("embedded")
async def test_a_report_is_limited_to_what_the_caller_may_read(world: World) -> None:
    a1 = {learner.id for learner in world.rooms["A1"]}

    assert {row["user_id"] for row in await world.report("time-on-task", world.coach)} == a1
    assert (
        await world.report(
            "time-on-task", world.admin, classroom=world.school.places["A2"], since="2000-01-01", until="2000-02-01"
        )
        == []
    )
    assert {row["user_id"] for row in await world.report("time-on-task", ROOT, facility=world.school.facility)} == {
        learner.id for learner in world.learners if learner is not world.idle
    }
    for nobody in (ANONYMOUS, world.idle, Person(new_id())):
        await world.api.answer("GET", "/api/reports/totals", nobody, expect=403)
    await world.api.answer("GET", "/api/reports/no-such-report", world.coach, expect=404)
    await world.api.answer("GET", "/api/reports/totals", world.coach, expect=400, params={"since": "yesterday"})
    await world.api.answer("GET", "/api/reports/totals", world.coach, expect=400, params={"classroom": "A1"})


@pytest.mark.engines("embedded", "mongoeco")
async def test_a_period_a_content_and_pages_narrow(world: World) -> None:
    middle = sorted(row["start_timestamp"] for row in world.sessions)[len(world.sessions) // 2]
    before = await world.report("daily-activity", world.admin, until=middle.isoformat())
    after = await world.report("daily-activity", world.admin, since=middle.isoformat())
    assert sum(row["sessions"] for row in (*before, *after)) == len(world.sessions)
    assert sum(row["sessions"] for row in after) == sum(row["start_timestamp"] >= middle for row in world.sessions)

    only = await world.report("time-on-task", world.admin, content=world.video)
    assert {row["content_id"] for row in only} <= {world.video}

    everything = (await world.api.answer("GET", "/api/reports/time-on-task", world.admin))["results"]
    second = await world.api.answer("GET", "/api/reports/time-on-task", world.admin, params={"page": 2, "page_size": 3})
    assert second["results"] == everything[3:6]
    assert second["count"] == len(everything)
    await world.api.answer(
        "GET", "/api/reports/time-on-task", world.admin, expect=404, params={"page": 99, "page_size": 3}
    )


@pytest.mark.engines("embedded")  # mongoeco holds one transaction at a time: the lease's beats come in between
async def test_items_of_a_whole_facility_are_answered_from_the_rollup(own_world: World) -> None:
    def told(done: int, total: int) -> None:
        assert done <= total

    await roll_up(own_world.api.db, told, everything=True)
    rolled = moments.now()

    answer = await own_world.api.answer(
        "GET", "/api/reports/item-analysis", ROOT, params={"facility": own_world.school.facility}
    )
    assert datetime.fromisoformat(answer["as_of"]) >= rolled
    assert close(nameless(answer["results"]), item_analysis(own_world))

    await own_world.study(own_world.rooms["A1"][0], "A2", moments.now() - timedelta(minutes=10))
    again = await own_world.api.answer(
        "GET", "/api/reports/item-analysis", ROOT, params={"facility": own_world.school.facility}
    )
    assert again["results"] == answer["results"]  # as of when that was written
    await own_world.look()
    await roll_up(own_world.api.db, told)
    fresh = await own_world.api.answer(
        "GET", "/api/reports/item-analysis", ROOT, params={"facility": own_world.school.facility}
    )
    assert close(nameless(fresh["results"]), item_analysis(own_world))


@pytest.mark.engines("embedded")  # the form, not the numbers
async def test_csv_has_the_same_numbers_and_no_formula(own_world: World) -> None:
    rows = (await own_world.api.answer("GET", "/api/reports/time-on-task", own_world.admin))["results"]
    answer = await own_world.api.send("GET", "/api/reports/time-on-task", own_world.admin, params={"format": "csv"})

    assert answer.headers["content-type"].startswith("text/csv")
    read = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [float(row["time_spent"]) for row in read] == [row["time_spent"] for row in rows]
    assert [row["first_activity"] for row in read] == [row["first_activity"] for row in rows]
    user = {"id": own_world.idle.id, "username": "=cmd()", "full_name": "+1", "facility_id": own_world.school.facility}
    await own_world.api.roster(ROOT, users=[user])
    quizzes = await own_world.api.send("GET", "/api/reports/quiz-results", own_world.admin, params={"format": "csv"})
    results = csv.DictReader(io.StringIO(quizzes.text.removeprefix("\ufeff")))
    [mine] = [row for row in results if row["user_id"] == own_world.idle.id]
    assert (mine["username"], mine["full_name"]) == ("'=cmd()", "'+1")


@pytest.mark.engines("mongomock", "embedded")
async def test_logs_are_exported_with_kolibris_columns(world: World) -> None:
    for kind, stored in (("sessions", world.sessions), ("summaries", world.summaries)):
        answer = await world.api.send("GET", f"/api/logger/export/{kind}.csv", world.coach)
        rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))

        a1 = {learner.id for learner in world.rooms["A1"]}
        mine = [row for row in stored if row["user_id"] in a1 and row["kind"] != "quiz"]
        assert len(rows) == len(mine)
        assert sorted(row["Time of first interaction"] for row in rows) == sorted(
            stamp(row["start_timestamp"]) for row in mine
        )
        assert {row["Facility name"] for row in rows} == {"A school"}
        assert ("Time of completion" in rows[0]) == (kind == "summaries")
        assert (await world.api.send("GET", f"/api/logger/export/{kind}.csv", world.idle)).status_code == 403
    some = await world.api.send("GET", "/api/logger/export/sessions.csv", world.coach, params={"since": "2999-01-01"})
    assert len(some.text.splitlines()) == 1
