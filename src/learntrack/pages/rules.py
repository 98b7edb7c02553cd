"""When a content needs help, as the facility has set it, in words."""

from typing import Literal

from msgspec import Struct

from learntrack.pages.words import Words
from learntrack.storage.database import Row

WRONG_ANSWERS = 4
"""Kolibri's rule: so many wrong answers of the latest try, hints and errors among them (see docs/reports.md)."""
ANSWERS, RIGHT = 10, 0.5
"""The longer view: so many answers of all tries, fewer than this share of them right."""


class Rule(Struct, frozen=True):
    """By which of the two views of the progress report an exercise needs help, and below which share a finished quiz
    does.
    """

    exercise: Literal["latest_try", "all_tries"] = "latest_try"
    quiz: float = 0.5

    @property
    def column(self) -> str:
        """The column of the progress report that says whether an exercise needs help."""
        return "needs_help" if self.exercise == "latest_try" else "struggling"


def rule_of(facility: Row | None) -> Rule:
    """The rule of a school, as it is stored; the usual one where the school has set none."""
    set_ = facility or {}
    return Rule(set_.get("exercise_needs_help") or "latest_try", set_.get("quiz_needs_help_below", 0.5))


def rule_in_words(rule: Rule, words: Words) -> str:
    """The rule as it stands under the legend."""
    quiz = words.say("A finished quiz needs help below %(share)s.", share=words.percent(rule.quiz))
    if rule.exercise == "latest_try":
        exercise = words.some(
            "An unfinished exercise needs help after %(count)s wrong answer in the latest try; hints count too.",
            "An unfinished exercise needs help after %(count)s wrong answers in the latest try; hints count too.",
            WRONG_ANSWERS,
        )
    else:
        exercise = words.some(
            "An unfinished exercise needs help after %(count)s answer, when fewer than %(share)s are right.",
            "An unfinished exercise needs help after %(count)s answers, when fewer than %(share)s are right.",
            ANSWERS,
            share=words.percent(RIGHT),
        )
    return f"{exercise} {quiz}"
