"""Mastery criteria: what a try at an assessment demands, and which kind of try it is."""

import secrets
from collections.abc import Mapping
from typing import Any, Literal, get_args

MasteryModelType = Literal[
    "do_all",
    "num_correct_in_a_row_2",
    "num_correct_in_a_row_3",
    "num_correct_in_a_row_5",
    "num_correct_in_a_row_10",
    "skill_check",
    "m_of_n",
    "quiz",
    "pre_post_test",
]
QUIZ_MODELS: tuple[str, ...] = ("quiz", "pre_post_test")
MASTERY_MODELS: tuple[str, ...] = get_args(MasteryModelType)

ContentKind = Literal["video", "audio", "document", "exercise", "html5", "topic", "slideshow", "h5p", "zim", "quiz"]

Criterion = Mapping[str, Any]

TestType = Literal["pre", "post"]
"""Whether a test is taken before a course's unit or after it."""

TryKind = Literal["exercise", "quiz", "coach_quiz"]
"""Tries of different kinds never mix, though they may be of the same content (contract, POST contentsession)."""

COACH_ASSIGNED_QUIZ: Criterion = {"type": "quiz", "coach_assigned": True}

_DEFAULT_PAST_ATTEMPTS = 10
_IN_A_ROW = "num_correct_in_a_row_"
_LOWEST_LEVEL, _HIGHEST_LEVEL = -(2**31), 2**31 - 1


def unit_test(version: str, test_type: TestType) -> Criterion:
    """The criterion of a try at the pre- or post-test of a course's unit."""
    return {"type": "pre_post_test", "version": version, "test_type": test_type}


def is_quiz(criterion: Criterion) -> bool:
    """Whether tries under this criterion are quiz tries (negative mastery levels), not exercise tries (1, 2, 3…)."""
    return criterion.get("type") in QUIZ_MODELS


def is_coach_assigned(criterion: Criterion) -> bool:
    """Whether a coach gave this quiz, so that a finished try is final."""
    return criterion.get("type") == "quiz" and bool(criterion.get("coach_assigned"))


def try_kind(criterion: Criterion) -> TryKind:
    """Which kind of try this criterion makes."""
    if is_coach_assigned(criterion):
        return "coach_quiz"
    return "quiz" if is_quiz(criterion) else "exercise"


def past_attempts_shown(criterion: Criterion) -> int | None:
    """How many of a try's newest attempts a client needs to decide on mastery; None means all.

    An imported criterion may be of a type, or have an n, that nobody knows here.
    """
    kind = criterion.get("type")
    if is_quiz(criterion):
        return None
    if kind not in MASTERY_MODELS:
        return _DEFAULT_PAST_ATTEMPTS
    if kind == "m_of_n":
        count = criterion.get("n")
        return max(0, int(count)) if isinstance(count, (int, float)) else _DEFAULT_PAST_ATTEMPTS
    if kind.startswith(_IN_A_ROW):
        return int(kind.removeprefix(_IN_A_ROW))
    return _DEFAULT_PAST_ATTEMPTS


def is_quiz_level(level: int) -> bool:
    """Whether a try of this mastery level is a quiz try: what `is_quiz` says of its criterion."""
    return level < 0


def quiz_level() -> int:
    """A random mastery level for a new quiz try, -2^31 to -1.

    Random, so that tries made on devices that cannot see each other do not collide (Kolibri does the same).
    """
    return _LOWEST_LEVEL + secrets.randbelow(2**31)


def next_level(criterion: Criterion, highest: int | None) -> int:
    """The mastery level of a new try, given the highest level of the learner's earlier tries of its kind."""
    return quiz_level() if is_quiz(criterion) else (highest or 0) + 1


def fitting_level(criterion: Criterion, level: int) -> int:
    """The mastery level of a try that was made elsewhere, with the sign that tries under this criterion have.

    Lists and reports tell the kinds of tries by the sign. What Kolibri converted of the quizzes before 0.15 has
    positive levels all the same (`exam_log_migration`).
    """
    size = min(abs(level), _HIGHEST_LEVEL) or 1
    return -size if is_quiz(criterion) else size
