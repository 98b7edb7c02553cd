"""Each report equals a naive computation over a generated school."""

import csv
import io
import random
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import sqrt
from statistics import mean, median
from typing import Any

import pytest

from learntrack.domain import moments
from learntrack.reports.questions import questions
from learntrack.reports.rollups import roll_up
from tests.support import ANONYMOUS, ROOT, Person, School, new_id

MOCKED = {"struggling-learners", "time-on-task", "totals"}
"""What mongomock can answer: no $dateTrunc, $sortArray, $setWindowFields, nor $lookup by an array."""

ITEMS = [f"q{number}" for number in range(4)]
WRONG = ["1/2", "4/3", "7", "=1+1", ""]


class World:
    """A school with three weeks of history, recorded through the API as an offline client would."""

    def __init__(self, school: School) -> None:
        self.school, self.api = school, school.api
        self.chance = random.Random(11)
        self.exercises, self.video = [new_id(), new_id()], new_id()

    async def populate(self) -> "World":
        school = self.school
        self.rooms = {name: [await school.learner(name) for _ in range(3)] for name in ("A1", "A2")}
        self.idle = await school.learner("A1")
        self.coach, self.admin = await school.coach("A1"), await school.coach("facility", "admin")
        self.quiz, self.lesson = await school.quiz("A1"), await school.lesson("A1")
        now = moments.now()
        for room, learners in self.rooms.items():
            for learner in learners:
                for number in range(8):
                    await self.study(
                        learner, room, now - timedelta(days=21 - 2.5 * number, minutes=self.chance.randrange(300))
                    )
        await self.tests_of_units(now)
        self.learners = [*self.rooms["A1"], *self.rooms["A2"], self.idle]
        ids = {learner.id for learner in self.learners}
        self.sessions = [row for row in await self.api.db.find("content_sessions", {}) if row["user_id"] in ids]
        self.summaries = [row for row in await self.api.db.find("content_summaries", {}) if row["user_id"] in ids]
        self.tries = [row for row in await self.api.db.find("mastery_logs", {}) if row["user_id"] in ids]
        return self

    async def study(self, learner: Person, room: str, at: datetime) -> None:
        chance, session = self.chance, new_id()
        kind = chance.choice(["video", "exercise", "exercise", "exercise", "quiz"])
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
        else:
            start = {**ids, "kind": "video", "content_id": self.video, **lesson}
        items = [{"key": new_id(), "occurred_at": at.isoformat(), "session_id": session, "start": start}]
        for number in range(chance.randrange(1, 5)):
            moment = at + timedelta(seconds=40 * (number + 1))
            change: dict[str, Any] = {"time_spent_delta": chance.choice([7.5, 30, 61]), "progress_delta": 0.2}
            if start.get("kind") != "video":
                change["interactions"] = [self.interaction() for _ in range(chance.randrange(1, 4))]
            if chance.random() < 0.25:
                change |= {"progress": 1, "progress_delta": None}
            items.append({"key": new_id(), "occurred_at": moment.isoformat(), "session_id": session, "update": change})
        await self.api.answer("POST", "/api/logger/contentsession/batch", learner, json={"items": items})

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
        ]
        for learner, unit, test, days, handed_in in taken:
            at, session = now - timedelta(days=days), new_id()
            start = {"unit_id": unit, "test_type": test, "course_session_id": course, "repeat": True}
            answers = {"interactions": [self.interaction() for _ in range(5)]} | ({"progress": 1} if handed_in else {})
            items = [
                {"key": new_id(), "occurred_at": moment.isoformat(), "session_id": session} | what
                for moment, what in ((at, {"start": start}), (at + timedelta(minutes=9), {"update": answers}))
            ]
            await self.api.answer("POST", "/api/logger/contentsession/batch", learner, json={"items": items})

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
            "hinted": not right and self.chance.random() < 0.3,
            "error": self.chance.random() < 0.1,
        }

    async def report(self, name: str, by: Person, **params: Any) -> list[dict[str, Any]]:
        answer = await self.api.answer("GET", f"/api/reports/{name}", by, params=params)
        assert answer["report"] == name
        assert [column["name"] for column in answer["columns"]] == list(
            answer["results"][0] if answer["results"] else []
        )[:] or not answer["results"]
        return [{key: value for key, value in row.items() if key not in NAMES} for row in answer["results"]]


NAMES = {"username", "full_name", "lesson", "quiz"}


@pytest.fixture
async def world(school: School) -> World:
    return await World(school).populate()


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def grouped(rows: Any, *key: str) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        found[tuple(row[name] for name in key)].append(row)
    return dict(sorted(found.items()))


# The naive answers, over plain lists


def daily_activity(world: World) -> Any:
    by_day: dict[str, list[Any]] = defaultdict(list)
    for row in world.sessions:
        by_day[row["start_timestamp"].date().isoformat()].append(row)
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
        for (content, user), rows in grouped(world.sessions, "content_id", "user_id").items()
    ]


