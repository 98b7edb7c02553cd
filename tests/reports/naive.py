"""The answers of reports, computed the naive way: over plain lists."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from tests.reports.naive_questions import item_analysis, learning_gain, quiz_results, score_of, visits
from tests.reports.world import QUESTIONS, ZONE, World, grouped, stamp


def local_day(moment: datetime, zone: str = ZONE) -> date:
    return moment.astimezone(ZoneInfo(zone)).date()


def completed(world: World, user: str, content: str) -> bool:
    """Whether the learner has ever completed the content."""
    summaries = [row for row in world.summaries if (row["user_id"], row["content_id"]) == (user, content)]
    tries = [row for row in world.tries if (row["user_id"], row["content_id"]) == (user, content)]
    return any(row["progress"] >= 1 or row["completion_timestamp"] for row in summaries) or any(
        row["complete"] for row in tries
    )


def first_completion(world: World, user: str, content: str) -> datetime | None:
    """When the answer to an update said first that the learner has completed the content."""
    theirs = {row["_id"] for row in world.sessions if (row["user_id"], row["content_id"]) == (user, content)}
    return min((moment for session, moment in world.completions if session in theirs), default=None)


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
    latest = max(tries, key=lambda row: (row["end_timestamp"], row["mastery_level"]))
    entries = [entry for attempt in latest["attempts"] for entry in attempt["interaction_history"]]
    return sum(not entry.get("correct") for entry in entries) >= 4


def is_hard(tries: list[Any]) -> bool:
    """Ten attempts or more in these tries at an exercise, fewer than half of them right."""
    attempts = sum(row["attempt_count"] for row in tries)
    return attempts >= 10 and sum(row["correct_sum"] for row in tries) / attempts < 0.5


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
                "struggling": not done and is_hard([row for row in tries if row["mastery_level"] > 0]),
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
