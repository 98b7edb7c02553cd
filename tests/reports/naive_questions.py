"""What happened at questions and in quizzes, computed the naive way: over plain lists."""

from collections import Counter, defaultdict
from math import sqrt
from statistics import NormalDist, correlation, mean
from typing import Any

from tests.reports.world import QUESTIONS, World, grouped, stamp


def visits(world: World) -> list[Any]:
    """The sessions begun in the period."""
    return [row for row in world.sessions if world.has(row["start_timestamp"])]


def latest_answers(tried: Any) -> list[float]:
    """How right the latest answer to each question of a try is."""
    ordered = sorted(tried["attempts"], key=lambda attempt: (attempt["end_timestamp"], attempt["number"]))
    return list({attempt["item"]: attempt["correct"] for attempt in ordered}.values())


def score_of(tried: Any, question_count: int | None) -> float | None:
    answers = latest_answers(tried)
    over = max(question_count or 0, len(answers))
    return sum(answers) / over if over else None


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