def mastery_funnel(world: World) -> Any:
    exercises = [row for row in world.tries if row["mastery_level"] > 0]
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
                "mastered": len(minutes),
                "median_tries": median(len(tries) for tries in learners),
                "median_minutes": median(minutes) if minutes else None,
            }
        )
    return found


def item_analysis(world: World) -> Any:
    attempts = [
        {**attempt, "content_id": tried["content_id"], "score": tried["correct_sum"] / tried["attempt_count"]}
        for tried in world.tries
        for attempt in tried["attempts"]
    ]
    found = []
    for (content, item), rows in grouped(attempts, "content_id", "item").items():
        x, y = [row["correct"] for row in rows], [row["score"] for row in rows]
        covariance = mean(a * b for a, b in zip(x, y, strict=True)) - mean(x) * mean(y)
        spread = sqrt(max(0, mean(a * a for a in x) - mean(x) ** 2) * max(0, mean(b * b for b in y) - mean(y) ** 2))
        wrong = Counter(row["simple_answer"] for row in rows if row["correct"] < 1 and row["simple_answer"])
        commonest = sorted(wrong.items(), key=lambda entry: (-entry[1], entry[0]))[:3]
        found.append(
            {
                "content_id": content,
                "item": item,
                "attempts": len(rows),
                "difficulty": mean(x),
                "discrimination": covariance / spread if spread > 1e-9 else None,
                "hint_rate": mean(row["hinted"] for row in rows),
                "error_rate": mean(row["error"] for row in rows),
                "wrong_answers": [{"answer": answer, "attempts": many} for answer, many in commonest],
            }
        )
    return found


def struggling_learners(world: World) -> Any:
    found = []
    for (user, content), rows in grouped(
        [row for row in world.tries if row["mastery_level"] > 0], "user_id", "content_id"
    ).items():
        attempts, correct = sum(row["attempt_count"] for row in rows), sum(row["correct_sum"] for row in rows)
        if attempts >= 10 and correct / attempts < 0.5 and not any(row["complete"] for row in rows):
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
    mine = [row | {"lesson": row["context"]["lesson_id"]} for row in world.sessions if "lesson_id" in row["context"]]
    progress = {row["_id"]: row["progress"] for row in world.summaries}
    members = [learner.id for learner in (*world.rooms["A1"], world.idle)]
    found = []
    for user in sorted(members):
        for content in sorted({row["content_id"] for row in mine}):
            rows = [row for row in mine if row["user_id"] == user and row["content_id"] == content]
            done = progress[rows[0]["summary_id"]] if rows else 0.0
            status = "done" if done >= 1 else "started" if rows else "not started"
            found.append(
                {
                    "lesson_id": world.lesson,
                    "user_id": user,
                    "content_id": content,
                    "status": status,
                    "progress": done,
                    "sessions": len(rows),
                    "time_spent": sum(row["time_spent"] for row in rows),
                }
            )
    return found


def quiz_results(world: World) -> Any:
    found = []
    for user in sorted(learner.id or "" for learner in (*world.rooms["A1"], world.idle)):
        tried = next((row for row in world.tries if row["user_id"] == user and row["content_id"] == world.quiz), None)
        answered = tried["attempt_count"] if tried else 0
        found.append(
            {
                "quiz_id": world.quiz,
                "user_id": user,
                "status": "not started" if tried is None else "finished" if tried["complete"] else "started",
                "answered": answered,
                "correct": tried["correct_sum"] if tried else 0,
                "score": tried["correct_sum"] / answered if tried and answered else None,
                "time_spent": tried["time_spent"] if tried else 0,
                "completion_timestamp": stamp(tried["completion_timestamp"]) if tried and tried["complete"] else None,
            }
        )
    return found


def improvement(world: World) -> Any:
    found = []
    for (user, content), rows in grouped(world.tries, "user_id", "content_id").items():
        ordered = sorted(rows, key=lambda row: row["_id"], reverse=True)
        ordered.sort(key=lambda row: row["end_timestamp"])
        for before, now in pairwise(ordered):
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
    for row in world.sessions:
        day = row["start_timestamp"].date()
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
        tries = sum(row["complete"] for row in world.tries if row["user_id"] == user)
        done = sum(row["progress"] >= 1 and not row["has_tries"] for row in world.summaries if row["user_id"] == user)
        if tries + done:
            found.append({"user_id": user, "finished_tries": tries, "contents_done": done, "progress": tries + done})
    return found


def progress(world: World) -> Any:
    found = []
    for summary in sorted(world.summaries, key=lambda row: (row["user_id"], row["content_id"])):
        tries = [row for row in world.tries if row["summary_id"] == summary["_id"]]
        attempts, correct = sum(row["attempt_count"] for row in tries), sum(row["correct_sum"] for row in tries)
        exercise = any(row["mastery_level"] > 0 for row in tries)
        mastered = summary["progress"] >= 1 or any(row["complete"] for row in tries)
        struggling = exercise and attempts >= 10 and correct / attempts < 0.5
        found.append(
            {
                "user_id": summary["user_id"],
                "content_id": summary["content_id"],
                "kind": summary["kind"],
                "status": "mastered" if mastered else "struggling" if struggling else "started",
                "progress": summary["progress"],
                "time_spent": summary["time_spent"],
                "tries": len(tries),
                "attempts": attempts,
                "correct_share": correct / attempts if attempts else None,
                "last_activity": stamp(summary["end_timestamp"]),
            }
        )
    return found


def learning_gain(world: World) -> Any:
    tries = {row["_id"]: row for row in world.tries}
    taken: dict[Any, dict[str, Any]] = defaultdict(dict)
    for session in world.sessions:
        context, log = session["context"], tries.get(session["mastery_log_id"])
        if "unit_id" in context and log is not None and log["complete"] and log["attempts"]:
            tests = taken[session["user_id"], context["course_session_id"], context["unit_id"]]
            kind = log["mastery_criterion"]["test_type"]
            tests[kind] = max(tests.get(kind, log), log, key=lambda each: each["end_timestamp"])
    found = []
    for (user, course, unit), tests in sorted(taken.items()):
        score = {kind: mean(attempt["correct"] for attempt in log["attempts"]) for kind, log in tests.items()}
        at = {kind: stamp(log["completion_timestamp"]) for kind, log in tests.items()}
        found.append(
            {
                "user_id": user,
                "course_session_id": course,
                "unit_id": unit,
                "pre_score": score.get("pre"),
                "post_score": score.get("post"),
                "gain": score["post"] - score["pre"] if len(score) == 2 else None,
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


def test_every_question_has_a_naive_answer() -> None:
    assert set(NAIVE) == set(questions())


@pytest.mark.engines("mongomock", "embedded", "mongoeco")
async def test_every_report_equals_a_naive_computation(world: World) -> None:
    for name, naive in NAIVE.items():
        if world.api.engine == "mongomock" and name not in MOCKED:
            continue
        found = await world.report(name, world.admin)
        assert close(found, naive(world)), (name, found, naive(world))
        assert found or name == "struggling-learners", name
    if world.api.engine != "mongomock":
        for learner in world.learners:
            listed = [
                row["progress"] for row in await world.report("totals", world.admin) if row["user_id"] == learner.id
            ]
            assert await world.api.total(learner) == (listed[0] if listed else 0)


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


@pytest.mark.engines("embedded", "mongoeco")
async def test_items_of_a_whole_facility_are_answered_from_the_rollup(world: World) -> None:
    def told(done: int, total: int) -> None:
        assert done <= total

    await roll_up(world.api.db, told, everything=True)
    rolled = (await world.api.db.find_one("rollups", {"_id": "item-analysis"}))["as_of"]  # type: ignore[index]

    answer = await world.api.answer(
        "GET", "/api/reports/item-analysis", ROOT, params={"facility": world.school.facility}
    )
    assert datetime.fromisoformat(answer["as_of"]) == rolled
    assert close(answer["results"], item_analysis(world))

    await world.study(world.rooms["A1"][0], "A2", moments.now() - timedelta(minutes=10))
    again = await world.api.answer(
        "GET", "/api/reports/item-analysis", ROOT, params={"facility": world.school.facility}
    )
    assert again["results"] == answer["results"]  # as of then
    ids = {learner.id for learner in world.learners}
    world.tries = [row for row in await world.api.db.find("mastery_logs", {}) if row["user_id"] in ids]
    await roll_up(world.api.db, told)
    fresh = await world.api.answer(
        "GET", "/api/reports/item-analysis", ROOT, params={"facility": world.school.facility}
    )
    assert close(fresh["results"], item_analysis(world))


@pytest.mark.engines("embedded")  # the form, not the numbers
async def test_csv_has_the_same_numbers_and_no_formula(world: World) -> None:
    rows = (await world.api.answer("GET", "/api/reports/time-on-task", world.admin))["results"]
    answer = await world.api.send("GET", "/api/reports/time-on-task", world.admin, params={"format": "csv"})

    assert answer.headers["content-type"].startswith("text/csv")
    read = list(csv.DictReader(io.StringIO(answer.text)))
    assert [float(row["time_spent"]) for row in read] == [row["time_spent"] for row in rows]
    assert [row["first_activity"] for row in read] == [row["first_activity"] for row in rows]
    user = {"id": world.idle.id, "username": "=cmd()", "full_name": "+1", "facility_id": world.school.facility}
    await world.api.roster(ROOT, users=[user])
    quizzes = await world.api.send("GET", "/api/reports/quiz-results", world.admin, params={"format": "csv"})
    [mine] = [row for row in csv.DictReader(io.StringIO(quizzes.text)) if row["user_id"] == world.idle.id]
    assert (mine["username"], mine["full_name"]) == ("'=cmd()", "'+1")


@pytest.mark.engines("mongomock", "embedded")
async def test_logs_are_exported_with_kolibris_columns(world: World) -> None:
    for kind, stored in (("sessions", world.sessions), ("summaries", world.summaries)):
        answer = await world.api.send("GET", f"/api/logger/export/{kind}.csv", world.coach)
        rows = list(csv.DictReader(io.StringIO(answer.text)))

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
